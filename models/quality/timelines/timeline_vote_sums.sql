-- The counts of timeline_vote_counts added up per scope and episode: what agreement is computed from, as it is and
-- with episodes drawn anew (agreement_intervals). With r reviewers of a video, n of whom vote for the category:
--   frames         n / r                      its share of the frames
--   agreement      n (n - 1) / (r (r - 1))    frames on which two reviewers drawn at random both choose it
--   coincidences   n (n - 1) / (r - 1)        Krippendorff's diagonal

with

counts as (

    select * from {{ ref('timeline_vote_counts') }}

),

sums as (

    {% for scope, scheme in
        [('project', 'label_sets'), ('episode', 'label_sets'), ('label', 'label'), ('pair', 'pair')] %}
    select
        project,
        {{ scope_keys(scope) }},
        episode_key as drawn_episode,
        category,
        count(distinct place_id) as videos,
        {{ exact_sum('cast(votes as double) / reviewers') }} as frames,
        {{ exact_sum('cast(agreeing_votes as double) / (reviewers * (reviewers - 1))') }} as agreement,
        {{ exact_sum('cast(agreeing_votes as double) / (reviewers - 1)') }} as coincidences,
        cast(sum(votes) as double) as votes,
        cast(sum(votes_1) as double) as votes_1,
        cast(sum(votes_2) as double) as votes_2
    from counts
    where scheme = '{{ scheme }}'
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- categories there are to choose from: all that the project knows, or marked and not marked
known as (

    select count(distinct category) as categories
    from counts
    where scheme = 'label_sets'

)

select
    sums.*,
    case when sums.scope = 'label' then 2 else known.categories end as categories
from sums
cross join known
