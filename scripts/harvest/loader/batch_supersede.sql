-- Which copies of a task are not its newest: those of this batch, and those staged before it.

insert into label_studio.superseded_copies
select export_id, project, task_id from batch_tasks where not is_newest
union all
select staged_export_id, project, task_id from batch_tasks where is_newest and staged_export_id is not null;
