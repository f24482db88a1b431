-- Whether an object of the batch has a key twice. Results mostly share a few shapes, of which one example each is looked
-- at. Fails when a text is no JSON to DuckDB.
with shapes as (
    select min(results.result_seq) as result_seq
    from incoming_results as results
    inner join incoming_tasks as tasks on results.task_seq = tasks.task_seq
    inner join loading_exports as exports on tasks.export_id = exports.export_id
    group by
        result_shape(results.result),
        case when exports.project = 'a' then timeline_shape(results.result) end
)

select
    exists (
        select 1
        from shapes
        inner join incoming_results as results on shapes.result_seq = results.result_seq
        where result_has_repeated_keys(results.result)
    )
    or exists (
        select 1
        from incoming_envelopes
        where envelope_has_repeated_keys(envelope)
    ) as has_suspects;
