-- For every two reviews of a frame with a point in common: how far apart the points both have are.

with

keypoints as (

    select * from {{ ref('keypoints') }}
    where reviewer_count > 1

),

distances as (

    select
        one.place_id,
        one.review_id as review_id_1,
        other.review_id as review_id_2,
        sqrt(
            (one.x_px - other.x_px) * (one.x_px - other.x_px)
            + (one.y_px - other.y_px) * (one.y_px - other.y_px)
        ) as distance_px
    from keypoints as one
    inner join keypoints as other
        on
            one.place_id = other.place_id
            and one.label = other.label
            and one.instance = other.instance
            and one.review_id < other.review_id

),

summarised as (

    select
        place_id,
        review_id_1,
        review_id_2,
        count(*) as matched_points,
        {{ rounded(disagreement_statistic('distance_px')) }} as disagreement_px
    from distances
    group by place_id, review_id_1, review_id_2

)

select * from summarised
