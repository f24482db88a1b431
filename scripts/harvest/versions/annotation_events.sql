-- What happened to the annotations between two versions. Grain: project, task_id, annotation_id, place.
-- Reads: old_lineage, new_lineage (annotation_lineage of either version), changed_settings (name, old_value, new_value).
create or replace temp table annotation_events as

with

-- an exclusion that a setting decides is the setting's doing when the setting has changed
reason_settings (reason, setting) as (

    values
        ('imported', 'harvest_imported'),
        ('task_skipped', 'skip_policy'),
        ('task_not_labeled', 'required_reviewers'),
        ('no_episode_key', 'episode_key_pattern'),
        ('no_frame_idx', 'frame_pattern')

),

deciding_settings as (

    select
        reason_settings.reason,
        changed_settings.name || ' ' || changed_settings.old_value || ' → ' || changed_settings.new_value as setting
    from reason_settings
    inner join changed_settings on reason_settings.setting = changed_settings.name

),

compared as (

    select
        coalesce(new_lineage.project, old_lineage.project) as project,
        coalesce(new_lineage.task_id, old_lineage.task_id) as task_id,
        coalesce(new_lineage.annotation_id, old_lineage.annotation_id) as annotation_id,
        coalesce(new_lineage.annotator_id, old_lineage.annotator_id) as annotator_id,
        old_lineage.task_id is not null as was_there,
        new_lineage.task_id is not null as is_there,
        coalesce(old_lineage.is_ground_truth, false) as was_ground_truth,
        coalesce(new_lineage.is_ground_truth, false) as is_ground_truth,
        old_lineage.exclusion_reason as old_reason,
        new_lineage.exclusion_reason as new_reason,
        old_lineage.revised_at is distinct from new_lineage.revised_at as is_revised,
        old_lineage.annotator_id is distinct from new_lineage.annotator_id as has_other_annotator,
        (old_lineage.episode_key, old_lineage.view, old_lineage.frame_idx)
        is distinct from (new_lineage.episode_key, new_lineage.view, new_lineage.frame_idx) as is_moved,
        old_lineage.episode_key as old_episode_key,
        old_lineage.view as old_view,
        old_lineage.frame_idx as old_frame_idx,
        new_lineage.episode_key as new_episode_key,
        new_lineage.view as new_view,
        new_lineage.frame_idx as new_frame_idx
    from (select * from old_lineage where kind = 'annotation') as old_lineage
    full outer join (select * from new_lineage where kind = 'annotation') as new_lineage
        on
            old_lineage.project = new_lineage.project
            and old_lineage.task_id = new_lineage.task_id
            and old_lineage.annotation_id = new_lineage.annotation_id

),

happened as (

    select
        compared.*,
        coalesce(lost.setting, regained.setting) as setting,
        case
            when is_ground_truth and not was_there then 'new annotation'
            when was_ground_truth and not is_there then 'annotation gone'
            when was_ground_truth and new_reason = 'superseded' then 'newer revision'
            when was_ground_truth and not is_ground_truth and lost.setting is not null then 'setting change'
            when was_ground_truth and not is_ground_truth then 'excluded: ' || new_reason
            when is_ground_truth and not was_ground_truth and regained.setting is not null then 'setting change'
            when is_ground_truth and not was_ground_truth then 'no longer excluded: ' || old_reason
            when is_ground_truth and is_moved then 'other frame'
            when is_ground_truth and is_revised then 'newer revision'
            when is_ground_truth and has_other_annotator then 'other annotator'
        end as cause
    from compared
    left join deciding_settings as lost on compared.new_reason = lost.reason
    left join deciding_settings as regained on compared.old_reason = regained.reason

),

described as (

    select
        *,
        'annotation ' || annotation_id
        || case when annotator_id is not null then ' of reviewer ' || annotator_id else '' end
        || case
            when was_ground_truth and new_reason = 'superseded' then ', superseded by a later one'
            when cause = 'setting change' then ' (' || coalesce(new_reason, old_reason) || '; ' || setting || ')'
            else ''
        end as detail
    from happened
    where cause is not null

),

-- an annotation that moved concerns the place it left and the place it came to
places as (

    select
        *,
        old_episode_key as episode_key,
        old_view as view,
        old_frame_idx as frame_idx
    from described
    where was_ground_truth

    union

    select
        *,
        new_episode_key as episode_key,
        new_view as view,
        new_frame_idx as frame_idx
    from described
    where is_ground_truth

)

select
    project,
    task_id,
    annotation_id,
    annotator_id,
    episode_key,
    view,
    frame_idx,
    cause,
    detail
from places
order by project, task_id, annotation_id, episode_key, view, frame_idx;
