-- Gives the files that stay the numbers of this load.

update label_studio.tasks as rows
set export_id = new_numbers.new_id
from new_numbers where rows.export_id = new_numbers.old_id;

update label_studio.quarantine as rows
set export_id = new_numbers.new_id
from new_numbers where rows.export_id = new_numbers.old_id;

update label_studio.superseded_copies as rows
set export_id = new_numbers.new_id
from new_numbers where rows.export_id = new_numbers.old_id;

update label_studio.task_parts as rows
set export_id = new_numbers.new_id
from new_numbers where rows.export_id = new_numbers.old_id;
