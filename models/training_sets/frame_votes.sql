-- One reviewer's word on one label of one frame: the weight of the heaviest of their segments over it.

with

segments as (

    select * from {{ ref('timeline_segments') }}

),

segment_weights as (

    select * from {{ ref('segment_weights') }}

),

frames as (

    select
        segments.place_id,
        segments.review_id,
        segments.label,
        segments.segment_start + segment_weights.from_start as frame_idx,
        segment_weights.weight,
        segments.segment_start,
        segments.segment_end
    from segments
    inner join segment_weights
        on segments.segment_end - segments.segment_start + 1 = segment_weights.frame_count

),

ranked as (

    select
        *,
        row_number() over (
            partition by review_id, label, frame_idx
            order by weight desc, segment_start, segment_end
        ) = 1 as is_heaviest
    from frames

)

select
    place_id,
    review_id,
    label,
    frame_idx,
    weight,
    segment_start,
    segment_end
from ranked
where is_heaviest
