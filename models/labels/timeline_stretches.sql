-- A video's timeline cut wherever a segment begins or ends, one row per stretch and segment that covers it: within a
-- stretch the same segments hold, so all that is not a weight is decided here, on few rows, and not frame by frame.

with

segments as (

    select * from {{ ref('timeline_segments') }}

),

cuts as (

    select place_id, segment_start as cut_frame
    from segments

    union

    select place_id, segment_end + 1 as cut_frame
    from segments

),

stretches as (

    select
        place_id,
        cut_frame as stretch_start,
        lead(cut_frame) over (partition by place_id order by cut_frame) - 1 as stretch_end
    from cuts

),

covered as (

    select
        segments.*,
        stretches.stretch_start,
        stretches.stretch_end
    from segments
    inner join stretches
        on
            segments.place_id = stretches.place_id
            and stretches.stretch_start between segments.segment_start and segments.segment_end

),

counted as (

    select
        *,
        cast(dense_rank() over (order by place_id, stretch_start, label) as integer) as stretch_label_id,
        count(*) over (partition by place_id, stretch_start, label) as segments_of_label,
        count(*) over (partition by place_id, stretch_start, label, review_id) as segments_of_review,
        count(*) over (partition by place_id, stretch_start) as segments_here
    from covered

)

select * from counted
