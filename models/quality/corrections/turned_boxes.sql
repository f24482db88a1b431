{{ config(materialized='view') }}

-- Boxes that reviewers turned, and the area each shares with the predicted box of the same id. Found in the staged
-- regions directly: they are few, and need none of the pairing of everything else.

with

annotations as (

    select * from {{ ref('corrected_annotations') }}
    where not is_identical

),

annotated as (

    select * from {{ source('label_studio', 'regions') }}
    where region_type = 'rectanglelabels'

),

predicted as (

    select * from {{ source('label_studio', 'prediction_regions') }}
    where region_type = 'rectanglelabels'

),

turned as (

    select
        annotated.project,
        annotated.task_id,
        annotated.annotation_id,
        annotated.region_index,
        predicted.region_index as predicted_index,
        coalesce(annotated.original_width, annotations.image_width) / 100 as px_per_x,
        coalesce(annotated.original_height, annotations.image_height) / 100 as px_per_y,
        {%- for value in ['x', 'y', 'width', 'height', 'rotation'] %}
        annotated.{{ value }},
        predicted.{{ value }} as predicted_{{ value }},
        {%- endfor %}
        annotated.x as origin_x,
        annotated.y as origin_y
    from annotated
    inner join predicted
        on
            annotated.project = predicted.project
            and annotated.task_id = predicted.task_id
            and annotated.annotation_id = predicted.annotation_id
            and coalesce(annotated.region_id, '') = coalesce(predicted.region_id, '')
    inner join annotations
        on
            annotated.project = annotations.project
            and annotated.task_id = annotations.task_id
            and annotated.annotation_id = annotations.annotation_id
    where
        not {{ is_same_value('annotated.rotation', 'predicted.rotation') }}
        and annotated.width > 0
        and annotated.height > 0
        and predicted.width > 0
        and predicted.height > 0

),

-- from the corner that the reviewer left: areas do not lose digits far from the image's origin
sides_of_pairs as (

    {% for prefix in ['', 'predicted_'] %}
    select
        project,
        task_id,
        annotation_id,
        region_index,
        predicted_index,
        {{ loop.index }} as side,
        ({{ prefix }}x - origin_x) * px_per_x as x,
        ({{ prefix }}y - origin_y) * px_per_y as y,
        {{ prefix }}width * px_per_x as width,
        {{ prefix }}height * px_per_y as height,
        {{ prefix }}rotation as rotation
    from turned
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

{{ intersection_areas(
    'sides_of_pairs', ['project', 'task_id', 'annotation_id', 'region_index', 'predicted_index']
) }}

select
    project,
    task_id,
    annotation_id,
    region_index,
    predicted_index,
    intersection_area
from intersection_areas
