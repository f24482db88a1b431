{#- Rules and constants that several models share. -#}

{#- A var as a SQL literal, or null. -#}
{% macro literal_or_null(value) %}{{ 'null' if value is none else value }}{% endmacro %}

{#- Region types that carry the labels of a project: timelines in A, points and boxes in B and C. -#}
{% macro is_label_region(project, region_type) -%}
    (({{ project }} = 'a' and {{ region_type }} = 'timelinelabels')
    or ({{ project }} != 'a' and {{ region_type }} in ('keypointlabels', 'rectanglelabels')))
{%- endmacro %}

{#- Media path without the 8-hex prefix Label Studio puts before the name of an uploaded file. -#}
{% macro without_upload_prefix(path) -%}
    regexp_replace({{ path }}, '^((.*/)?data/upload/(.*/)?)[0-9a-f]{8}-([^/]+)$', '\1\4')
{%- endmacro %}

{#- Values of an annotation and of its prediction that close are the same value. -#}
{% macro same_value_tolerance() %}1e-6{% endmacro %}

{% macro is_same_value(one, other) -%}
    (abs({{ one }} - {{ other }}) <= {{ same_value_tolerance() }} or ({{ one }} is null and {{ other }} is null))
{%- endmacro %}

{#- The label regions of the annotations in `compared`, reduced to what makes two regions the same. Regions that
    share an id within one annotation are told apart by their occurrence. -#}
{% macro comparable_regions(relation) -%}
    select
        regions.project,
        regions.task_id,
        regions.annotation_id,
        coalesce(regions.region_id, '') as region_id,
        row_number() over (
            partition by
                regions.project, regions.task_id, regions.annotation_id, coalesce(regions.region_id, '')
            order by regions.region_index
        ) as occurrence,
        regions.region_type,
        {{ sorted_list('regions.labels') }} as labels,
        regions.ranges,
        case when regions.region_type != 'timelinelabels' then regions.x end as x,
        case when regions.region_type != 'timelinelabels' then regions.y end as y,
        case when regions.region_type = 'rectanglelabels' then regions.width end as width,
        case when regions.region_type = 'rectanglelabels' then regions.height end as height,
        case when regions.region_type = 'rectanglelabels' then regions.rotation end as rotation
    from {{ relation }} as regions
    inner join compared
        on
            regions.project = compared.project
            and regions.task_id = compared.task_id
            and regions.annotation_id = compared.annotation_id
    where {{ is_label_region('regions.project', 'regions.region_type') }}
{%- endmacro %}

{#- A distance in px or an IoU, rounded once so that float noise decides no threshold: 5 px comes out of percent as
    5.00000000000009. Decimal, so that sums of it are exact whatever their order; null beyond any image. -#}
{% macro rounded(value) %}try_cast(round({{ value }}, 6) as decimal(18, 6)){% endmacro %}

{#- Tiers as numbers, worst highest, so that the worst of several is their maximum. -#}
{% macro hi_tier() %}0{% endmacro %}
{% macro med_tier() %}1{% endmacro %}
{% macro lo_tier() %}2{% endmacro %}

{% macro tier_name(tier) -%}
    case {{ tier }} when {{ hi_tier() }} then 'hi' when {{ med_tier() }} then 'med' when {{ lo_tier() }} then 'lo' end
{%- endmacro %}

{#- Percent a box may stick out of its image through float noise. -#}
{% macro bounds_slack() %}1e-6{% endmacro %}

{#- px (along the length of an edge) within which two edges are parallel, and on one line. -#}
{% macro parallel_px() %}1e-9{% endmacro %}

{#- What a review without a point in common counts in the medoid's sum of distances. -#}
{% macro no_common_point_px() %}cast(1e6 as decimal(18, 6)){% endmacro %}

{#- Mean of a group: summed as decimals, so that the order of the rows is no matter. -#}
{% macro exact_mean(value) %}cast(sum(try_cast({{ value }} as decimal(28, 12))) as double) / count(*){% endmacro %}

{#- The var disagreement_statistic over the distances of a pair. -#}
{% macro disagreement_statistic(distance) -%}
    {%- if var('disagreement_statistic') == 'mean' -%}
        {{ exact_mean(distance) }}
    {%- else -%}
        {{ var('disagreement_statistic') }}({{ distance }})
    {%- endif -%}
{%- endmacro %}

{#- A segment as a struct whose greatest is the heaviest segment, then the one that starts, then ends, earliest. -#}
{% macro segment_with_weight() -%}
    {{ make_struct([['weight', 'weight'], ['minus_start', '-segment_start'], ['minus_end', '-segment_end']]) }}
{%- endmacro %}

{% macro heaviest_segment() %}max({{ segment_with_weight() }}){% endmacro %}

{#- The bounds of a segment as a struct that orders segments by start, then end. -#}
{% macro segment_bounds() -%}
    {{ make_struct([['segment_start', 'segment_start'], ['segment_end', 'segment_end']]) }}
{%- endmacro %}

{#- The weights that a segment of a pair has on the frames of the stretch, from the list of all its weights. -#}
{% macro weights_on_stretch(segment) -%}
    {{ sublist(
        'ramp_of_' ~ segment ~ '.weights',
        'paired.stretch_start - paired.' ~ segment ~ '.segment_start + 1',
        'paired.stretch_end - paired.' ~ segment ~ '.segment_start + 1'
    ) }}
{%- endmacro %}

{#- A weight as a decimal, so that a sum does not depend on the order of the reviewers. -#}
{% macro exact_weight(weight) %}cast({{ weight }} as decimal(16, 15)){% endmacro %}

{#- The weight of a label on a frame as published: the mean over all reviewers of the video. -#}
{% macro frame_weight() %}round(frame_weights.weight_sum / stretch_labels.reviewer_count, 6){% endmacro %}

{#- Distance of two points, px. -#}
{% macro distance_px(one, other) -%}
    sqrt(
        ({{ one }}.x_px - {{ other }}.x_px) * ({{ one }}.x_px - {{ other }}.x_px)
        + ({{ one }}.y_px - {{ other }}.y_px) * ({{ one }}.y_px - {{ other }}.y_px)
    )
{%- endmacro %}

{#- Conditions on place_id that part all places into ranges; the last one holds whatever is left. -#}
{% macro place_ranges() %}
    {%- set places, ranges = 100000, 16 -%}
    {%- set conditions = [] -%}
    {%- for number in range(ranges - 1) -%}
        {%- do conditions.append('between ' ~ number * places ~ ' and ' ~ ((number + 1) * places - 1)) -%}
    {%- endfor -%}
    {{ return(conditions + ['>= ' ~ (ranges - 1) * places]) }}
{% endmacro %}
