-- Takes the tasks in replaced_tasks out, with all that is theirs.

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
