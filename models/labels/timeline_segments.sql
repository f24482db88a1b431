-- Usable segments of the independent reviews of a video, one per label, clipped to the video.

with

reviews as (

    select * from {{ ref('reviews') }}
    where project = 'a'

),

timeline_ranges as (

    select * from {{ ref('timeline_ranges') }}
    where rejection_reason is null

),

labelled as (

    select distinct
        reviews.place_id,
        reviews.review_id,
        label,
        cast(greatest(timeline_ranges.start_frame, 0) as integer) as segment_start,
        cast(least(timeline_ranges.end_frame, timeline_ranges.last_frame) as integer) as segment_end,
        timeline_ranges.is_clipped
    from timeline_ranges
    inner join reviews on timeline_ranges.review_id = reviews.review_id
    {{ explode('timeline_ranges.labels', 'listed', 'label') }}

)

select * from labelled
