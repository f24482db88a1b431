-- Each review of a frame with several: its summed distance to the others, its reviewer's record, and whether it is the
-- frame's medoid, the review closest to all others.

with

pairs as (

    select * from {{ ref('directed_review_pairs') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

records as (

    select * from {{ ref('reviewer_records') }}

),

summed as (

    select
        review_id,
        sum(coalesce(disagreement_px, {{ no_common_point_px() }})) as summed_distance_px
    from pairs
    group by review_id

),

recorded as (

    select
        reviews.place_id,
        reviews.review_id,
        reviews.task_id,
        reviews.annotation_id,
        reviews.reviewer_count,
        summed.summed_distance_px,
        records.record_px
    from reviews
    inner join summed on reviews.review_id = summed.review_id
    left join records
        on
            reviews.project = records.project
            and (
                reviews.annotator_id = records.annotator_id
                or reviews.review_id = records.anonymous_review_id
            )

),

ranked as (

    select
        *,
        row_number() over (
            partition by place_id
            order by summed_distance_px, record_px nulls last, annotation_id, task_id
        ) = 1 as is_medoid
    from recorded

)

select * from ranked
