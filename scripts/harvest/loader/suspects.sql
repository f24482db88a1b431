-- The tasks of a batch that need a closer look, and whether a text of theirs is no JSON to DuckDB.
with texts as (
    select
        task_seq as first_task_seq,
        task_seq as last_task_seq,
        json_valid(result) as is_readable,
        case when json_valid(result) then result_has_repeated_keys(result) end as has_repeated_keys
    from incoming_results

    union all

    select
        first_task_seq,
        last_task_seq,
        true as is_readable,
        case when json_valid(envelope) then envelope_has_repeated_keys(envelope) else true end as has_repeated_keys
    from incoming_envelopes

    union all

    select
        task_seq as first_task_seq,
        task_seq as last_task_seq,
        json_valid(data) as is_readable,
        case when json_valid(data) then has_repeated_keys([json_keys(data)]) end as has_repeated_keys
    from incoming_tasks
)

select
    tasks.task_seq,
    bool_or(not texts.is_readable) as is_unreadable
from texts
inner join incoming_tasks as tasks on tasks.task_seq between texts.first_task_seq and texts.last_task_seq
where texts.has_repeated_keys or not texts.is_readable
group by tasks.task_seq
order by tasks.task_seq;
