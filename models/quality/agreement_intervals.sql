-- 95 % intervals of the figures of agreement, by bootstrap over episodes (percentile interval, Efron & Tibshirani
-- 1993): the project's episodes are drawn anew, with replacement, bootstrap_resamples times, and each figure is
-- computed again from the sums of the drawn ones. Frames of an episode resemble each other, so drawing frames would
-- promise far too much. A hash decides which episodes are drawn: the same exports give the same intervals.
-- Projects with more than 200 episodes draw groups of episodes instead: as good, and cheap.
{% set keys = 'project, scope, label' %}
{% set most_groups = 200 %}

with

timeline_sums as (

    select * from {{ ref('timeline_vote_sums') }}
    where scope in ('project', 'label')

),

points as (

    select * from {{ ref('keypoint_sums') }}

),

spans as (

    select * from {{ ref('span_matches') }}

),

boxes as (

    select
        pairs.project,
        pairs.episode_key,
        matched.label,
        matched.iou
    from {{ ref('matched_boxes') }} as matched
    inner join {{ ref('annotator_pairs') }} as pairs
        on matched.review_id_1 = pairs.review_id_1 and matched.review_id_2 = pairs.review_id_2

),

frames as (

    select
        pairs.project,
        pairs.episode_key,
        scores.oks
    from {{ ref('keypoint_pair_scores') }} as scores
    inner join {{ ref('annotator_pairs') }} as pairs
        on scores.review_id_1 = pairs.review_id_1 and scores.review_id_2 = pairs.review_id_2
    where scores.oks is not null

),

-- ratios of sums: pck, oks, f1, iou; oks of a project is the mean over its pairs of reviews, not over points
ratios as (

    {% for statistic, numerator, denominator in [
        ('pck_5', 'hits_5', 'n'), ('pck_20', 'hits_20', 'n'), ('oks', 'similarity_sum', 'similarity_n')
    ] %}
    select project, episode_key, label, '{{ statistic }}' as statistic, {{ numerator }} as hits, {{ denominator }} as n
    from points

    union all
    {% endfor %}
    select
        project,
        episode_key,
        label,
        'f1_50' as statistic,
        count(distinct case when iou >= 0.5 then other_start end) as hits,
        count(*) as n
    from spans
    group by project, episode_key, label, review_id, other_review_id

    union all

    select project, episode_key, label, 'mean_iou' as statistic, {{ exact_sum('iou') }} as hits, count(*) as n
    from boxes
    group by project, episode_key, label

    union all

    select project, episode_key, null as label, 'oks' as statistic, {{ exact_sum('oks') }} as hits, count(*) as n
    from frames
    group by project, episode_key

),

episodes as (

    select project, drawn_episode as episode_key
    from timeline_sums

    union

    select project, episode_key
    from ratios

),

numbered as (

    select
        project,
        episode_key,
        row_number() over (partition by project order by episode_key) as episode_number,
        least(count(*) over (partition by project), {{ most_groups }}) as groups
    from episodes

),

grouped as (

    select
        project,
        episode_key,
        groups,
        (episode_number - 1) % groups as episode_group
    from numbered

),

sizes as (

    select
        project,
        min(groups) as groups,
        count(*) as episodes
    from grouped
    group by project

),

draws as (

    select
        sizes.project,
        resample,
        {{ hash_bucket(
            "'" ~ var('bootstrap_seed') ~ ",' || sizes.project || ',' || resample || ',' || draw", 'sizes.groups'
        ) }} as episode_group
    from sizes
    {{ explode(integer_series(1, var('bootstrap_resamples')), 'resamples', 'resample') }}
    {{ explode(integer_series(1, 'sizes.groups'), 'group_draws', 'draw') }}

),

drawn as (

    select
        project,
        resample,
        episode_group,
        cast(count(*) as double) as times
    from draws
    group by project, resample, episode_group

    union all

    -- resample 0 is the sample itself
    select distinct
        project,
        0 as resample,
        episode_group,
        cast(1 as double) as times
    from grouped

),

grouped_sums as (

    select
        sums.project,
        sums.scope,
        sums.label,
        grouped.episode_group,
        sums.category,
        {%- for column in ['frames', 'agreement', 'coincidences', 'votes', 'votes_1', 'votes_2'] %}
        {{ exact_sum('sums.' ~ column) }} as {{ column }},
        {%- endfor %}
        min(sums.categories) as categories
    from timeline_sums as sums
    inner join grouped on sums.project = grouped.project and sums.drawn_episode = grouped.episode_key
    group by sums.project, sums.scope, sums.label, grouped.episode_group, sums.category

),

resampled as (

    select
        grouped_sums.*,
        drawn.resample,
        drawn.times
    from grouped_sums
    inner join drawn
        on grouped_sums.project = drawn.project and grouped_sums.episode_group = drawn.episode_group

),

{{ timeline_coefficients('resampled', keys ~ ', resample', 'times') }},

-- in whole millionths: sums of whole numbers do not depend on the order of their rows
grouped_ratios as (

    select
        ratios.project,
        ratios.label,
        ratios.statistic,
        grouped.episode_group,
        cast(cast(sum(cast(ratios.hits as decimal(28, 9))) * 1000000 as bigint) as double) as millionths,
        cast(sum(ratios.n) as double) as n
    from ratios
    inner join grouped on ratios.project = grouped.project and ratios.episode_key = grouped.episode_key
    group by ratios.project, ratios.label, ratios.statistic, grouped.episode_group

),

scoped_ratios as (

    select *, case when label is null then 'project' else 'label' end as scope
    from grouped_ratios

    union all

    select
        project,
        cast(null as varchar) as label,
        statistic,
        episode_group,
        sum(millionths) as millionths,
        sum(n) as n,
        'project' as scope
    from grouped_ratios
    where statistic != 'oks'
    group by project, statistic, episode_group

),

ratio_figures as (

    select
        sums.project,
        sums.scope,
        sums.label,
        drawn.resample,
        sums.statistic,
        {{ ratio('sum(sums.millionths * drawn.times)', 'sum(sums.n * drawn.times) * 1000000') }} as figure
    from scoped_ratios as sums
    inner join drawn on sums.project = drawn.project and sums.episode_group = drawn.episode_group
    group by sums.project, sums.scope, sums.label, drawn.resample, sums.statistic

),

figures as (

    {% for statistic in
        ['percent_agreement', 'fleiss_kappa', 'krippendorff_alpha', 'gwet_ac1', 'specific_agreement'] %}
    select {{ keys }}, resample, '{{ statistic }}' as statistic, {{ statistic }} as figure
    from coefficients

    union all
    {% endfor %}
    select {{ keys }}, resample, statistic, figure
    from ratio_figures

),

intervals as (

    select
        figures.project,
        figures.scope,
        figures.label,
        figures.statistic,
        min(sizes.episodes) as episodes,
        cast(count(figures.figure) filter (where figures.resample > 0) as bigint) as resamples,
        {{ figure('max(case when figures.resample = 0 then figures.figure end)') }} as estimate,
        {{ quantiles('case when figures.resample > 0 then figures.figure end', [0.025, 0.975]) }} as bounds
    from figures
    inner join sizes on figures.project = sizes.project
    group by figures.project, figures.scope, figures.label, figures.statistic

)

select
    project,
    scope,
    label,
    statistic,
    cast(episodes as bigint) as episodes,
    resamples,
    estimate,
    -- one episode alone says nothing about others
    case when episodes > 1 then {{ figure(element_at_position('bounds', 1)) }} end as low_95,
    case when episodes > 1 then {{ figure(element_at_position('bounds', 2)) }} end as high_95
from intervals
where estimate is not null
