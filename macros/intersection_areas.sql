{#- Area that two boxes share, either of them rotated, for each pair that `keys` name. `boxes` has both boxes of a pair as
    side 1 and 2: x, y of the corner, width and height above 0, and rotation about that corner. The last of these CTEs,
    intersection_areas, has keys and intersection_area.
    It is the integral along the intersection's border (Green's theorem): of each box's edges the part inside the other
    box, a straight line cut by four half planes (Cyrus & Beck 1978). Where edges coincide, only the first box's counts,
    and none where the boxes lie on different sides of it. -#}
{% macro intersection_areas(boxes, keys) -%}
{%- set names = keys | join(', ') -%}
    spanned_boxes as (

        select
            {{ names }},
            side,
            x,
            y,
            width * cos(radians(rotation)) as across_x,
            width * sin(radians(rotation)) as across_y,
            -height * sin(radians(rotation)) as down_x,
            height * cos(radians(rotation)) as down_y
        from {{ boxes }}

    ),

    -- the four edges in the order of corners, so that the inside lies on the same hand of each
    box_edges as (

        select {{ names }}, side, 1 as edge, x, y, across_x as dx, across_y as dy
        from spanned_boxes

        union all

        select {{ names }}, side, 2 as edge, x + across_x as x, y + across_y as y, down_x as dx, down_y as dy
        from spanned_boxes

        union all

        select
            {{ names }}, side, 3 as edge,
            x + across_x + down_x as x, y + across_y + down_y as y, -across_x as dx, -across_y as dy
        from spanned_boxes

        union all

        select {{ names }}, side, 4 as edge, x + down_x as x, y + down_y as y, -down_x as dx, -down_y as dy
        from spanned_boxes

    ),

    -- along an edge, x + t dx: depth = distance into the half plane at t = 0, slope = how it changes up to t = 1
    edge_cuts as (

        select
            {%- for key in keys %}
            cut.{{ key }},
            {%- endfor %}
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
        from box_edges as cut
        inner join box_edges as border
            on
                {%- for key in keys %}
                cut.{{ key }} = border.{{ key }} and
                {%- endfor %}
                cut.side != border.side

    ),

    edges_inside as (

        select
            {{ names }},
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
        from edge_cuts
        group by {{ names }}, side, edge, x, y, dx, dy

    ),

    signed_areas as (

        select
            {{ names }},
            sum(
                case
                    when not is_outside and t_out > t_in
                        then try_cast((x * dy - y * dx) * (t_out - t_in) / 2 as decimal(28, 9))
                    else 0
                end
            ) as signed_area
        from edges_inside
        group by {{ names }}

    ),

    intersection_areas as (

        select
            {{ names }},
            cast(greatest(signed_area, 0) as double) as intersection_area
        from signed_areas

    )
{%- endmacro %}
