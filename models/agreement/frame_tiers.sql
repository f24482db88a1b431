-- How far each frame with ground truth may be trusted: by its consensus, or `lo` without one.

with

reviews as (

    select * from {{ ref('reviews') }}
    where project != 'a'

),

members as (

    select * from {{ ref('consensus_members') }}

),

pairs as (

    select * from {{ ref('review_pairs') }}

),

frames as (

    select
        place_id,
        min(project) as project,
        min(episode_key) as episode_key,
        min(view) as view,
        min(frame_idx) as frame_idx,
        min(place_media) as media,
        cast(count(*) as integer) as reviewer_count
    from reviews
    group by place_id

),

agreed as (

    select
        place_id,
        count(*) as member_count,
        max(tier) as tier,
        max(disagreement_px) as disagreement_px,
        min(box_iou) as box_iou,
        max(unmatched_points) as unmatched_points,
        max(unmatched_boxes) as unmatched_boxes
    from members
    group by place_id

),

disagreed as (

    select
        place_id,
        max(disagreement_px) as disagreement_px,
        min(box_iou) as box_iou,
        max(unmatched_points) as unmatched_points,
        max(unmatched_boxes) as unmatched_boxes
    from pairs
    group by place_id

),

graded as (

    select
        frames.*,
        case
            when frames.reviewer_count = 1 then 'single'
            when agreed.place_id is null then {{ tier_name(lo_tier()) }}
            else {{ tier_name('agreed.tier') }}
        end as quality_tier,
        {%- for measure in ['disagreement_px', 'box_iou', 'unmatched_points', 'unmatched_boxes'] %}
        case
            when agreed.place_id is null then disagreed.{{ measure }} else agreed.{{ measure }}
        end as {{ measure }},
        {%- endfor %}
        case
            when agreed.place_id is null then 0 else frames.reviewer_count - agreed.member_count
        end as outlier_count
    from frames
    left join agreed on frames.place_id = agreed.place_id
    left join disagreed on frames.place_id = disagreed.place_id

),

named as (

    select
        place_id,
        project,
        episode_key,
        view,
        frame_idx,
        media,
        reviewer_count,
        quality_tier,
        cast(disagreement_px as double) as disagreement_px,
        cast(box_iou as double) as box_iou,
        cast(coalesce(unmatched_points, 0) as integer) as unmatched_points,
        cast(coalesce(unmatched_boxes, 0) as integer) as unmatched_boxes,
        cast(outlier_count as integer) as outlier_count,
        quality_tier = 'med' or outlier_count > 0 as needs_spot_check
    from graded

)

select * from named
