-- Takes the older copies out: those of this batch, and those staged before it.

insert into superseded_copies
select export_id, count(*) from batch_tasks where not is_newest group by all
union all
select staged_export_id, count(*) from batch_tasks where is_newest and staged_export_id is not null group by all;

create or replace temp table replaced_tasks as
select project, task_id from batch_tasks where is_newest and staged_export_id is not null;

delete from label_studio.tasks as t
using replaced_tasks as r where t.project = r.project and t.task_id = r.task_id;
delete from label_studio.annotations as t
using replaced_tasks as r where t.project = r.project and t.task_id = r.task_id;
delete from label_studio.drafts as t
using replaced_tasks as r where t.project = r.project and t.task_id = r.task_id;
delete from label_studio.predictions as t
using replaced_tasks as r where t.project = r.project and t.task_id = r.task_id;
delete from label_studio.regions as t
using replaced_tasks as r where t.project = r.project and t.task_id = r.task_id;
delete from label_studio.prediction_regions as t
using replaced_tasks as r where t.project = r.project and t.task_id = r.task_id;

delete from batch_tasks where not is_newest;
