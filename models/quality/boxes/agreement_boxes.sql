-- How well the boxes of two reviewers overlap, of boxes with the same label and instance; rotated ones exactly.
{% set shares = {'50': 0.5, '75': 0.75, '90': 0.9} %}

with

boxes as (

    select * from {{ ref('matched_boxes') }}

),

pairs as (

    select * from {{ ref('annotator_pairs') }}

),

measured as (

    select
        pairs.project,
        pairs.episode_key,
        pairs.annotator_id_1,
        pairs.annotator_id_2,
        boxes.label,
        boxes.iou
    from boxes
    inner join pairs on boxes.review_id_1 = pairs.review_id_1 and boxes.review_id_2 = pairs.review_id_2

),

agreement as (

    {% for scope, columns in agreement_scopes().items() %}
    select
        project,
        {{ scope_keys(scope) }},
        cast(count(*) as bigint) as n,
        {{ figure(ratio('sum(iou)', 'count(*)')) }} as mean_iou,
        {%- for name, iou in shares.items() %}
        {{ figure(ratio('count(*) filter (where iou >= ' ~ iou ~ ')', 'count(*)')) }} as share_iou_{{ name }},
        {%- endfor %}
        {{ quantiles('iou', [0.05, 0.1, 0.5]) }} as quantiles_iou
    from measured
    {%- if scope == 'pair' %}
    where annotator_id_1 is not null and annotator_id_2 is not null
    {%- endif %}
    group by project{% for column in columns %}, {{ column }}{% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    project,
    {{ scope_key_names() }},
    n,
    mean_iou,
    {{ figure(element_at_position('quantiles_iou', 3)) }} as median_iou,
    {{ figure(element_at_position('quantiles_iou', 2)) }} as p10_iou,
    {{ figure(element_at_position('quantiles_iou', 1)) }} as p05_iou,
    share_iou_50,
    share_iou_75,
    share_iou_90
from agreement
