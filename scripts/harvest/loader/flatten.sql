-- The regions of the results that can be read.
with readable_results as (
    select
        result_seq,
        result
    from incoming_results
    where task_seq not in (select task_seq from unreadable_tasks)
)

select * from region_rows('readable_results');
