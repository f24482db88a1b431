-- Labels in ground truth that the project's label config does not have: the API stores whatever it is sent.

{{ config(severity='warn') }}

with

annotations as (

    select * from {{ ref('ground_truth_annotations') }}

),

used_labels as (

    select
        regions.project,
        tasks.export_id,
        regions.region_type,
        used_label as label,
        count(*) as region_count
    from {{ source('label_studio', 'regions') }} as regions
    inner join annotations
        on
            regions.project = annotations.project
            and regions.task_id = annotations.task_id
            and regions.annotation_id = annotations.annotation_id
    inner join {{ source('label_studio', 'tasks') }} as tasks
        on regions.project = tasks.project and regions.task_id = tasks.task_id
    {{ explode('regions.labels', 'listed', 'used_label') }}
    where {{ is_label_region('regions.project', 'regions.region_type') }}
    group by regions.project, tasks.export_id, regions.region_type, used_label

),

config_labels as (

    select * from {{ source('label_studio', 'config_labels') }}

)

select used_labels.*
from used_labels
left join config_labels
    on
        used_labels.export_id = config_labels.export_id
        and used_labels.region_type = config_labels.control_type
        and used_labels.label = config_labels.label
where
    config_labels.label is null
    and exists (
        select 1
        from config_labels as known
        where known.export_id = used_labels.export_id
    )
