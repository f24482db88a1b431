-- The record of the person behind each review; where they were never compared, or their account is gone, the project's
-- mean, and where nobody was, confidence_unknown_record.

with

reviews as (

    select * from {{ ref('reviews') }}

),

scores as (

    select * from {{ ref('annotator_scores') }}

),

means as (

    select
        project,
        min(project_mean) as project_mean
    from scores
    group by project

),

records as (

    select
        reviews.project,
        reviews.place_id,
        reviews.review_id,
        coalesce(scores.record, means.project_mean, {{ var('confidence_unknown_record') }}) as record
    from reviews
    left join scores on reviews.project = scores.project and reviews.annotator_id = scores.annotator_id
    left join means on reviews.project = means.project

)

select * from records
