-- The videos with ground truth and how many frames of each are compared: its length, or up to the last frame that
-- anybody marked where no task tells the length.

with

reviews as (

    select * from {{ ref('reviews') }}
    where project = 'a'

),

segments as (

    select * from {{ ref('timeline_segments') }}

),

lengths as (

    select
        place_id,
        project,
        episode_key,
        cast(count(*) as integer) as reviewer_count,
        max(n_frames) as n_frames
    from reviews
    group by place_id, project, episode_key

),

last_marks as (

    select
        place_id,
        max(segment_end) as last_frame
    from segments
    group by place_id

),

measured as (

    select
        lengths.place_id,
        lengths.project,
        lengths.episode_key,
        lengths.reviewer_count,
        cast(
            greatest(coalesce(lengths.n_frames, 0), coalesce(last_marks.last_frame + 1, 0)) as bigint
        ) as frame_count
    from lengths
    left join last_marks on lengths.place_id = last_marks.place_id

)

select * from measured
