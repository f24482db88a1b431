-- Action labels per video frame: the mean of the reviewers' weights, so that agreement keeps the weight, a fuzzy edge
-- lowers it, and no vote is thrown away.

with

frame_weights as (

    select * from {{ ref('frame_weights') }}

),

stretch_labels as (

    select * from {{ ref('stretch_labels') }}

),

averaged as (

    select
        stretch_labels.place_id,
        stretch_labels.episode_key,
        stretch_labels.view,
        stretch_labels.media,
        frame_weights.frame_idx,
        stretch_labels.label,
        round(frame_weights.weight_sum / stretch_labels.reviewer_count, 6) as weight,
        stretch_labels.agreement,
        stretch_labels.reviewer_count,
        frame_weights.segment_start,
        frame_weights.segment_end,
        stretch_labels.annotation_ids,
        stretch_labels.confidence,
        stretch_labels.label_posterior,
        stretch_labels.has_other_labels
    from frame_weights
    inner join stretch_labels on frame_weights.stretch_label_id = stretch_labels.stretch_label_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by place_id, frame_idx
            order by
                {% if var('timeline_consensus') == 'dawid_skene' %}label_posterior desc, {% endif -%}
                weight desc, agreement desc, label
        ) as label_rank
    from averaged
    where has_other_labels

    union all

    select
        *,
        1 as label_rank
    from averaged
    where not has_other_labels

)

select
    episode_key,
    view,
    media,
    frame_idx,
    label,
    weight,
    agreement,
    cast(label_rank as integer) as label_rank,
    reviewer_count,
    segment_start,
    segment_end,
    annotation_ids,
    confidence,
    label_posterior
from ranked
