-- What each person did in each week, to see drift: weeks begin on Monday, UTC, by the time of submission.

with

annotations as (

    select
        traits.project,
        traits.task_id,
        traits.annotation_id,
        traits.annotator_id,
        cast(date_trunc('week', traits.submitted_at) as date) as week,
        staged.lead_time_s
    from {{ ref('annotation_traits') }} as traits
    inner join {{ source('label_studio', 'annotations') }} as staged
        on
            traits.project = staged.project
            and traits.task_id = staged.task_id
            and traits.annotation_id = staged.annotation_id
    where
        traits.is_submitted
        and not traits.is_cancelled
        and traits.annotator_id is not null
        and traits.submitted_at is not null

),

cases as (

    select * from {{ ref('review_cases') }}

),

scores as (

    select * from {{ ref('annotator_scores') }}

),

worked as (

    select
        project,
        annotator_id,
        week,
        cast(count(*) as bigint) as annotations,
        {{ exact_sum('lead_time_s') }} / 3600 as hours,
        median(lead_time_s) as median_time_s
    from annotations
    group by project, annotator_id, week

),

compared as (

    select
        project,
        annotator_id,
        cast(date_trunc('week', submitted_at) as date) as week,
        cast(sum(cases) as bigint) as cases,
        cast(sum(agreed) as bigint) as agreed
    from cases
    where annotator_id is not null and submitted_at is not null
    group by project, annotator_id, date_trunc('week', submitted_at)

)

select
    worked.project,
    worked.annotator_id,
    worked.week,
    worked.annotations,
    {{ figure('worked.hours') }} as hours,
    {{ figure('worked.median_time_s') }} as median_time_s,
    coalesce(compared.cases, 0) as cases,
    coalesce(compared.agreed, 0) as agreed,
    {{ figure(ratio('compared.agreed', 'compared.cases')) }} as agreement,
    {{ figure(record('coalesce(compared.agreed, 0)', 'coalesce(compared.cases, 0)', 'scores.project_mean')) }} as record
from worked
left join compared
    on
        worked.project = compared.project
        and worked.annotator_id = compared.annotator_id
        and worked.week = compared.week
left join scores
    on worked.project = scores.project and worked.annotator_id = scores.annotator_id
