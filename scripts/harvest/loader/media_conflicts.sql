-- Copies of one task that show different media in two files: two servers' ids collide.
select
    incoming.project,
    incoming.task_id,
    incoming.media,
    incoming.path,
    other.media as other_media,
    other.path as other_path
from batch_tasks as incoming
inner join (
    select project, task_id, export_id, path, media from batch_tasks
    union all
    select tasks.project, tasks.task_id, tasks.export_id, exports.path, tasks.media
    from label_studio.tasks as tasks
    inner join loading_exports as exports on tasks.export_id = exports.export_id
) as other
    on
        incoming.project = other.project
        and incoming.task_id = other.task_id
        and incoming.export_id <> other.export_id
        and media_identity(incoming.media) <> media_identity(other.media)
order by incoming.project, incoming.task_id
limit 1;
