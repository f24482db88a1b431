-- How many frames would change tier if points were judged by px, by their distance relative to the frame's scale, or by
-- OKS (var tier_basis). The medoid of a frame is the same under all: it is found by px.
{% set bases = ['px', 'relative', 'oks'] %}

with

pairs as (

    select * from {{ ref('review_pairs') }}

),

scores as (

    select * from {{ ref('keypoint_pair_scores') }}

),

standings as (

    select * from {{ ref('review_standings') }}
    where is_medoid

),

medoid_pairs as (

    select
        standings.project,
        standings.place_id,
        standings.reviewer_count,
        pairs.disagreement_px,
        scores.relative_disagreement,
        scores.oks,
        greatest(
            pairs.unmatched_point_tier
            {%- if var('box_tiers') %},
            pairs.box_tier,
            pairs.unmatched_box_tier
            {%- else %},
            pairs.unmatched_point_tier
            {%- endif %}
        ) as other_tier
    from (
        select medoids.*, reviews.project
        from standings as medoids
        inner join {{ ref('reviews') }} as reviews on medoids.review_id = reviews.review_id
    ) as standings
    inner join pairs
        on
            standings.place_id = pairs.place_id
            and standings.review_id in (pairs.review_id_1, pairs.review_id_2)
    left join scores
        on
            pairs.review_id_1 = scores.review_id_1
            and pairs.review_id_2 = scores.review_id_2

),

judged as (

    {% for basis in bases %}
    select
        project,
        place_id,
        reviewer_count,
        '{{ basis }}' as tier_basis,
        greatest(other_tier, {{ tier_of_points(basis) }}) as tier
    from medoid_pairs
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

frames as (

    select
        project,
        place_id,
        tier_basis,
        case
            when 2 * (1 + count(*) filter (where tier != {{ lo_tier() }})) <= min(reviewer_count) then {{ lo_tier() }}
            else max(case when tier != {{ lo_tier() }} then tier else {{ hi_tier() }} end)
        end as tier
    from judged
    group by project, place_id, tier_basis

),

compared as (

    select
        frames.project,
        frames.tier_basis,
        {{ tier_name('px.tier') }} as px_tier,
        {{ tier_name('frames.tier') }} as quality_tier,
        cast(count(*) as bigint) as frames
    from frames
    inner join frames as px on frames.place_id = px.place_id and px.tier_basis = 'px'
    group by frames.project, frames.tier_basis, px.tier, frames.tier

)

select
    *,
    px_tier != quality_tier as is_change
from compared
