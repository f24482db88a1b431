-- Flattens the batch's tasks, annotations, drafts, predictions and regions into the staging tables.

insert into label_studio.tasks by name
select
    project,
    task_id,
    export_id,
    updated_at,
    is_labeled,
    overlap,
    total_annotations,
    cancelled_annotations,
    media,
    data_text(data, '$.episode_key') as episode_key,
    data_text(data, '$.view') as view,
    whole_number(data_number(data_text(data, '$.frame_idx'))) as frame_idx,
    try_cast(whole_number(data_number(data_text(data, '$.width'))) as integer) as width,
    try_cast(whole_number(data_number(data_text(data, '$.height'))) as integer) as height,
    whole_number(data_number(data_text(data, '$.n_frames'))) as n_frames,
    data_number(data_text(data, '$.fps')) as fps,
    data_text(data, '$.task_subdir') as task_subdir,
    data
from batch_tasks;

-- the loader has compared what is usual; the rest is compared here
create or replace temp table batch_compared as
select
    annotations.result_seq,
    comparable_items(tasks.project, result_items(results.result))
    = comparable_items(tasks.project, result_items(predictions.result)) as is_prediction_identical
from batch_annotations as annotations
inner join batch_tasks as tasks on annotations.task_seq = tasks.task_seq
inner join incoming_annotations as results on annotations.result_seq = results.result_seq
left join incoming_prediction_results as predictions on annotations.prediction_seq = predictions.result_seq
where annotations.prediction_state = 'known' and annotations.is_prediction_identical is null;

update batch_annotations as annotations
set is_prediction_identical = compared.is_prediction_identical
from batch_compared as compared
where annotations.result_seq = compared.result_seq;

insert into label_studio.annotations by name
select
    tasks.project,
    tasks.task_id,
    annotation_id,
    annotator_id,
    utc(annotations.created_at) as created_at,
    utc(annotations.updated_at) as updated_at,
    was_cancelled,
    is_result_null,
    region_count,
    result_count,
    updated_by,
    lead_time_s,
    import_id,
    last_action,
    is_review_accepted,
    is_ground_truth_starred,
    parent_prediction_id,
    parent_annotation_id,
    prediction_state,
    prediction_id,
    prediction_model_version,
    prediction_score,
    is_prediction_identical
from batch_annotations as annotations
inner join batch_tasks as tasks on annotations.task_seq = tasks.task_seq;

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

-- `returning` makes the insert one ordered stream, whose full row groups leave memory; the threads flatten before it
insert into label_studio.regions by name
with flattened as materialized (
    select * from usual_region_rows('incoming_annotations')
    union all by name
    select * from region_rows('incoming_annotations')
)

select
    tasks.project,
    tasks.task_id,
    annotations.annotation_id,
    flattened.* exclude (result_seq)
from flattened
inner join batch_annotations as annotations on flattened.result_seq = annotations.result_seq
inner join batch_tasks as tasks on annotations.task_seq = tasks.task_seq
returning 0;

insert into label_studio.prediction_regions by name
with flattened as materialized (
    select * from usual_region_rows('incoming_prediction_results')
    union all by name
    select * from region_rows('incoming_prediction_results')
)

select
    tasks.project,
    tasks.task_id,
    annotations.annotation_id,
    flattened.* exclude (result_seq)
from flattened
inner join batch_annotations as annotations on flattened.result_seq = annotations.prediction_seq
inner join batch_tasks as tasks on annotations.task_seq = tasks.task_seq
where not annotations.is_prediction_identical
returning 0;
