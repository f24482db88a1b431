-- The reviews that agree with their frame's medoid, itself included, where they are a strict majority.

with

standings as (

    select * from {{ ref('review_standings') }}

),

pairs as (

    select * from {{ ref('directed_review_pairs') }}

),

medoids as (

    select * from standings
    where is_medoid

),

agreeing as (

    select
        standings.place_id,
        standings.review_id,
        standings.task_id,
        standings.annotation_id,
        standings.reviewer_count,
        standings.record_px,
        standings.is_medoid,
        pairs.disagreement_px,
        pairs.box_iou,
        pairs.unmatched_points,
        pairs.unmatched_boxes,
        pairs.tier,
        count(*) over (partition by standings.place_id) as member_count
    from standings
    inner join medoids on standings.place_id = medoids.place_id
    left join pairs
        on
            medoids.review_id = pairs.review_id
            and standings.review_id = pairs.other_review_id
    where standings.is_medoid or pairs.tier != {{ lo_tier() }}

),

members as (

    select * from agreeing
    where member_count * 2 > reviewer_count

)

select * from members
