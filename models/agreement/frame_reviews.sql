-- One row per frame with ground truth: its tier, how far its reviewers disagree, and which reviews are published.

with

frame_tiers as (

    select * from {{ ref('frame_tiers') }}

),

samples as (

    select * from {{ ref('samples') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

kept as (

    select
        samples.place_id,
        {{ collect_sorted('reviews.annotation_id') }} as kept_annotation_ids
    from samples
    inner join reviews on samples.review_id = reviews.review_id
    group by samples.place_id

),

summarised as (

    select
        frame_tiers.project,
        frame_tiers.episode_key,
        frame_tiers.view,
        frame_tiers.frame_idx,
        frame_tiers.media,
        frame_tiers.reviewer_count,
        frame_tiers.quality_tier,
        frame_tiers.disagreement_px,
        frame_tiers.box_iou,
        frame_tiers.unmatched_points,
        frame_tiers.unmatched_boxes,
        frame_tiers.outlier_count,
        frame_tiers.needs_spot_check,
        coalesce(kept.kept_annotation_ids, cast([] as bigint[])) as kept_annotation_ids
    from frame_tiers
    left join kept on frame_tiers.place_id = kept.place_id

)

select * from summarised
