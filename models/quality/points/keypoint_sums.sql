-- Sums per label and episode that the bootstrap of points works on.

with

distances as (

    select * from {{ ref('keypoint_distances') }}

),

pairs as (

    select * from {{ ref('annotator_pairs') }}

),

pair_scales as (

    select * from {{ ref('pair_scales') }}

),

sigmas as (

    select * from {{ ref('oks_sigmas') }}

),

measured as (

    select
        pairs.project,
        pairs.episode_key,
        distances.label,
        distances.distance_px,
        {{ keypoint_similarity('distances.distance_px', 'pair_scales.area_px2', 'sigmas.sigma') }} as similarity
    from distances
    inner join pairs
        on distances.review_id_1 = pairs.review_id_1 and distances.review_id_2 = pairs.review_id_2
    left join pair_scales
        on distances.review_id_1 = pair_scales.review_id_1 and distances.review_id_2 = pair_scales.review_id_2
    left join sigmas on pairs.project = sigmas.project and distances.label = sigmas.label

),

sums as (

    select
        project,
        episode_key,
        label,
        count(*) as n,
        {%- for px in pck_px() %}
        count(*) filter (where distance_px <= {{ px }}) as hits_{{ px }},
        {%- endfor %}
        sum(cast(similarity as decimal(18, 12))) as similarity_sum,
        count(similarity) as similarity_n
    from measured
    group by project, episode_key, label

)

select * from sums
