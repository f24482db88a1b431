{{ config(materialized='view') }}

-- Regions of annotations that are not identical to their prediction, beside the predicted region of the same id; a
-- region that only one of them has stands alone. In percent and in Label Studio's frames, as drawn.

with

compared as (

    select project, task_id, annotation_id
    from {{ ref('corrected_annotations') }}
    where not is_identical

),

annotated as (

    {{ region_parts(source('label_studio', 'regions')) }}

),

predicted as (

    {{ region_parts(source('label_studio', 'prediction_regions')) }}

),

paired as (

    select
        coalesce(annotated.project, predicted.project) as project,
        coalesce(annotated.task_id, predicted.task_id) as task_id,
        coalesce(annotated.annotation_id, predicted.annotation_id) as annotation_id,
        coalesce(annotated.region_id, predicted.region_id) as region_id,
        coalesce(annotated.region_index, predicted.region_index) as region_index,
        predicted.region_index as predicted_index,
        coalesce(annotated.range_index, predicted.range_index) as range_index,
        coalesce(annotated.region_type, predicted.region_type) as region_type,
        annotated.project is null as is_deleted,
        predicted.project is null as is_added,
        coalesce(annotated.label != predicted.label or annotated.region_type != predicted.region_type, false)
            as is_relabelled,
        annotated.label,
        predicted.label as predicted_label,
        {%- for value in ['x', 'y', 'width', 'height', 'rotation', 'start_frame', 'end_frame'] %}
        annotated.{{ value }},
        predicted.{{ value }} as predicted_{{ value }},
        {%- endfor %}
        coalesce(annotated.original_width, predicted.original_width) as original_width,
        coalesce(annotated.original_height, predicted.original_height) as original_height
    from annotated
    full outer join predicted
        on
            annotated.project = predicted.project
            and annotated.task_id = predicted.task_id
            and annotated.annotation_id = predicted.annotation_id
            and coalesce(annotated.region_id, '') = coalesce(predicted.region_id, '')
            and annotated.occurrence = predicted.occurrence
            and annotated.range_index = predicted.range_index

)

select * from paired
