-- Every two reviews of the same video, the person with the lower id first. A deleted account has no id and comes last.

with

reviews as (

    select * from {{ ref('reviews') }}
    where project = 'a' and reviewer_count > 1

),

pairs as (

    select
        one.place_id,
        one.project,
        one.episode_key,
        one.review_id as review_id_1,
        other.review_id as review_id_2,
        one.annotator_id as annotator_id_1,
        other.annotator_id as annotator_id_2
    from reviews as one
    inner join reviews as other
        on
            one.place_id = other.place_id
            and one.review_id != other.review_id
            and (
                one.annotator_id < other.annotator_id
                or (one.annotator_id is not null and other.annotator_id is null)
                or (one.annotator_id is null and other.annotator_id is null and one.review_id < other.review_id)
            )

)

select * from pairs
