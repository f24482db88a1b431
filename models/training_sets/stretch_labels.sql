-- Which annotations gave a label to a stretch of a video.

with

stretches as (

    select * from {{ ref('timeline_stretches') }}

),

reviews as (

    select * from {{ ref('reviews') }}
    where project = 'a'

),

marks as (

    select distinct
        stretches.place_id,
        stretches.stretch_start,
        stretches.label,
        stretches.review_id,
        reviews.annotation_id,
        reviews.reviewer_count,
        reviews.episode_key,
        reviews.view,
        reviews.place_media as media
    from stretches
    inner join reviews on stretches.review_id = reviews.review_id

),

labelled as (

    select
        place_id,
        stretch_start,
        label,
        min(episode_key) as episode_key,
        min(view) as view,
        min(media) as media,
        cast(min(reviewer_count) as integer) as reviewer_count,
        cast(count(*) as double) / min(reviewer_count) as agreement,
        {{ collect_sorted('annotation_id') }} as annotation_ids
    from marks
    group by place_id, stretch_start, label

)

select * from labelled
