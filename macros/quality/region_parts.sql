{#- The label regions of the annotations in `compared`, one row per point and box and one per range of a timeline region,
    with what a correction can change. Regions that share an id within one annotation are told apart by occurrence. -#}
{% macro region_parts(relation) -%}
    select
        regions.project,
        regions.task_id,
        regions.annotation_id,
        regions.region_id,
        regions.region_index,
        regions.occurrence,
        range_index,
        regions.region_type,
        regions.label,
        regions.x,
        regions.y,
        regions.width,
        regions.height,
        regions.rotation,
        regions.original_width,
        regions.original_height,
        regions.listed_ranges[range_index + 1]."start" as start_frame,
        coalesce(
            regions.listed_ranges[range_index + 1]."end", regions.listed_ranges[range_index + 1]."start"
        ) as end_frame
    from (
        select
            regions.*,
            {{ join_texts(sorted_list('regions.labels'), "' + '") }} as label,
            case
                when regions.region_type != 'timelinelabels' or len(regions.ranges) = 0
                    then cast([null] as {{ bound_type() }}[])
                else regions.ranges
            end as listed_ranges,
            row_number() over (
                partition by
                    regions.project, regions.task_id, regions.annotation_id, coalesce(regions.region_id, '')
                order by regions.region_index
            ) as occurrence
        from {{ relation }} as regions
        inner join compared
            on
                regions.project = compared.project
                and regions.task_id = compared.task_id
                and regions.annotation_id = compared.annotation_id
        where {{ is_label_region('regions.project', 'regions.region_type') }}
    ) as regions
    {{ explode(integer_series(0, 'len(regions.listed_ranges) - 1'), 'positions', 'range_index') }}
{%- endmacro %}

{#- Type of a timeline region's range, as staged. -#}
{% macro bound_type() %}struct("start" bigint, "end" bigint){% endmacro %}
