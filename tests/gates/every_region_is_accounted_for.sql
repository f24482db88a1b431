-- Conservation: of every independent review, the staged regions are those used, those rejected, and those ignored
-- because their type is no label of the project. A timeline region of which some range is used is used.

with

reviews as (

    select * from {{ ref('reviews') }}

),

staged as (

    select
        reviews.review_id,
        count(*) as staged_regions,
        count(*) filter (
            where not {{ is_label_region('regions.project', 'coalesce(regions.region_type, \'\')') }}
        ) as ignored_regions
    from {{ source('label_studio', 'regions') }} as regions
    inner join reviews
        on
            regions.project = reviews.project
            and regions.task_id = reviews.task_id
            and regions.annotation_id = reviews.annotation_id
    group by reviews.review_id

),

used as (

    select review_id, count(*) as used_regions
    from {{ ref('keypoints') }}
    group by review_id

    union all

    select review_id, count(*) as used_regions
    from {{ ref('boxes') }}
    group by review_id

    union all

    select review_id, count(distinct region_index) as used_regions
    from {{ ref('timeline_ranges') }}
    where rejection_reason is null
    group by review_id

),

rejected as (

    select
        reviews.review_id,
        count(distinct rejected_regions.region_index) as rejected_regions
    from {{ ref('rejected_regions') }} as rejected_regions
    inner join reviews
        on
            rejected_regions.project = reviews.project
            and rejected_regions.task_id = reviews.task_id
            and rejected_regions.annotation_id = reviews.annotation_id
    left join {{ ref('timeline_ranges') }} as used_ranges
        on
            reviews.review_id = used_ranges.review_id
            and rejected_regions.region_index = used_ranges.region_index
            and used_ranges.rejection_reason is null
    where used_ranges.review_id is null
    group by reviews.review_id

),

used_counts as (

    select review_id, sum(used_regions) as used_regions
    from used
    group by review_id

),

balanced as (

    select
        reviews.project,
        reviews.task_id,
        reviews.annotation_id,
        coalesce(staged.staged_regions, 0) as staged_regions,
        coalesce(staged.ignored_regions, 0) as ignored_regions,
        coalesce(used_counts.used_regions, 0) as used_regions,
        coalesce(rejected.rejected_regions, 0) as rejected_regions
    from reviews
    left join staged on reviews.review_id = staged.review_id
    left join used_counts on reviews.review_id = used_counts.review_id
    left join rejected on reviews.review_id = rejected.review_id

)

select * from balanced
where staged_regions != used_regions + rejected_regions + ignored_regions
