-- The staged tasks of the files in gone_exports.
select project, task_id
from label_studio.tasks
where export_id in (select export_id from gone_exports);
