-- Action labels per video frame: the mean of the reviewers' weights, so that agreement keeps the weight, a fuzzy edge
-- lowers it, and no vote is thrown away.

with

votes as (

    select * from {{ ref('frame_votes') }}

),

reviews as (

    select * from {{ ref('reviews') }}
    where project = 'a'

),

videos as (

    select
        place_id,
        min(episode_key) as episode_key,
        min(view) as view,
        min(place_media) as media,
        cast(count(*) as integer) as reviewer_count
    from reviews
    group by place_id

),

summed as (

    select
        votes.place_id,
        votes.frame_idx,
        votes.label,
        sum(votes.weight order by reviews.annotation_id, reviews.task_id) as weight_sum,
        count(*) as vote_count,
        max_by(
            {{ make_struct([['first', 'votes.segment_start'], ['last', 'votes.segment_end']]) }},
            {{ make_struct([
                ['weight', 'votes.weight'], ['first', '-votes.segment_start'], ['last', '-votes.segment_end']
            ]) }}
        ) as segment,
        {{ collect_list('reviews.annotation_id', 'reviews.annotation_id') }} as annotation_ids
    from votes
    inner join reviews on votes.review_id = reviews.review_id
    group by votes.place_id, votes.frame_idx, votes.label

),

averaged as (

    select
        summed.place_id,
        videos.episode_key,
        videos.view,
        videos.media,
        summed.frame_idx,
        summed.label,
        round(summed.weight_sum / videos.reviewer_count, 6) as weight,
        cast(summed.vote_count as double) / videos.reviewer_count as agreement,
        videos.reviewer_count,
        summed.segment.first as segment_start,
        summed.segment.last as segment_end,
        summed.annotation_ids
    from summed
    inner join videos on summed.place_id = videos.place_id

),

ranked as (

    select
        episode_key,
        view,
        media,
        frame_idx,
        label,
        weight,
        agreement,
        cast(
            row_number() over (
                partition by place_id, frame_idx order by weight desc, agreement desc, label
            ) as integer
        ) as label_rank,
        reviewer_count,
        segment_start,
        segment_end,
        annotation_ids
    from averaged

)

select * from ranked
