-- Counts per export and per project.

update label_studio.exports
set superseded_task_count = counted.copies
from (select export_id, count(*) as copies from label_studio.superseded_copies group by export_id) as counted
where exports.export_id = counted.export_id;

update label_studio.exports
set quarantined_task_count = counted.tasks
from (select export_id, count(*) as tasks from label_studio.quarantine group by export_id) as counted
where exports.export_id = counted.export_id;

update label_studio.exports
set loaded_task_count = task_count - superseded_task_count - quarantined_task_count;

create or replace temp view project_counts as
select
    exports.project,
    count(*) as files,
    sum(exports.loaded_task_count) as tasks,
    (select count(*) from label_studio.annotations as t where t.project = exports.project) as annotations,
    (select count(*) from label_studio.drafts as t where t.project = exports.project) as drafts,
    (select count(*) from label_studio.predictions as t where t.project = exports.project) as predictions,
    (select count(*) from label_studio.regions as t where t.project = exports.project) as regions,
    sum(exports.superseded_task_count) as superseded,
    sum(exports.quarantined_task_count) as quarantined
from label_studio.exports as exports
group by exports.project;
