-- One batch of decoded tasks: which of them, and which staged before, are the newest copy of their task.

create or replace temp table batch_tasks as
with typed as (
    select
        incoming.task_seq,
        exports.project,
        incoming.task_id,
        incoming.export_id,
        exports.path,
        utc(incoming.updated_at) as updated_at,
        incoming.is_labeled,
        incoming.overlap,
        incoming.total_annotations,
        incoming.cancelled_annotations,
        coalesce(
            data_text(incoming.data, json_pointer(exports.media_key)),
            data_text(incoming.data, case exports.project when 'a' then '$.video' else '$.image' end),
            data_text(incoming.data, case exports.project when 'a' then '$.image' else '$.video' end)
        ) as media,
        incoming.data
    from incoming_tasks as incoming
    inner join loading_exports as exports on incoming.export_id = exports.export_id
    where incoming.task_seq not in (select task_seq from unreadable_tasks)
),

newest_in_batch as (
    select
        *,
        row_number() over (
            partition by project, task_id order by updated_at desc nulls last, export_id desc, task_seq desc
        ) = 1 as is_newest_in_batch
    from typed
)

select
    incoming.*,
    staged.export_id as staged_export_id,
    incoming.is_newest_in_batch and (
        staged.task_id is null
        or row(coalesce(incoming.updated_at, '-infinity'), incoming.export_id)
        >= row(coalesce(staged.updated_at, '-infinity'), staged.export_id)
    ) as is_newest
from newest_in_batch as incoming
left join label_studio.tasks as staged
    on incoming.project = staged.project and incoming.task_id = staged.task_id;
