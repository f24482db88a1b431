-- Every range of every timeline region of a ground-truth annotation, with the rules it may break.
-- Source frames are 0-based and inclusive; Label Studio counts from timeline_frame_base.

{% set bound_type = 'struct("start" bigint, "end" bigint)' %}

with

annotations as (

    select * from {{ ref('ground_truth_annotations') }}
    where project = 'a'

),

regions as (

    select
        *,
        -- a region without ranges still is one rejected row
        case when len(ranges) = 0 then cast([null] as {{ bound_type }}[]) else ranges end as listed_ranges
    from {{ source('label_studio', 'regions') }}
    where project = 'a' and region_type = 'timelinelabels'

),

bounds as (

    select
        annotations.review_id,
        annotations.place_id,
        annotations.task_id,
        annotations.annotation_id,
        regions.region_id,
        regions.region_index,
        range_index,
        regions.labels,
        regions.listed_ranges[range_index + 1]."start" - {{ var('timeline_frame_base') }} as start_frame,
        coalesce(
            regions.listed_ranges[range_index + 1]."end", regions.listed_ranges[range_index + 1]."start"
        ) - {{ var('timeline_frame_base') }} as end_frame,
        coalesce(annotations.n_frames, {{ var('max_frames') }}) - 1 as last_frame
    from regions
    inner join annotations
        on
            regions.task_id = annotations.task_id
            and regions.annotation_id = annotations.annotation_id
    {{ explode(integer_series(0, 'len(regions.listed_ranges) - 1'), 'positions', 'range_index') }}

),

rules as (

    select
        *,
        len(labels) = 0 as has_no_label,
        start_frame is null as has_no_start,
        coalesce(end_frame < start_frame, false) as is_reversed,
        coalesce(end_frame < 0 or start_frame > last_frame, false) as is_out_of_bounds,
        coalesce(start_frame < 0 or end_frame > last_frame, false) as is_clipped
    from bounds

),

judged as (

    select
        *,
        case
            when has_no_label then 'no_label'
            when has_no_start then 'no_start'
            when is_reversed then 'reversed_range'
            when is_out_of_bounds then 'out_of_bounds'
        end as rejection_reason
    from rules

)

select * from judged
