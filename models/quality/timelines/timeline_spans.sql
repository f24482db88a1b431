-- The segments of a review as an evaluation on frames sees them: those of one label that touch or overlap are one.

with

segments as (

    select segments.*
    from {{ ref('timeline_segments') }} as segments
    inner join {{ ref('compared_videos') }} as videos on segments.place_id = videos.place_id
    where videos.reviewer_count > 1

),

reached as (

    select
        *,
        max(segment_end) over (
            partition by review_id, label
            order by segment_start, segment_end
            rows between unbounded preceding and 1 preceding
        ) as reached_frame
    from segments

),

numbered as (

    select
        *,
        sum(case when segment_start <= reached_frame + 1 then 0 else 1 end) over (
            partition by review_id, label
            order by segment_start, segment_end
            rows between unbounded preceding and current row
        ) as span_number
    from reached

),

spans as (

    select
        place_id,
        review_id,
        label,
        min(segment_start) as span_start,
        max(segment_end) as span_end
    from numbered
    group by place_id, review_id, label, span_number

)

select * from spans
