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

create or replace temp table batch_compared as
select
    tasks.project,
    tasks.task_id,
    annotations.*,
    case
        when annotations.prediction_state = 'known'
            then
                comparable_items(tasks.project, coalesce(annotations.items, []))
                = comparable_items(tasks.project, coalesce(annotations.prediction_items, []))
    end as is_prediction_identical
from batch_annotations as annotations
inner join batch_tasks as tasks on annotations.task_seq = tasks.task_seq;

insert into label_studio.annotations by name
select
    project,
    task_id,
    annotation_id,
    annotator_id,
    utc(created_at) as created_at,
    utc(updated_at) as updated_at,
    was_cancelled,
    result is null as is_result_null,
    coalesce(len(items), 0) as region_count,
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
from batch_compared;

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

create or replace temp macro region_rows(item_table) as table
with items as (
    select
        project,
        task_id,
        annotation_id,
        result,
        unnest(items) as item,
        generate_subscripts(items, 1) - 1 as region_index
    from query_table(item_table)
)

select
    project,
    task_id,
    annotation_id,
    region_index,
    item.id as region_id,
    item.type as region_type,
    label_texts(
        case
            when item.type in ('timelinelabels', 'keypointlabels', 'rectanglelabels') then item_labels(item)
            else
                try_cast(
                    json_extract(result, '/' || region_index || '/value' || json_pointer(item.type)) as json []
                )
        end
    ) as labels,
    finite_number(item.value.x) as x,
    finite_number(item.value.y) as y,
    finite_number(item.value.width) as width,
    finite_number(item.value.height) as height,
    item_rotation(item) as rotation,
    case when finite_number(item.original_width) > 0 then finite_number(item.original_width) end as original_width,
    case when finite_number(item.original_height) > 0 then finite_number(item.original_height) end as original_height,
    item.parentid as parent_region_id,
    item_ranges(item) as ranges
from items;

insert into label_studio.regions by name
from region_rows('batch_compared');

create or replace temp view batch_predictions as
select project, task_id, annotation_id, prediction_result as result, prediction_items as items
from batch_compared
where not is_prediction_identical;

insert into label_studio.prediction_regions by name
from region_rows('batch_predictions');
