-- One batch of decoded tasks: which of them, and which staged before, are the newest copy of their task. A task's data
-- may be large and stays out of it.

with typed as (
    select
        task_seq,
        project,
        task_id,
        export_id,
        utc(updated_at) as updated_at
    from incoming_tasks
    where task_seq not in (select task_seq from unreadable_tasks)
),

newest_in_batch as (
    select
        *,
        row_number() over (
            partition by project, task_id order by updated_at desc nulls last, export_id desc, task_seq desc
        ) = 1 as is_newest_in_batch,
        count(*) over (partition by project, task_id) > 1 as has_copies_in_batch
    from typed
)

select
    incoming.*,
    staged.export_id as staged_export_id,
    incoming.has_copies_in_batch or staged.export_id is not null as has_other_copies,
    incoming.is_newest_in_batch and (
        staged.task_id is null
        or row(coalesce(incoming.updated_at, '-infinity'), incoming.export_id)
        >= row(coalesce(staged.updated_at, '-infinity'), staged.export_id)
    ) as is_newest
from newest_in_batch as incoming
left join label_studio.tasks as staged
    on incoming.project = staged.project and incoming.task_id = staged.task_id;
