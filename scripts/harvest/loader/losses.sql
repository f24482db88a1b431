-- What each export has lost: usable, but a question less can be answered.
with annotation_counts as (
    select
        project,
        task_id,
        count(*) as annotation_count,
        count(*) filter (
            prediction_state = 'id_only'
            and not (coalesce(result_count, 0) = 0 and updated_by is null and lead_time_s is null)
        ) as unknown_prediction_count
    from label_studio.annotations
    group by project, task_id
),

draft_counts as (
    select
        project,
        task_id,
        count(*) filter (is_id_only) as bare_draft_count
    from label_studio.drafts
    group by project, task_id
)

select
    exports.path,
    count(*) filter (
        tasks.total_annotations + coalesce(tasks.cancelled_annotations, 0) > coalesce(annotations.annotation_count, 0)
    ) as filtered_task_count,
    coalesce(sum(annotations.unknown_prediction_count), 0) as unknown_prediction_count,
    coalesce(sum(drafts.bare_draft_count), 0) as bare_draft_count,
    count(*) filter (tasks.is_labeled is not null) as listed_task_count,
    count(tasks.task_id) as task_count
from label_studio.exports as exports
left join label_studio.tasks as tasks on exports.export_id = tasks.export_id
left join annotation_counts as annotations
    on tasks.project = annotations.project and tasks.task_id = annotations.task_id
left join draft_counts as drafts
    on tasks.project = drafts.project and tasks.task_id = drafts.task_id
group by exports.export_id, exports.path
order by exports.export_id;
