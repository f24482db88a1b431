-- Every two reviews of the same frame: how far apart they are, in points and boxes, and the tier that earns.

with

reviews as (

    select * from {{ ref('reviews') }}
    where project != 'a' and reviewer_count > 1

),

region_counts as (

    select * from {{ ref('region_counts') }}

),

keypoint_pairs as (

    select * from {{ ref('keypoint_pairs') }}

),

box_pairs as (

    select
        review_id_1,
        review_id_2,
        count(*) as matched_boxes,
        min(iou) as box_iou
    from {{ ref('matched_boxes') }}
    group by review_id_1, review_id_2

),

counted as (

    select
        reviews.review_id,
        reviews.place_id,
        reviews.project,
        coalesce(region_counts.points, 0) as points,
        coalesce(region_counts.boxes, 0) as boxes
    from reviews
    left join region_counts on reviews.review_id = region_counts.review_id

),

compared as (

    select
        one.project,
        one.place_id,
        one.review_id as review_id_1,
        other.review_id as review_id_2,
        one.points + other.points > 0 as has_points,
        coalesce(keypoint_pairs.matched_points, 0) as matched_points,
        one.points + other.points - 2 * coalesce(keypoint_pairs.matched_points, 0) as unmatched_points,
        one.boxes + other.boxes - 2 * coalesce(box_pairs.matched_boxes, 0) as unmatched_boxes,
        case
            when one.points + other.points = 0 then 0
            else keypoint_pairs.disagreement_px
        end as disagreement_px,
        {%- if var('tier_basis') != 'px' %}
        pair_scores.relative_disagreement,
        pair_scores.oks,
        {%- endif %}
        box_pairs.box_iou
    from counted as one
    inner join counted as other
        on one.place_id = other.place_id and one.review_id < other.review_id
    left join keypoint_pairs
        on
            one.review_id = keypoint_pairs.review_id_1
            and other.review_id = keypoint_pairs.review_id_2
    left join box_pairs
        on
            one.review_id = box_pairs.review_id_1
            and other.review_id = box_pairs.review_id_2
    {%- if var('tier_basis') != 'px' %}
    left join {{ ref('keypoint_pair_scores') }} as pair_scores
        on
            one.review_id = pair_scores.review_id_1
            and other.review_id = pair_scores.review_id_2
    {%- endif %}

),

graded as (

    select
        *,
        {{ tier_of_points(var('tier_basis')) }} as point_tier,
        case
            when box_iou < {{ var('lo_iou') }} then {{ lo_tier() }}
            when box_iou < {{ var('hi_iou') }} then {{ med_tier() }}
            else {{ hi_tier() }}
        end as box_tier,
        case when unmatched_points > 0 then {{ med_tier() }} else {{ hi_tier() }} end as unmatched_point_tier,
        case when unmatched_boxes > 0 then {{ med_tier() }} else {{ hi_tier() }} end as unmatched_box_tier
    from compared

),

worst as (

    select
        *,
        greatest(
            point_tier,
            unmatched_point_tier
            {%- if var('box_tiers') %},
            box_tier,
            unmatched_box_tier
            {%- endif %}
        ) as tier
    from graded

)

select * from worst
