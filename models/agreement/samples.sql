-- The reviews behind each published sample of a frame, one row per sample and review: every member of a `hi` frame
-- (or all of them behind one averaged sample), the best record of a `med` one, the only review of a `single` one.

with

frame_tiers as (

    select * from {{ ref('frame_tiers') }}

),

members as (

    select
        *,
        row_number() over (
            partition by place_id order by record_px nulls last, annotation_id, task_id
        ) = 1 as has_best_record,
        first_value(review_id) over (
            partition by place_id order by annotation_id, task_id
        ) as first_review_id
    from {{ ref('consensus_members') }}

),

single_reviews as (

    select * from {{ ref('reviews') }}
    where project != 'a' and reviewer_count = 1

),

chosen as (

    select
        place_id,
        review_id as sample_id,
        review_id,
        false as is_medoid,
        false as is_averaged
    from single_reviews

    union all

    select
        members.place_id,
        members.review_id as sample_id,
        members.review_id,
        members.is_medoid,
        false as is_averaged
    from members
    inner join frame_tiers on members.place_id = frame_tiers.place_id
    where frame_tiers.quality_tier = 'med' and members.has_best_record

    union all

    select
        members.place_id,
        {{ 'members.first_review_id' if var('hi_samples') == 'average' else 'members.review_id' }} as sample_id,
        members.review_id,
        members.is_medoid,
        {{ var('hi_samples') == 'average' }} as is_averaged
    from members
    inner join frame_tiers on members.place_id = frame_tiers.place_id
    where frame_tiers.quality_tier = 'hi'

)

select * from chosen
