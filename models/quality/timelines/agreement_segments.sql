-- How far the reviewers of a timeline agree on its segments: whether the same action was seen at about the same time,
-- which frames alone do not tell (a short action counts as much as a long one here).
--   f1_10, f1_25, f1_50   F1 of segments matched by temporal IoU, as in the evaluation of action segmentation (Lea et
--                         al. 2017; code of MS-TCN, Abu Farha & Gall 2019): each segment looks for the one of the same
--                         label that overlaps it most, and one segment confirms only one. Both reviewers take the part
--                         of the truth in turn, and the counts are added.
--   boundary_*            share of boundaries that the other reviewer put within boundary_tolerance_frames
--   edit_score            mean over the pairs of reviews
{% set keys = 'project, ' ~ scope_key_names() %}
{% set hits = {'10': 0.1, '25': 0.25, '50': 0.5} %}

with

matches as (

    select * from {{ ref('span_matches') }}

),

scores as (

    select * from {{ ref('timeline_pair_scores') }}

),

-- one row per review, other review and label: a span of the other that several found confirms one
compared as (

    select
        project,
        label,
        episode_key,
        annotator_id_1,
        annotator_id_2,
        review_id,
        other_review_id,
        count(*) as segments,
        {%- for name, iou in hits.items() %}
        count(distinct case when iou >= {{ iou }} then other_start end) as hits_{{ name }},
        {%- endfor %}
        {{ exact_sum('coalesce(iou, 0)') }} as iou_sum
    from matches
    group by project, label, episode_key, annotator_id_1, annotator_id_2, review_id, other_review_id

),

segments as (

    {% for scope, columns in agreement_scopes().items() %}
    select
        project,
        {{ scope_keys(scope) }},
        cast(sum(segments) as bigint) as segments,
        {%- for name in hits %}
        {{ ratio('sum(hits_' ~ name ~ ')', 'sum(segments)') }} as f1_{{ name }},
        {%- endfor %}
        {{ ratio(exact_sum('iou_sum'), 'sum(segments)') }} as mean_iou
    from compared
    {%- if scope == 'pair' %}
    where annotator_id_1 is not null and annotator_id_2 is not null
    {%- endif %}
    group by project{% for column in columns %}, {{ column }}{% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

pairs as (

    {% for scope, columns in agreement_scopes().items() if scope != 'label' %}
    select
        project,
        {{ scope_keys(scope) }},
        cast(count(*) as bigint) as review_pairs,
        cast(sum(boundaries_1 + boundaries_2) as bigint) as boundaries,
        {{ ratio('sum(matched_boundaries)', 'sum(boundaries_1)') }} as boundary_precision,
        {{ ratio('sum(matched_boundaries)', 'sum(boundaries_2)') }} as boundary_recall,
        {{ ratio('2 * sum(matched_boundaries)', 'sum(boundaries_1 + boundaries_2)') }} as boundary_f1,
        {{ ratio(exact_sum('edit_score'), 'count(edit_score)') }} as edit_score
    from scores
    {%- if scope == 'pair' %}
    where annotator_id_1 is not null and annotator_id_2 is not null
    {%- endif %}
    group by project{% for column in columns %}, {{ column }}{% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

rows_named as (

    select {{ keys }} from segments
    union
    select {{ keys }} from pairs

),

agreement as (

    select
        rows_named.*,
        pairs.review_pairs,
        coalesce(segments.segments, 0) as segments,
        {{ figure('segments.f1_10') }} as f1_10,
        {{ figure('segments.f1_25') }} as f1_25,
        {{ figure('segments.f1_50') }} as f1_50,
        {{ figure('segments.mean_iou') }} as mean_iou,
        {{ figure('pairs.edit_score') }} as edit_score,
        pairs.boundaries,
        case when rows_named.scope = 'pair' then {{ figure('pairs.boundary_precision') }} end as boundary_precision,
        case when rows_named.scope = 'pair' then {{ figure('pairs.boundary_recall') }} end as boundary_recall,
        {{ figure('pairs.boundary_f1') }} as boundary_f1
    from rows_named
    left join segments on {{ is_same_scope('rows_named', 'segments') }}
    left join pairs on {{ is_same_scope('rows_named', 'pairs') }}

)

select * from agreement
