-- The label a parent region lends to its children as their instance, usable itself or not. The regions are named in
-- full both times: as one common table they would be held in memory.

with

annotations as (

    select * from {{ ref('ground_truth_annotations') }}
    where project != 'a'

),

children as (

    select distinct
        annotations.review_id,
        regions.project,
        regions.task_id,
        regions.annotation_id,
        regions.parent_region_id
    from {{ source('label_studio', 'regions') }} as regions
    inner join annotations
        on
            regions.project = annotations.project
            and regions.task_id = annotations.task_id
            and regions.annotation_id = annotations.annotation_id
    where regions.project != 'a' and regions.parent_region_id is not null

),

lent as (

    select
        children.review_id,
        children.parent_region_id,
        min_by(coalesce({{ first_element('regions.labels') }}, ''), regions.region_index) as parent_label
    from children
    inner join {{ source('label_studio', 'regions') }} as regions
        on
            children.project = regions.project
            and children.task_id = regions.task_id
            and children.annotation_id = regions.annotation_id
            and children.parent_region_id = regions.region_id
    where regions.region_type like '%labels'
    group by children.review_id, children.parent_region_id

)

select * from lent
where parent_label != ''
