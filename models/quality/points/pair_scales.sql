-- How large what two reviews of a frame show is, square px: distances in px mean more on a small hand than on a large
-- one. `keypoint_scale: box` takes the largest box of the frame, the mean of both reviews' largest; where neither drew
-- one, or with `points`, the extent of the points of each review, again the mean of both.

with

reviews as (

    select place_id, review_id
    from {{ ref('reviews') }}
    where project != 'a' and reviewer_count > 1

),

largest_boxes as (

    select
        review_id,
        max(width_px * height_px) as area_px2
    from {{ ref('boxes') }}
    where reviewer_count > 1 and width_px > 0 and height_px > 0
    group by review_id

),

extents as (

    select
        review_id,
        (max(x_px) - min(x_px)) * (max(y_px) - min(y_px)) as area_px2
    from {{ ref('keypoints') }}
    where reviewer_count > 1
    group by review_id

),

sized as (

    select
        reviews.place_id,
        reviews.review_id,
        largest_boxes.area_px2 as box_px2,
        extents.area_px2 as extent_px2
    from reviews
    left join largest_boxes on reviews.review_id = largest_boxes.review_id
    left join extents on reviews.review_id = extents.review_id

),

paired as (

    select
        one.place_id,
        one.review_id as review_id_1,
        other.review_id as review_id_2,
        (coalesce(one.box_px2, other.box_px2) + coalesce(other.box_px2, one.box_px2)) / 2 as box_px2,
        (coalesce(one.extent_px2, other.extent_px2) + coalesce(other.extent_px2, one.extent_px2)) / 2 as extent_px2
    from sized as one
    inner join sized as other on one.place_id = other.place_id and one.review_id < other.review_id

),

scaled as (

    select
        place_id,
        review_id_1,
        review_id_2,
        {% if var('keypoint_scale') == 'box' -%}
        coalesce(box_px2, nullif(extent_px2, 0)) as area_px2,
        case
            when box_px2 is not null then 'box'
            when extent_px2 > 0 then 'points'
        end as scale_source
        {%- else -%}
        nullif(extent_px2, 0) as area_px2,
        case when extent_px2 > 0 then 'points' end as scale_source
        {%- endif %}
    from paired

)

select * from scaled
