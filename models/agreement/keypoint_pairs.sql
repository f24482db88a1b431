-- For every two reviews of a frame with a point in common: how far apart the points both have are. One range of places
-- after another, so that the points to be looked up are few enough to lie close at hand.

with

summarised as (

    {% for place_range in place_ranges() %}
    select
        one.place_id,
        one.review_id as review_id_1,
        other.review_id as review_id_2,
        count(*) as matched_points,
        {{ rounded(disagreement_statistic(distance_px('one', 'other'))) }} as disagreement_px
    from {{ ref('keypoints') }} as one
    inner join {{ ref('keypoints') }} as other
        on
            one.place_id = other.place_id
            and one.point_id = other.point_id
            and one.review_id < other.review_id
    where
        one.place_id {{ place_range }}
        and other.place_id {{ place_range }}
        -- the last review of a place is never the first of two, nor the first the other
        and one.review_number < one.reviewer_count
        and other.review_number > 1
    group by one.place_id, one.review_id, other.review_id
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from summarised
