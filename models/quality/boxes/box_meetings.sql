-- Boxes of two reviews of a frame that are each other's best match, whatever their labels. Rotated boxes take part as
-- the upright rectangle around them: this decides which boxes mean the same thing, not how well they fit.

with

boxes as (

    select * from {{ ref('boxes') }}
    where reviewer_count > 1 and width_px > 0 and height_px > 0

),

corners as (

    select
        *,
        width_px * cos(radians(rotation)) as across_x,
        width_px * sin(radians(rotation)) as across_y,
        -height_px * sin(radians(rotation)) as down_x,
        height_px * cos(radians(rotation)) as down_y
    from boxes

),

upright as (

    select
        place_id,
        review_id,
        label,
        instance,
        x_px + least(across_x, 0) + least(down_x, 0) as x_from,
        x_px + greatest(across_x, 0) + greatest(down_x, 0) as x_to,
        y_px + least(across_y, 0) + least(down_y, 0) as y_from,
        y_px + greatest(across_y, 0) + greatest(down_y, 0) as y_to
    from corners

),

overlapping as (

    select
        one.place_id,
        one.review_id as review_id_1,
        other.review_id as review_id_2,
        one.label as label_1,
        one.instance as instance_1,
        other.label as label_2,
        other.instance as instance_2,
        (one.x_to - one.x_from) * (one.y_to - one.y_from) as area_1,
        (other.x_to - other.x_from) * (other.y_to - other.y_from) as area_2,
        (least(one.x_to, other.x_to) - greatest(one.x_from, other.x_from))
        * (least(one.y_to, other.y_to) - greatest(one.y_from, other.y_from)) as intersection_area
    from upright as one
    inner join upright as other
        on
            one.place_id = other.place_id
            and one.review_id < other.review_id
            and one.x_from < other.x_to
            and other.x_from < one.x_to
            and one.y_from < other.y_to
            and other.y_from < one.y_to

),

measured as (

    select
        *,
        {{ rounded('intersection_area / (area_1 + area_2 - intersection_area)') }} as iou
    from overlapping

),

ranked as (

    select
        *,
        row_number() over (
            partition by review_id_1, review_id_2, label_1, instance_1
            order by iou desc, label_1 = label_2 desc, label_2, instance_2
        ) as rank_1,
        row_number() over (
            partition by review_id_1, review_id_2, label_2, instance_2
            order by iou desc, label_1 = label_2 desc, label_1, instance_1
        ) as rank_2
    from measured
    where iou >= {{ var('confusion_iou') }}

)

select
    place_id,
    review_id_1,
    review_id_2,
    label_1,
    instance_1,
    label_2,
    instance_2,
    iou
from ranked
where rank_1 = 1 and rank_2 = 1
