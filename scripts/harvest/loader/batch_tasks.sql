-- One batch of decoded tasks: which of them, and which staged before, are the newest copy of their task.

create or replace temp table batch_tasks as
with read as (
    select
        incoming.*,
        exports.project,
        exports.path,
        exports.media_key,
        json_type(incoming.data, data_fields()) as types,
        json_extract_string(incoming.data, data_fields()) as texts
    from incoming_tasks as incoming
    inner join loading_exports as exports on incoming.export_id = exports.export_id
    where incoming.task_seq not in (select task_seq from unreadable_tasks)
),

texts as (
    select
        * exclude (types, texts, media_key),
        data_text(
            json_type(data, json_pointer(media_key)), json_extract_string(data, json_pointer(media_key))
        ) as configured_media,
        data_text(types[1], texts[1]) as video,
        data_text(types[2], texts[2]) as image,
        data_text(types[3], texts[3]) as episode_key,
        data_text(types[4], texts[4]) as view,
        data_text(types[5], texts[5]) as frame_idx,
        data_text(types[6], texts[6]) as width,
        data_text(types[7], texts[7]) as height,
        data_text(types[8], texts[8]) as n_frames,
        data_text(types[9], texts[9]) as fps,
        data_text(types[10], texts[10]) as task_subdir
    from read
),

typed as (
    select
        * exclude (configured_media, video, image) replace (
            utc(updated_at) as updated_at,
            data_number(frame_idx) as frame_idx,
            data_number(width) as width,
            data_number(height) as height,
            data_number(n_frames) as n_frames,
            data_number(fps) as fps
        ),
        coalesce(
            configured_media,
            case project when 'a' then video else image end,
            case project when 'a' then image else video end
        ) as media
    from texts
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
