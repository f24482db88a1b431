-- Every point that two reviewers put hi_px or further apart, or that only one of them has, and the likeliest cause:
--   missing_in_one       the other review does not have the point
--   left_right_swap      each put it where the other put its mirror image: left_wrist, right_wrist
--   swapped_neighbours   the same with another point of the same instance: two joints of a finger
--   outlier_reviewer     the frame's majority agrees and one of the two is outside
--   jitter               up to lo_px
--   misplaced            further, and none of the above
-- A swap must cut both distances to swap_ratio of what they are. The first cause that fits is told.

with

distances as (

    select * from {{ ref('keypoint_distances') }}
    where distance_px >= {{ var('hi_px') }}

),

keypoints as (

    select * from {{ ref('keypoints') }}
    where reviewer_count > 1

),

pairs as (

    select * from {{ ref('annotator_pairs') }}

),

members as (

    select * from {{ ref('consensus_members') }}

),

agreeing_frames as (

    select distinct place_id
    from members

),

reviews as (

    select * from {{ ref('reviews') }}

),

placed as (

    select
        distances.*,
        one.x_px as x_1,
        one.y_px as y_1,
        other.x_px as x_2,
        other.y_px as y_2
    from distances
    inner join keypoints as one
        on
            distances.review_id_1 = one.review_id
            and distances.label = one.label
            and distances.instance = one.instance
    inner join keypoints as other
        on
            distances.review_id_2 = other.review_id
            and distances.label = other.label
            and distances.instance = other.instance

),

crossed as (

    select
        point.review_id_1,
        point.review_id_2,
        point.label,
        point.instance,
        partner.label as partner_label,
        partner.label = {{ mirrored('point.label') }}
        and partner.instance = {{ mirrored('point.instance') }} as is_mirror_image,
        partner.instance = point.instance as is_same_instance,
        sqrt(
            (point.x_1 - partner.x_2) * (point.x_1 - partner.x_2)
            + (point.y_1 - partner.y_2) * (point.y_1 - partner.y_2)
        ) <= {{ var('swap_ratio') }} * cast(point.distance_px as double)
        and sqrt(
            (partner.x_1 - point.x_2) * (partner.x_1 - point.x_2)
            + (partner.y_1 - point.y_2) * (partner.y_1 - point.y_2)
        ) <= {{ var('swap_ratio') }} * cast(partner.distance_px as double) as is_closer_swapped
    from placed as point
    inner join placed as partner
        on
            point.review_id_1 = partner.review_id_1
            and point.review_id_2 = partner.review_id_2
            and (point.label != partner.label or point.instance != partner.instance)

),

swaps as (

    select
        review_id_1,
        review_id_2,
        label,
        instance,
        bool_or(is_mirror_image) as is_mirrored,
        min(case when is_mirror_image then partner_label end) as mirror_label,
        min(case when is_same_instance then partner_label end) as neighbour_label
    from crossed
    where is_closer_swapped and (is_mirror_image or is_same_instance)
    group by review_id_1, review_id_2, label, instance

),

apart as (

    select
        placed.place_id,
        placed.review_id_1,
        placed.review_id_2,
        placed.label,
        placed.instance,
        placed.distance_px,
        cast(null as bigint) as missing_review_id,
        case when swaps.is_mirrored then swaps.mirror_label else swaps.neighbour_label end as swapped_with,
        coalesce(swaps.is_mirrored, false) as is_left_right_swap,
        swaps.label is not null as is_swap
    from placed
    left join swaps
        on
            placed.review_id_1 = swaps.review_id_1
            and placed.review_id_2 = swaps.review_id_2
            and placed.label = swaps.label
            and placed.instance = swaps.instance

),

missing as (

    {% for one, other in [('1', '2'), ('2', '1')] %}
    select
        pairs.place_id,
        pairs.review_id_1,
        pairs.review_id_2,
        here.label,
        here.instance,
        cast(null as decimal(18, 6)) as distance_px,
        pairs.review_id_{{ other }} as missing_review_id,
        cast(null as varchar) as swapped_with,
        false as is_left_right_swap,
        false as is_swap
    from pairs
    inner join keypoints as here on pairs.review_id_{{ one }} = here.review_id
    left join keypoints as there
        on
            pairs.review_id_{{ other }} = there.review_id
            and here.label = there.label
            and here.instance = there.instance
    where pairs.unmatched_points > 0 and there.review_id is null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

disagreeing as (

    select * from apart
    union all
    select * from missing

),

judged as (

    select
        pairs.project,
        pairs.episode_key,
        pairs.view,
        pairs.frame_idx,
        one.annotation_id as annotation_id_1,
        other.annotation_id as annotation_id_2,
        one.annotator_id as annotator_id_1,
        other.annotator_id as annotator_id_2,
        disagreeing.label,
        disagreeing.instance,
        cast(disagreeing.distance_px as double) as distance_px,
        case
            when disagreeing.missing_review_id = disagreeing.review_id_1 then one.annotation_id
            when disagreeing.missing_review_id = disagreeing.review_id_2 then other.annotation_id
        end as missing_annotation_id,
        disagreeing.swapped_with,
        disagreeing.missing_review_id is not null as is_missing_in_one,
        disagreeing.is_left_right_swap,
        disagreeing.is_swap,
        agreeing_frames.place_id is not null
        and (member_1.review_id is null or member_2.review_id is null) as is_outlier_reviewer,
        disagreeing.distance_px <= {{ var('lo_px') }} as is_near
    from disagreeing
    inner join pairs
        on
            disagreeing.review_id_1 = pairs.review_id_1
            and disagreeing.review_id_2 = pairs.review_id_2
    inner join reviews as one on disagreeing.review_id_1 = one.review_id
    inner join reviews as other on disagreeing.review_id_2 = other.review_id
    left join agreeing_frames on disagreeing.place_id = agreeing_frames.place_id
    left join members as member_1 on disagreeing.review_id_1 = member_1.review_id
    left join members as member_2 on disagreeing.review_id_2 = member_2.review_id

),

explained as (

    select
        *,
        case
            when is_missing_in_one then 'missing_in_one'
            when is_left_right_swap then 'left_right_swap'
            when is_swap then 'swapped_neighbours'
            when is_outlier_reviewer then 'outlier_reviewer'
            when is_near then 'jitter'
            else 'misplaced'
        end as cause
    from judged

)

select
    project,
    episode_key,
    view,
    frame_idx,
    annotation_id_1,
    annotation_id_2,
    annotator_id_1,
    annotator_id_2,
    label,
    instance,
    distance_px,
    missing_annotation_id,
    swapped_with,
    cause
from explained
