-- Copies of one task that show different media in two files: two servers' ids collide.
with incoming as (
    select batch_media.*
    from batch_media
    inner join batch_tasks on batch_media.task_seq = batch_tasks.task_seq
)

select
    incoming.project,
    incoming.task_id,
    incoming.media,
    exports.path,
    other.media as other_media,
    other_exports.path as other_path
from incoming
inner join (
    select project, task_id, export_id, media from incoming
    union all
    select project, task_id, export_id, media from label_studio.tasks
) as other
    on
        incoming.project = other.project
        and incoming.task_id = other.task_id
        and incoming.export_id <> other.export_id
        and media_identity(incoming.media) <> media_identity(other.media)
inner join loading_exports as exports on incoming.export_id = exports.export_id
inner join loading_exports as other_exports on other.export_id = other_exports.export_id;
