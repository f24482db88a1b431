-- For every two reviews of a frame and every box both have: their intersection over union.
-- Upright boxes overlap in a rectangle; rotated ones in a polygon (rotated_box_intersections).

with

boxes as (

    select * from {{ ref('boxes') }}
    where reviewer_count > 1

),

matched as (

    select
        one.place_id,
        one.review_id as review_id_1,
        other.review_id as review_id_2,
        one.label,
        one.instance,
        one.is_rotated or other.is_rotated as is_rotated,
        greatest(one.width_px, 0) * greatest(one.height_px, 0) as area_1,
        greatest(other.width_px, 0) * greatest(other.height_px, 0) as area_2,
        greatest(
            least(one.x_px + one.width_px, other.x_px + other.width_px) - greatest(one.x_px, other.x_px), 0
        ) * greatest(
            least(one.y_px + one.height_px, other.y_px + other.height_px) - greatest(one.y_px, other.y_px), 0
        ) as upright_intersection
    from boxes as one
    inner join boxes as other
        on
            one.place_id = other.place_id
            and one.label = other.label
            and one.instance = other.instance
            and one.review_id < other.review_id

),

rotated_intersections as (

    select * from {{ ref('rotated_box_intersections') }}

),

measured as (

    select
        matched.*,
        case
            when matched.area_1 = 0 or matched.area_2 = 0 then 0
            when matched.is_rotated then rotated_intersections.intersection_area
            else matched.upright_intersection
        end as intersection_area
    from matched
    left join rotated_intersections
        on
            matched.review_id_1 = rotated_intersections.review_id_1
            and matched.review_id_2 = rotated_intersections.review_id_2
            and matched.label = rotated_intersections.label
            and matched.instance = rotated_intersections.instance

),

compared as (

    select
        place_id,
        review_id_1,
        review_id_2,
        label,
        instance,
        {{ rounded('coalesce(intersection_area / nullif(area_1 + area_2 - intersection_area, 0), 0)') }} as iou
    from measured

)

select * from compared
