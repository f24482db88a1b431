-- What each task of the batch shows.
select task_seq, project, task_id, export_id, media
from task_fields('incoming_tasks');
