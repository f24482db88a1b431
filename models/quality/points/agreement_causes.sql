-- Why reviewers disagree on points, per label and cause: keypoint_disagreements counted.

with

disagreements as (

    select * from {{ ref('keypoint_disagreements') }}

),

compared as (

    select project, label, n
    from {{ ref('agreement_keypoints') }}
    where scope = 'label'

),

causes as (

    select
        project,
        label,
        cause,
        cast(count(*) as bigint) as n,
        median(distance_px) as median_px
    from disagreements
    group by project, label, cause

),

missing as (

    select project, label, n
    from causes
    where cause = 'missing_in_one'

),

shares as (

    select
        causes.project,
        causes.label,
        causes.cause,
        causes.n,
        cast(coalesce(compared.n, 0) + coalesce(missing.n, 0) as bigint) as compared,
        {{ figure(ratio('causes.n', 'coalesce(compared.n, 0) + coalesce(missing.n, 0)')) }} as share,
        {{ figure('causes.median_px') }} as median_px
    from causes
    left join compared on causes.project = compared.project and causes.label = compared.label
    left join missing on causes.project = missing.project and causes.label = missing.label

)

select * from shares
