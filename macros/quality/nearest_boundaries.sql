{#- Boundaries of two reviews of a video that are each other's nearest, at most so many frames apart; with
    `same_change` only those from and to the same labels meet. One-to-one; of equally near ones the earlier is nearer. -#}
{% macro nearest_boundaries(window, same_change) -%}
    select
        place_id,
        review_id_1,
        review_id_2,
        boundary_frame_1,
        from_label,
        to_label,
        frames_apart
    from (
        select
            pairs.place_id,
            pairs.review_id_1,
            pairs.review_id_2,
            one.boundary_frame as boundary_frame_1,
            one.from_label,
            one.to_label,
            abs(one.boundary_frame - other.boundary_frame) as frames_apart,
            row_number() over (
                partition by pairs.review_id_1, pairs.review_id_2, one.boundary_frame
                order by abs(one.boundary_frame - other.boundary_frame), other.boundary_frame
            ) as rank_1,
            row_number() over (
                partition by pairs.review_id_1, pairs.review_id_2, other.boundary_frame
                order by abs(one.boundary_frame - other.boundary_frame), one.boundary_frame
            ) as rank_2
        from pairs
        inner join boundaries as one on pairs.review_id_1 = one.review_id
        inner join boundaries as other
            on
                pairs.review_id_2 = other.review_id
                and other.boundary_frame between one.boundary_frame - {{ window }}
                and one.boundary_frame + {{ window }}
                {%- if same_change %}
                and one.from_label = other.from_label
                and one.to_label = other.to_label
                {%- endif %}
    ) as candidates
    where rank_1 = 1 and rank_2 = 1
{%- endmacro %}
