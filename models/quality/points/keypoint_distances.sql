-- Every point that two reviews of a frame both have, and how far apart they put it.

with

distances as (

    select
        one.place_id,
        one.review_id as review_id_1,
        other.review_id as review_id_2,
        one.label,
        one.instance,
        {{ rounded(distance_px('one', 'other')) }} as distance_px
    from {{ ref('keypoints') }} as one
    inner join {{ ref('keypoints') }} as other
        on
            one.place_id = other.place_id
            and one.point_id = other.point_id
            and one.review_id < other.review_id
    where one.review_number < one.reviewer_count and other.review_number > 1

)

select * from distances
