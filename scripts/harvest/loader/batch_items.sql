-- The batch's results as lists of items, and the tasks whose text DuckDB does not read.

create or replace temp table batch_annotations as
select
    *,
    result_items(result) as items,
    result_items(prediction_result) as prediction_items
from incoming_annotations;

create or replace temp table unreadable_tasks as
select task_seq from incoming_tasks where not json_valid(data)
union
select task_seq from batch_annotations
where (items is null and result is not null) or (prediction_items is null and prediction_result is not null);
