-- The size of each result of the batch, and the tasks whose text DuckDB does not read.

create or replace temp table batch_annotations as
select
    * exclude (result),
    result is null as is_result_null,
    case
        when usual_region_count is not null then usual_region_count
        else try(json_array_length(result))
    end as region_count
from incoming_annotations;

create or replace temp table unreadable_tasks as
select task_seq from incoming_tasks where not json_valid(data)
union
select task_seq from batch_annotations where region_count is null
union
select task_seq from incoming_prediction_results where not is_usual and not json_valid(result);
