{{ config(enabled=var('timeline_consensus') == 'dawid_skene') }}

-- The same per label: the probabilities of all categories that hold it, added up.

with

posteriors as (

    select * from {{ ref('pattern_posteriors') }}

),

category_labels as (

    select distinct
        votes.category,
        stretches.label
    from {{ ref('timeline_stretches') }} as stretches
    inner join {{ ref('timeline_votes') }} as votes
        on stretches.review_id = votes.review_id and stretches.stretch_start = votes.stretch_start

),

labels as (

    select
        posteriors.pattern_id,
        category_labels.label,
        {{ exact_sum('posteriors.probability', 15) }} as label_posterior
    from posteriors
    inner join category_labels on posteriors.category = category_labels.category
    group by posteriors.pattern_id, category_labels.label

)

select * from labels
