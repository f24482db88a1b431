-- Area of the intersection of every two boxes of a frame that share label and instance, when one of them is rotated.

with

boxes as (

    select * from {{ ref('boxes') }}
    where reviewer_count > 1 and width_px > 0 and height_px > 0

),

pairs as (

    select
        one.review_id as review_id_1,
        other.review_id as review_id_2,
        one.label,
        one.instance,
        one.x_px as origin_x,
        one.y_px as origin_y
    from boxes as one
    inner join boxes as other
        on
            one.place_id = other.place_id
            and one.label = other.label
            and one.instance = other.instance
            and one.review_id < other.review_id
    where one.is_rotated or other.is_rotated

),

sides as (

    select 1 as side
    union all
    select 2 as side

),

-- coordinates relative to the first box's corner: areas do not lose digits far from the image's origin
sides_of_pairs as (

    select
        pairs.review_id_1,
        pairs.review_id_2,
        pairs.label,
        pairs.instance,
        sides.side,
        boxes.x_px - pairs.origin_x as x,
        boxes.y_px - pairs.origin_y as y,
        boxes.width_px as width,
        boxes.height_px as height,
        boxes.rotation
    from pairs
    cross join sides
    inner join boxes
        on
            boxes.review_id = case sides.side when 1 then pairs.review_id_1 else pairs.review_id_2 end
            and boxes.label = pairs.label
            and boxes.instance = pairs.instance

),

{{ intersection_areas('sides_of_pairs', ['review_id_1', 'review_id_2', 'label', 'instance']) }}

select
    review_id_1,
    review_id_2,
    label,
    instance,
    intersection_area
from intersection_areas
