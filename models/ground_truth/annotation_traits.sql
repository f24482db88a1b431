-- What each annotation is, rule by rule, before anything is decided: who made it, how, and on which frame.

with

annotations as (

    select * from {{ source('label_studio', 'annotations') }}

),

task_keys as (

    select * from {{ ref('task_keys') }}

),

edits as (

    select * from {{ ref('prediction_edits') }}

),

signatures as (

    select
        *,
        coalesce(result_count, 0) = 0
        and region_count > 0
        and updated_by is null
        and lead_time_s is null as has_no_author
    from annotations

),

origins as (

    select
        *,
        has_no_author and parent_prediction_id is not null as is_bulk_copy,
        import_id is not null or (has_no_author and parent_prediction_id is null) as is_imported
    from signatures

),

traits as (

    select
        origins.project,
        origins.task_id,
        origins.annotation_id,
        task_keys.episode_key,
        task_keys.view,
        task_keys.frame_idx,
        origins.annotator_id,
        origins.parent_annotation_id,
        case
            when not origins.is_bulk_copy and not origins.is_imported then origins.created_at
        end as submitted_at,
        coalesce(origins.updated_at, origins.created_at) as updated_at,
        case
            when origins.prediction_state = 'none' then 'scratch'
            when origins.prediction_state = 'id_only' then 'unknown'
            when edits.edited_region_count > 0 then 'edited'
            else 'accepted'
        end as label_source,
        origins.was_cancelled as is_cancelled,
        origins.is_bulk_copy,
        origins.is_imported,
        origins.is_imported and not {{ var('harvest_imported') }} as is_unwanted_import,
        not origins.is_bulk_copy
        and not (origins.is_imported and not {{ var('harvest_imported') }}) as is_submitted,
        coalesce(origins.last_action = 'rejected', false)
        or coalesce(not origins.is_review_accepted, false) as is_review_rejected,
        origins.is_result_null as has_no_result,
        task_keys.episode_key is null as has_no_episode_key,
        task_keys.frame_idx is null and origins.project != 'a' as has_no_frame_idx
    from origins
    inner join task_keys
        on origins.project = task_keys.project and origins.task_id = task_keys.task_id
    left join edits
        on
            origins.project = edits.project
            and origins.task_id = edits.task_id
            and origins.annotation_id = edits.annotation_id

)

select * from traits
