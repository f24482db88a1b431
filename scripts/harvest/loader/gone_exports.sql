-- The staged files that are not in this load as they were, and those that must be read again because a task of theirs
-- is no longer whole: an older copy of a task whose newest copy is gone; the parts of a task of which one part is gone.
with lost as (
    select export_id
    from label_studio.exports
    where export_id not in (select export_id from kept_exports)
),

older_copies as (
    select copies.export_id
    from label_studio.superseded_copies as copies
    inner join label_studio.tasks as tasks on copies.project = tasks.project and copies.task_id = tasks.task_id
    where tasks.export_id in (select export_id from lost)
),

gone as (
    select export_id from lost
    union
    select export_id from older_copies
),

parts as (
    select parts.export_id
    from label_studio.task_parts as parts
    inner join label_studio.task_parts as gone_parts
        on parts.project = gone_parts.project and parts.task_id = gone_parts.task_id
    where gone_parts.export_id in (select export_id from gone)
)

select export_id from gone
union
select export_id from parts;
