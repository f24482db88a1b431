-- Takes out what is staged of the files in gone_exports.

delete from label_studio.quarantine where export_id in (select export_id from gone_exports);
delete from label_studio.superseded_copies where export_id in (select export_id from gone_exports);
delete from label_studio.task_parts where export_id in (select export_id from gone_exports);
