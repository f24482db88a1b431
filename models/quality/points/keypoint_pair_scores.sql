-- For every two reviews of a frame with a point in common: their distance relative to the frame's scale, and their
-- object keypoint similarity (OKS, Lin et al., COCO keypoint evaluation; seed oks_sigmas), the mean over the points
-- both have and that have a sigma.

with

distances as (

    select * from {{ ref('keypoint_distances') }}

),

pair_scales as (

    select * from {{ ref('pair_scales') }}

),

reviews as (

    select review_id, project
    from {{ ref('reviews') }}

),

sigmas as (

    select * from {{ ref('oks_sigmas') }}

),

measured as (

    select
        distances.place_id,
        distances.review_id_1,
        distances.review_id_2,
        cast(distances.distance_px as double) / sqrt(pair_scales.area_px2) as relative_distance,
        {{ keypoint_similarity('distances.distance_px', 'pair_scales.area_px2', 'sigmas.sigma') }} as similarity
    from distances
    inner join pair_scales
        on
            distances.review_id_1 = pair_scales.review_id_1
            and distances.review_id_2 = pair_scales.review_id_2
    inner join reviews on distances.review_id_1 = reviews.review_id
    left join sigmas on reviews.project = sigmas.project and distances.label = sigmas.label

),

summarised as (

    select
        place_id,
        review_id_1,
        review_id_2,
        {{ rounded(disagreement_statistic('relative_distance')) }} as relative_disagreement,
        {{ rounded(ratio('sum(cast(similarity as decimal(18, 12)))', 'count(similarity)')) }} as oks,
        count(similarity) as oks_points
    from measured
    group by place_id, review_id_1, review_id_2

)

select * from summarised
