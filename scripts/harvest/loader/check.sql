-- Whether an object of the batch has a key twice. Results mostly share a few shapes, of which one example each is looked
-- at. Fails when a text is no JSON to DuckDB.
with shapes as (
    select any_value(results.result) as example
    from incoming_results as results
    inner join incoming_tasks as tasks on results.task_seq = tasks.task_seq
    group by
        result_shape(results.result),
        case when tasks.project = 'a' then timeline_shape(results.result) end
)

select
    exists (
        select 1
        from shapes
        where result_has_repeated_keys(example)
    )
    or exists (
        select 1
        from incoming_envelopes
        where envelope_has_repeated_keys(envelope)
    )
    or exists (
        select 1
        from incoming_tasks
        where has_repeated_keys([json_keys(data)])
    ) as has_suspects;
