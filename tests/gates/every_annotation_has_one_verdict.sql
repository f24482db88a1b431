-- Conservation: every staged annotation, draft and prediction has exactly one verdict, and no verdict is made up.

with

staged as (

    select project, task_id, 'annotation' as kind, annotation_id
    from {{ source('label_studio', 'annotations') }}

    union all

    select project, task_id, 'draft' as kind, draft_id as annotation_id
    from {{ source('label_studio', 'drafts') }}

    union all

    select project, task_id, 'prediction' as kind, prediction_id as annotation_id
    from {{ source('label_studio', 'predictions') }}

),

counted as (

    select project, task_id, kind, annotation_id, 1 as staged_rows, 0 as verdict_rows
    from staged

    union all

    select project, task_id, kind, annotation_id, 0 as staged_rows, 1 as verdict_rows
    from {{ ref('annotation_verdicts') }}

)

select
    project,
    task_id,
    kind,
    annotation_id,
    sum(staged_rows) as staged_rows,
    sum(verdict_rows) as verdict_rows
from counted
group by project, task_id, kind, annotation_id
having sum(staged_rows) != sum(verdict_rows)
