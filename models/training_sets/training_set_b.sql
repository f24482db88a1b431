-- Hand keypoints and object box per ego frame, one row per published sample.

with

samples as (

    select * from {{ ref('training_set_samples') }}
    where project = 'b'

)

select
    episode_key,
    view,
    media,
    frame_idx,
    image_width,
    image_height,
    quality_tier,
    needs_spot_check,
    disagreement_px,
    reviewer_count,
    annotation_ids,
    annotator_ids,
    label_source,
    keypoints,
    boxes,
    confidence
from samples
