-- The record of every person in a project: how often they agree with others, shrunk towards the project's mean.

with

cases as (

    select * from {{ ref('review_cases') }}

),

projects as (

    select
        project,
        {{ ratio('sum(agreed)', 'sum(cases)') }} as project_mean
    from cases
    group by project

),

people as (

    select
        project,
        annotator_id,
        cast(sum(cases) as bigint) as cases,
        cast(sum(agreed) as bigint) as agreed
    from cases
    where annotator_id is not null
    group by project, annotator_id

),

scored as (

    select
        people.*,
        projects.project_mean,
        {{ record('people.agreed', 'people.cases', 'projects.project_mean') }} as record
    from people
    inner join projects on people.project = projects.project

)

select
    project,
    annotator_id,
    cases,
    agreed,
    project_mean,
    record,
    greatest(record - {{ z_95() }} * {{ record_deviation('record', 'cases') }}, 0) as record_low,
    least(record + {{ z_95() }} * {{ record_deviation('record', 'cases') }}, 1) as record_high
from scored
