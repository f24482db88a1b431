{{ config(enabled=var('timeline_consensus') == 'dawid_skene') }}

-- The votes of each pattern, and on how many frames it occurs.

with

patterns as (

    select
        pattern_id,
        min(pattern) as pattern,
        cast(sum(frames) as double) as frames
    from {{ ref('vote_patterns') }}
    group by pattern_id

),

votes as (

    select
        patterns.pattern_id,
        patterns.frames,
        vote.person,
        vote.category
    from patterns
    {{ explode('patterns.pattern', 'listed', 'vote') }}

)

select * from votes
