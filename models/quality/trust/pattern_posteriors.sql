{{ config(enabled=var('timeline_consensus') == 'dawid_skene') }}

-- How probable each category is where people vote as in a pattern, by Dawid & Skene: who agrees with the others more
-- often counts more, and a habit (calling every lift a move) is seen through. Formulas: macro dawid_skene_rounds.
-- It believes that people err independently; two who accepted the same prediction do not.

with recursive

votes as (

    select * from {{ ref('pattern_votes') }}

),

weights as (

    select
        pattern_id,
        min(frames) as frames
    from votes
    group by pattern_id

),

voters as (

    select
        pattern_id,
        count(*) as voters
    from votes
    group by pattern_id

),

categories as (

    select distinct category
    from votes

),

sizes as (

    select
        {{ exact_sum('frames') }} as frames,
        (select count(*) from categories) as categories
    from weights

),

{{ dawid_skene_rounds(
    var('dawid_skene_iterations'), var('dawid_skene_tolerance'), var('dawid_skene_smoothing')
) }},

last_round as (

    select max(round_number) as last_number
    from rounds

)

select
    rounds.pattern_id,
    rounds.category,
    rounds.probability,
    rounds.round_number,
    rounds.change
from rounds
inner join last_round on rounds.round_number = last_round.last_number
