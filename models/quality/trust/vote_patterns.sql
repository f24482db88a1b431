{{ config(enabled=var('timeline_consensus') == 'dawid_skene') }}

-- Every stretch of a video by the pattern of its votes: who voted for which category. Stretches with the same pattern
-- are the same to Dawid & Skene, so it has few things to decide, however long the videos are.
-- A deleted account is a person of its own in each review.

with

votes as (

    select * from {{ ref('timeline_votes') }}

),

named as (

    select
        place_id,
        stretch_start,
        frames,
        category,
        coalesce(cast(annotator_id as varchar), 'review ' || review_id) as person
    from votes

),

patterned as (

    select
        place_id,
        stretch_start,
        min(frames) as frames,
        {{ collect_sorted(make_struct([['person', 'person'], ['category', 'category']])) }} as pattern
    from named
    group by place_id, stretch_start

),

numbered as (

    select
        place_id,
        stretch_start,
        frames,
        pattern,
        dense_rank() over (order by pattern) as pattern_id
    from patterned

)

select * from numbered
