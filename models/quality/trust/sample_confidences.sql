-- How far a published sample of B and C can be trusted, as one number in (0, 1]: the product of
--   tier         1 for hi, confidence_med, confidence_single
--   closeness    1 / (1 + disagreement_px / lo_px): 1 where reviewers meet, one half at lo_px; 1 for a single reviewer
--   record       mean record of the people behind the sample; without one the project's mean
-- A worse tier, a larger disagreement or a worse record never raises it. It ranks samples; it is no probability.

with

samples as (

    select * from {{ ref('samples') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

frame_tiers as (

    select * from {{ ref('frame_tiers') }}

),

person_records as (

    select * from {{ ref('review_records') }}

),

records as (

    select
        samples.place_id,
        samples.sample_id,
        {{ exact_mean('person_records.record') }} as record
    from samples
    inner join reviews on samples.review_id = reviews.review_id
    inner join person_records on reviews.review_id = person_records.review_id
    group by samples.place_id, samples.sample_id

),

factors as (

    select
        records.sample_id,
        records.record,
        case frame_tiers.quality_tier
            when 'med' then {{ var('confidence_med') }}
            when 'single' then {{ var('confidence_single') }}
            else 1
        end as tier_factor,
        1 / (1 + coalesce(frame_tiers.disagreement_px, 0) / nullif(cast({{ var('lo_px') }} as double), 0)) as closeness
    from records
    inner join frame_tiers on records.place_id = frame_tiers.place_id

)

select
    sample_id,
    {{ confidence('tier_factor * closeness * record') }} as confidence
from factors
