-- Ground-truth annotations that started from a prediction the export holds, with that prediction's model.

with

annotations as (

    select * from {{ ref('ground_truth_annotations') }}

),

staged as (

    select * from {{ source('label_studio', 'annotations') }}
    where prediction_state = 'known'

),

corrected as (

    select
        annotations.project,
        annotations.task_id,
        annotations.annotation_id,
        annotations.annotator_id,
        annotations.episode_key,
        annotations.view,
        annotations.frame_idx,
        annotations.image_width,
        annotations.image_height,
        coalesce(staged.is_prediction_identical, false) as is_identical,
        staged.prediction_id,
        staged.prediction_model_version as model_version,
        staged.prediction_score as score
    from annotations
    inner join staged
        on
            annotations.project = staged.project
            and annotations.task_id = staged.task_id
            and annotations.annotation_id = staged.annotation_id

)

select * from corrected
