-- Every two reviews of the same frame with their people, the person with the lower id first, and how they compare.

with

pairs as (

    select * from {{ ref('review_pairs') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

named as (

    select
        pairs.project,
        one.episode_key,
        one.view,
        one.frame_idx,
        pairs.place_id,
        pairs.review_id_1,
        pairs.review_id_2,
        -- a deleted account has no id and comes last
        coalesce(least(one.annotator_id, other.annotator_id), one.annotator_id, other.annotator_id) as annotator_id_1,
        case
            when one.annotator_id is not null and other.annotator_id is not null
                then greatest(one.annotator_id, other.annotator_id)
        end as annotator_id_2,
        pairs.matched_points,
        pairs.unmatched_points,
        pairs.disagreement_px,
        pairs.tier
    from pairs
    inner join reviews as one on pairs.review_id_1 = one.review_id
    inner join reviews as other on pairs.review_id_2 = other.review_id

)

select * from named
