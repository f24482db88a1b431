-- Every review beside each other review of its frame or video, and in how many cases the two agree. A case is
-- a frame in b and c, agreed when the two are not lo; and in a a segment of either, agreed when the other
-- has one of the same label that overlaps it by half or more.

with

spans as (

    select * from {{ ref('span_matches') }}

),

frame_pairs as (

    select * from {{ ref('directed_review_pairs') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

traits as (

    select * from {{ ref('annotation_traits') }}

),

people as (

    select
        reviews.review_id,
        reviews.project,
        reviews.task_id,
        reviews.annotation_id,
        reviews.annotator_id,
        traits.submitted_at
    from reviews
    inner join traits
        on
            reviews.project = traits.project
            and reviews.task_id = traits.task_id
            and reviews.annotation_id = traits.annotation_id
    where reviews.reviewer_count > 1

),

one_sided as (

    select
        review_id,
        other_review_id,
        label,
        count(*) as segments,
        count(distinct case when iou >= 0.5 then other_start end) as hits
    from spans
    group by review_id, other_review_id, label

),

-- a segment that the other has and this review lacks is a case of this review too
two_sided as (

    select review_id, other_review_id, segments, hits
    from one_sided

    union all

    select other_review_id as review_id, review_id as other_review_id, segments, hits
    from one_sided

),

cases as (

    select
        review_id,
        other_review_id,
        cast(sum(segments) as bigint) as cases,
        cast(sum(hits) as bigint) as agreed
    from two_sided
    group by review_id, other_review_id

    union all

    select
        review_id,
        other_review_id,
        cast(1 as bigint) as cases,
        cast(case when tier != {{ lo_tier() }} then 1 else 0 end as bigint) as agreed
    from frame_pairs

)

select
    people.project,
    cases.review_id,
    cases.other_review_id,
    people.task_id,
    people.annotation_id,
    people.annotator_id,
    people.submitted_at,
    cases.cases,
    cases.agreed
from cases
inner join people on cases.review_id = people.review_id
