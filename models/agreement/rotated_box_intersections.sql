-- Area of the intersection of every two boxes of a frame that share label and instance, when one of them is rotated.
-- It is the integral along the intersection's border (Green's theorem): of each box's edges the part inside the other
-- box, a straight line cut by four half planes (Cyrus & Beck 1978). Where edges coincide,
-- only the first box's counts, and none where the boxes lie on different sides of it.

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
placed as (

    select
        pairs.review_id_1,
        pairs.review_id_2,
        pairs.label,
        pairs.instance,
        sides.side,
        boxes.x_px - pairs.origin_x as x,
        boxes.y_px - pairs.origin_y as y,
        boxes.width_px * cos(radians(boxes.rotation)) as across_x,
        boxes.width_px * sin(radians(boxes.rotation)) as across_y,
        -boxes.height_px * sin(radians(boxes.rotation)) as down_x,
        boxes.height_px * cos(radians(boxes.rotation)) as down_y
    from pairs
    cross join sides
    inner join boxes
        on
            boxes.review_id = case sides.side when 1 then pairs.review_id_1 else pairs.review_id_2 end
            and boxes.label = pairs.label
            and boxes.instance = pairs.instance

),

-- the four edges in the order of corners, so that the inside lies on the same hand of each
edges as (

    select review_id_1, review_id_2, label, instance, side, 1 as edge, x, y, across_x as dx, across_y as dy
    from placed

    union all

    select
        review_id_1, review_id_2, label, instance, side, 2 as edge,
        x + across_x as x, y + across_y as y, down_x as dx, down_y as dy
    from placed

    union all

    select
        review_id_1, review_id_2, label, instance, side, 3 as edge,
        x + across_x + down_x as x, y + across_y + down_y as y, -across_x as dx, -across_y as dy
    from placed

    union all

    select
        review_id_1, review_id_2, label, instance, side, 4 as edge,
        x + down_x as x, y + down_y as y, -down_x as dx, -down_y as dy
    from placed

),

-- along an edge, x + t dx: depth = distance into the half plane at t = 0, slope = how it changes up to t = 1
cuts as (

    select
        cut.review_id_1,
        cut.review_id_2,
        cut.label,
        cut.instance,
        cut.side,
        cut.edge,
        cut.x,
        cut.y,
        cut.dx,
        cut.dy,
        (border.dx * (cut.y - border.y) - border.dy * (cut.x - border.x))
        / sqrt(border.dx * border.dx + border.dy * border.dy) as depth,
        (border.dx * cut.dy - border.dy * cut.dx)
        / sqrt(border.dx * border.dx + border.dy * border.dy) as slope,
        border.dx * cut.dx + border.dy * cut.dy > 0 as is_same_direction
    from edges as cut
    inner join edges as border
        on
            cut.review_id_1 = border.review_id_1
            and cut.review_id_2 = border.review_id_2
            and cut.label = border.label
            and cut.instance = border.instance
            and cut.side != border.side

),

inside as (

    select
        review_id_1,
        review_id_2,
        label,
        instance,
        x,
        y,
        dx,
        dy,
        greatest(0, max(case when abs(slope) > {{ parallel_px() }} and slope > 0 then -depth / slope end)) as t_in,
        least(1, min(case when abs(slope) > {{ parallel_px() }} and slope < 0 then -depth / slope end)) as t_out,
        bool_or(
            abs(slope) <= {{ parallel_px() }}
            and (
                depth < -{{ parallel_px() }}
                or (depth <= {{ parallel_px() }} and (side = 2 or not is_same_direction))
            )
        ) as is_outside
    from cuts
    group by review_id_1, review_id_2, label, instance, side, edge, x, y, dx, dy

),

areas as (

    select
        review_id_1,
        review_id_2,
        label,
        instance,
        sum(
            case
                when not is_outside and t_out > t_in
                    then try_cast((x * dy - y * dx) * (t_out - t_in) / 2 as decimal(28, 9))
                else 0
            end
        ) as intersection_area
    from inside
    group by review_id_1, review_id_2, label, instance

)

select
    review_id_1,
    review_id_2,
    label,
    instance,
    cast(greatest(intersection_area, 0) as double) as intersection_area
from areas
