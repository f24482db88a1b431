-- Every point that two reviews of a frame both have, and how far apart they put it.

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
        one.label,
        one.instance,
        {{ rounded('sqrt((one.x_px - other.x_px) * (one.x_px - other.x_px)'
            ~ ' + (one.y_px - other.y_px) * (one.y_px - other.y_px))') }} as distance_px
    from keypoints as one
    inner join keypoints as other
        on
            one.place_id = other.place_id
            and one.label = other.label
            and one.instance = other.instance
            and one.review_id < other.review_id

)

select * from distances
