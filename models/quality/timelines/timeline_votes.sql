-- What each reviewer says of each stretch of a video, background included. A vote is one category: the set of labels
-- the reviewer marked, A to Z. Nothing changes where nobody begins or ends a segment, so a stretch stands for its
-- frames.

with

videos as (

    select * from {{ ref('compared_videos') }}
    where frame_count > 0

),

segments as (

    select * from {{ ref('timeline_segments') }}

),

stretches_marked as (

    select * from {{ ref('timeline_stretches') }}

),

reviews as (

    select * from {{ ref('reviews') }}
    where project = 'a'

),

cuts as (

    select place_id, cast(0 as bigint) as cut_frame
    from videos

    union

    select place_id, frame_count as cut_frame
    from videos

    union

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
        lead(cut_frame) over (partition by place_id order by cut_frame) - cut_frame as frames
    from cuts

),

marks as (

    select distinct place_id, stretch_start, review_id, label
    from stretches_marked

),

marked as (

    select
        place_id,
        stretch_start,
        review_id,
        {{ join_texts(collect_sorted('label'), "' + '") }} as category
    from marks
    group by place_id, stretch_start, review_id

),

votes as (

    select
        reviews.place_id,
        reviews.review_id,
        reviews.annotator_id,
        cast(reviews.reviewer_count as integer) as reviewer_count,
        stretches.stretch_start,
        stretches.frames,
        coalesce(marked.category, {{ background() }}) as category
    from reviews
    inner join stretches on reviews.place_id = stretches.place_id
    left join marked
        on
            stretches.place_id = marked.place_id
            and stretches.stretch_start = marked.stretch_start
            and reviews.review_id = marked.review_id
    where stretches.frames is not null

)

select * from votes
