-- Each pair of reviews twice, once as seen from either review.

with

review_pairs as (

    select * from {{ ref('review_pairs') }}

),

directed as (

    {% for review, other in [('review_id_1', 'review_id_2'), ('review_id_2', 'review_id_1')] %}
    select
        project,
        place_id,
        {{ review }} as review_id,
        {{ other }} as other_review_id,
        disagreement_px,
        box_iou,
        unmatched_points,
        unmatched_boxes,
        tier
    from review_pairs
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from directed
