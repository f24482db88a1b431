-- Where each task belongs: its episode, view and frame, from its data or else from its media path.

with

tasks as (

    select * from {{ source('label_studio', 'tasks') }}

),

media_read as (

    select
        *,
        coalesce({{ url_decode('media') }}, media) as decoded_media,
        contains(media, '/local-files/?d=') as is_local_file,
        regexp_matches(media, '^[A-Za-z][A-Za-z0-9+.-]*://') as is_url
    from tasks

),

media_named as (

    select
        *,
        case
            when is_local_file then {{ text_after('media', "'?d='") }}
            when is_url then media
            else {{ without_upload_prefix('decoded_media') }}
        end as media_name
    from media_read

),

media_published as (

    select
        *,
        case
            when is_local_file then coalesce({{ url_decode('media_name') }}, media_name)
            else media_name
        end as published_media,
        case
            when is_local_file or is_url then coalesce({{ url_decode('media_name') }}, media_name)
            else media_name
        end as parsed_path
    from media_named

),

located as (

    select
        project,
        task_id,
        export_id,
        coalesce(
            episode_key, {{ regexp_group('parsed_path', var('episode_key_pattern'), 1) }}
        ) as episode_key,
        coalesce(view, {{ regexp_group('parsed_path', var('episode_key_pattern'), 2) }}) as view,
        case
            when project != 'a'
                then coalesce(
                        try_cast(frame_idx as integer),
                        try_cast({{ regexp_group('parsed_path', var('frame_pattern'), 1) }} as integer)
                    )
        end as frame_idx,
        published_media as media,
        case when width > 0 then width end as image_width,
        case when height > 0 then height end as image_height,
        case when n_frames > 0 then n_frames end as n_frames,
        fps,
        is_labeled,
        overlap
    from media_published

)

select * from located
