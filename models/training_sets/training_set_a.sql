{{ config(materialized='view') }}

-- Action labels per video frame: the mean of the reviewers' weights, so that agreement keeps the weight, a fuzzy edge
-- lowers it, and no vote is thrown away.

with

frame_weights as (

    select * from {{ ref('frame_weights') }}

),

stretch_labels as (

    select * from {{ ref('stretch_labels') }}

),

label_ranks as (

    select * from {{ ref('label_ranks') }}

)

select
    stretch_labels.episode_key,
    stretch_labels.view,
    stretch_labels.media,
    frame_weights.frame_idx,
    stretch_labels.label,
    {{ frame_weight() }} as weight,
    stretch_labels.agreement,
    coalesce(label_ranks.label_rank, 1) as label_rank,
    stretch_labels.reviewer_count,
    frame_weights.segment_start,
    frame_weights.segment_end,
    stretch_labels.annotation_ids,
    stretch_labels.confidence,
    stretch_labels.label_posterior
from frame_weights
inner join stretch_labels on frame_weights.stretch_label_id = stretch_labels.stretch_label_id
left join label_ranks
    on
        frame_weights.stretch_label_id = label_ranks.stretch_label_id
        and frame_weights.frame_idx = label_ranks.frame_idx
