-- Annotations that differ from the prediction they started from, in any label region: values beyond the
-- tolerance, other labels, a region more or less. Those the loader saw to be identical are not compared again.

with

compared as (

    select project, task_id, annotation_id
    from {{ source('label_studio', 'annotations') }}
    where prediction_state = 'known' and not is_prediction_identical

),

annotation_regions as (

    {{ comparable_regions(source('label_studio', 'regions')) }}

),

predicted_regions as (

    {{ comparable_regions(source('label_studio', 'prediction_regions')) }}

),

paired as (

    select
        coalesce(annotation_regions.project, predicted_regions.project) as project,
        coalesce(annotation_regions.task_id, predicted_regions.task_id) as task_id,
        coalesce(annotation_regions.annotation_id, predicted_regions.annotation_id) as annotation_id,
        coalesce(
            annotation_regions.region_type = predicted_regions.region_type
            and annotation_regions.labels = predicted_regions.labels
            and annotation_regions.ranges = predicted_regions.ranges
            {%- for value in ['x', 'y', 'width', 'height', 'rotation'] %}
            and {{ is_same_value('annotation_regions.' ~ value, 'predicted_regions.' ~ value) }}
            {%- endfor %},
            false
        ) as is_same
    from annotation_regions
    full outer join predicted_regions
        on
            annotation_regions.project = predicted_regions.project
            and annotation_regions.task_id = predicted_regions.task_id
            and annotation_regions.annotation_id = predicted_regions.annotation_id
            and annotation_regions.region_id = predicted_regions.region_id
            and annotation_regions.occurrence = predicted_regions.occurrence

),

edited as (

    select project, task_id, annotation_id, count(*) as edited_region_count
    from paired
    where not is_same
    group by project, task_id, annotation_id

)

select * from edited
