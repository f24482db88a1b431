-- Where a reviewer's timeline changes from one category to another: the first frame of the new one. Background is a
-- category too; the first and the last frame of the video are no boundary.

with

votes as (

    select * from {{ ref('timeline_votes') }}
    where reviewer_count > 1

),

followed as (

    select
        place_id,
        review_id,
        stretch_start as boundary_frame,
        lag(category) over (partition by review_id order by stretch_start) as from_label,
        category as to_label
    from votes

),

boundaries as (

    select * from followed
    where from_label != to_label

)

select * from boundaries
