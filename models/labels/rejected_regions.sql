-- Label regions of ground-truth annotations that are not used, and why. The rest of the annotation stands.

with

timeline_ranges as (

    select * from {{ ref('timeline_ranges') }}

),

image_regions as (

    select * from {{ ref('image_regions') }}

),

rejected as (

    select
        'a' as project,
        task_id,
        annotation_id,
        region_id,
        rejection_reason as reason,
        region_index,
        cast(range_index as integer) as range_index
    from timeline_ranges
    where rejection_reason is not null

    union all

    select
        project,
        task_id,
        annotation_id,
        region_id,
        rejection_reason as reason,
        region_index,
        0 as range_index
    from image_regions
    where rejection_reason is not null

)

select * from rejected
