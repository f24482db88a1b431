-- Every verdict with the frame or video it is about and when it was last revised: what two versions are compared by.

with

verdicts as (

    select * from {{ ref('annotation_verdicts') }}

),

task_keys as (

    select * from {{ ref('task_keys') }}

),

annotations as (

    select * from {{ source('label_studio', 'annotations') }}

)

select
    verdicts.project,
    verdicts.task_id,
    verdicts.kind,
    verdicts.annotation_id,
    task_keys.episode_key,
    task_keys.view,
    task_keys.frame_idx,
    verdicts.annotator_id,
    verdicts.submitted_at,
    annotations.updated_at as revised_at,
    verdicts.label_source,
    verdicts.is_ground_truth,
    verdicts.exclusion_reason
from verdicts
left join task_keys
    on verdicts.project = task_keys.project and verdicts.task_id = task_keys.task_id
left join annotations
    on
        verdicts.project = annotations.project
        and verdicts.task_id = annotations.task_id
        and verdicts.annotation_id = annotations.annotation_id
        and verdicts.kind = 'annotation'
