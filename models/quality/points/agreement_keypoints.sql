-- How far apart two reviewers put the same point.
--   pck_5, pck_20     share of points at most 5 and 20 px apart (percentage of correct keypoints, Yang & Ramanan 2013,
--                     here with fixed distances)
--   median_relative   the same distances as a share of the square root of the frame's area (pair_scales)
--   oks               mean object keypoint similarity (keypoint_pair_scores); of a label the mean of its own term
--   sigma_estimated   sigma as the project's own double labels tell it. COCO's is sigma^2 = E[d^2 / area], d from one
--                     annotator to the truth; two annotators are both off, so half of it. By the median, which
--                     swapped points do not move: of a Gaussian's d^2 the mean is the median / ln 2.
{% set keys = 'project, ' ~ scope_key_names() %}

with

distances as (

    select * from {{ ref('keypoint_distances') }}

),

pair_scales as (

    select * from {{ ref('pair_scales') }}

),

pair_scores as (

    select * from {{ ref('keypoint_pair_scores') }}

),

sigmas as (

    select * from {{ ref('oks_sigmas') }}

),

review_pairs as (

    select * from {{ ref('annotator_pairs') }}

),

pairs as (

    select
        review_pairs.*,
        pair_scales.area_px2,
        pair_scores.oks
    from review_pairs
    inner join pair_scores
        on
            review_pairs.review_id_1 = pair_scores.review_id_1
            and review_pairs.review_id_2 = pair_scores.review_id_2
    left join pair_scales
        on
            review_pairs.review_id_1 = pair_scales.review_id_1
            and review_pairs.review_id_2 = pair_scales.review_id_2

),

measured as (

    select
        pairs.project,
        pairs.episode_key,
        pairs.annotator_id_1,
        pairs.annotator_id_2,
        distances.label,
        cast(distances.distance_px as double) as distance_px,
        cast(distances.distance_px as double) / sqrt(pairs.area_px2) as relative_distance,
        {{ keypoint_similarity('distances.distance_px', 'pairs.area_px2', 'sigmas.sigma') }} as similarity
    from distances
    inner join pairs
        on
            distances.review_id_1 = pairs.review_id_1
            and distances.review_id_2 = pairs.review_id_2
    left join sigmas on pairs.project = sigmas.project and distances.label = sigmas.label

),

points as (

    {% for scope, columns in agreement_scopes().items() %}
    select
        project,
        {{ scope_keys(scope) }},
        cast(count(*) as bigint) as n,
        {{ quantiles('distance_px', [0.5, 0.9, 0.95]) }} as distances_px,
        {%- for px in pck_px() %}
        {{ ratio('count(*) filter (where distance_px <= ' ~ px ~ ')', 'count(*)') }} as pck_{{ px }},
        {%- endfor %}
        {% if scope == 'label' -%}
        {{ quantiles('relative_distance', [0.5, 0.9]) }} as relative_distances,
        {{ ratio('sum(cast(similarity as decimal(18, 12)))', 'count(similarity)') }} as similarity
        {%- else -%}
        cast(null as double[]) as relative_distances,
        cast(null as double) as similarity
        {%- endif %}
    from measured
    {%- if scope == 'pair' %}
    where annotator_id_1 is not null and annotator_id_2 is not null
    {%- endif %}
    group by project{% for column in columns %}, {{ column }}{% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

frames as (

    {% for scope, columns in agreement_scopes().items() if scope != 'label' %}
    select
        project,
        {{ scope_keys(scope) }},
        {{ ratio('sum(oks)', 'count(oks)') }} as oks
    from pairs
    {%- if scope == 'pair' %}
    where annotator_id_1 is not null and annotator_id_2 is not null
    {%- endif %}
    group by project{% for column in columns %}, {{ column }}{% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

agreement as (

    select
        points.project,
        points.scope,
        points.label,
        points.episode_key,
        points.annotator_id_1,
        points.annotator_id_2,
        points.n,
        {{ figure(element_at_position('points.distances_px', 1)) }} as median_px,
        {{ figure(element_at_position('points.distances_px', 2)) }} as p90_px,
        {{ figure(element_at_position('points.distances_px', 3)) }} as p95_px,
        {%- for px in pck_px() %}
        {{ figure('points.pck_' ~ px) }} as pck_{{ px }},
        {%- endfor %}
        {{ figure(element_at_position('points.relative_distances', 1)) }} as median_relative,
        {{ figure(element_at_position('points.relative_distances', 2)) }} as p90_relative,
        {{ figure('coalesce(points.similarity, frames.oks)') }} as oks,
        sigmas.sigma,
        {{ figure(element_at_position('points.relative_distances', 1) ~ ' / sqrt(2 * ln(2))') }} as sigma_estimated
    from points
    left join frames on {{ is_same_scope('points', 'frames') }}
    left join sigmas on points.project = sigmas.project and points.label = sigmas.label

)

select * from agreement
