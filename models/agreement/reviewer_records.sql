-- How far each reviewer of a project usually is from the others: the median over all pairs they are in; smaller is
-- better. Every review of a deleted account is a reviewer of its own.

with

pairs as (

    select * from {{ ref('directed_review_pairs') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

records as (

    select
        reviews.project,
        reviews.annotator_id,
        case when reviews.annotator_id is null then reviews.review_id end as anonymous_review_id,
        cast(count(pairs.disagreement_px) as bigint) as pair_count,
        -- exact: the mean of two 6-digit decimals has 7 digits
        cast(median(cast(pairs.disagreement_px as decimal(18, 7))) as decimal(18, 7)) as record_px
    from pairs
    inner join reviews on pairs.review_id = reviews.review_id
    group by reviews.project, reviews.annotator_id, anonymous_review_id

)

select * from records
