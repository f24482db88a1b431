-- Flattens the batch's tasks, annotations, drafts, predictions and regions into the staging tables.

insert into label_studio.tasks by name
with numbers as (
    select
        * exclude (task_seq, media_pointer) replace (
            data_number(frame_idx) as frame_idx,
            data_number(width) as width,
            data_number(height) as height,
            data_number(n_frames) as n_frames,
            data_number(fps) as fps
        )
    from task_fields('incoming_tasks')
)

select
    * replace (
        utc(updated_at) as updated_at,
        whole_number(frame_idx) as frame_idx,
        try_cast(whole_number(width) as integer) as width,
        try_cast(whole_number(height) as integer) as height,
        whole_number(n_frames) as n_frames
    )
from numbers;

insert into label_studio.annotations by name
select
    * exclude (result_seq, prediction_seq) replace (
        utc(created_at) as created_at,
        utc(updated_at) as updated_at
    ),
    result_seq is null as is_result_null
from batch_annotations;

insert into label_studio.drafts by name
select
    tasks.project,
    tasks.task_id,
    incoming.draft_id,
    incoming.annotation_id,
    utc(incoming.created_at) as created_at,
    utc(incoming.updated_at) as updated_at,
    incoming.is_id_only
from incoming_drafts as incoming
inner join batch_tasks as tasks on incoming.task_seq = tasks.task_seq;

insert into label_studio.predictions by name
select
    tasks.project,
    tasks.task_id,
    incoming.prediction_id,
    incoming.model_version,
    incoming.score,
    utc(incoming.created_at) as created_at,
    incoming.is_id_only
from incoming_predictions as incoming
inner join batch_tasks as tasks on incoming.task_seq = tasks.task_seq;

insert into label_studio.regions by name
select
    annotations.project,
    annotations.task_id,
    annotations.annotation_id,
    regions.* exclude (result_seq)
from flattened_regions as regions
inner join batch_annotations as annotations on regions.result_seq = annotations.result_seq;

insert into label_studio.prediction_regions by name
select
    annotations.project,
    annotations.task_id,
    annotations.annotation_id,
    regions.* exclude (result_seq)
from flattened_regions as regions
inner join batch_annotations as annotations on regions.result_seq = annotations.prediction_seq
where not annotations.is_prediction_identical;
