{{ config(materialized='view') }}

-- The weight of each label on each frame of the other stretches, where three or more segments give the label, or two
-- of one review: every reviewer's heaviest segment over the frame, summed; and the heaviest of all.

with

stretches as (

    select * from {{ ref('timeline_stretches') }}
    where segments_of_label > 2 or segments_of_review > 1

),

segment_weights as (

    select * from {{ ref('segment_weights') }}

),

frames as (

    select
        stretches.stretch_label_id,
        stretches.review_id,
        stretches.segment_start,
        stretches.segment_end,
        stretches.segments_of_review,
        stretches.segment_start + segment_weights.from_start as frame_idx,
        segment_weights.weight
    from stretches
    inner join segment_weights
        on
            stretches.segment_end - stretches.segment_start + 1 = segment_weights.frame_count
            and segment_weights.from_start between stretches.stretch_start - stretches.segment_start
            and stretches.stretch_end - stretches.segment_start

),

votes as (

    select
        stretch_label_id,
        frame_idx,
        {{ heaviest_segment() }} as heaviest
    from frames
    where segments_of_review > 1
    group by stretch_label_id, frame_idx, review_id

    union all

    select
        stretch_label_id,
        frame_idx,
        {{ segment_with_weight() }} as heaviest
    from frames
    where segments_of_review = 1

),

summed as (

    select
        stretch_label_id,
        frame_idx,
        cast(sum({{ exact_weight('heaviest.weight') }}) as double) as weight_sum,
        max(heaviest) as heaviest
    from votes
    group by stretch_label_id, frame_idx

)

select
    stretch_label_id,
    frame_idx,
    weight_sum,
    -heaviest.minus_start as segment_start,
    -heaviest.minus_end as segment_end
from summed
