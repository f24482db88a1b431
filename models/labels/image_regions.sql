{{ config(materialized='view') }}

-- Every point and box of a ground-truth annotation, with the rules it may break, in percent as drawn.

with

reviews as (

    select * from {{ ref('reviews') }}

),

-- reviews are joined here, where rows are annotations, and not where they are regions
annotations as (

    select
        annotations.*,
        reviews.review_number,
        reviews.reviewer_count
    from {{ ref('ground_truth_annotations') }} as annotations
    left join reviews on annotations.review_id = reviews.review_id
    where annotations.project != 'a'

),

regions as (

    select * from {{ source('label_studio', 'regions') }}
    where project != 'a' and region_type in ('keypointlabels', 'rectanglelabels')

),

placed as (

    select
        annotations.review_id,
        annotations.place_id,
        annotations.review_number,
        annotations.reviewer_count,
        annotations.project,
        annotations.task_id,
        annotations.annotation_id,
        regions.region_id,
        regions.region_index,
        regions.region_type = 'rectanglelabels' as is_box,
        regions.labels,
        regions.parent_region_id,
        regions.x,
        regions.y,
        regions.width,
        regions.height,
        regions.rotation,
        coalesce(regions.rotation % 360 != 0, false) as is_rotated,
        coalesce(regions.original_width, annotations.image_width) as image_width,
        coalesce(regions.original_height, annotations.image_height) as image_height
    from regions
    inner join annotations
        on
            regions.project = annotations.project
            and regions.task_id = annotations.task_id
            and regions.annotation_id = annotations.annotation_id

),

rules as (

    select
        *,
        len(labels) = 0 as has_no_label,
        len(labels) > 1 as has_several_labels,
        x is null or y is null
        or (is_box and (width is null or height is null or rotation is null)) as is_not_a_number,
        case
            when is_box
                then not (
                        x >= -{{ bounds_slack() }} and x <= 100 + {{ bounds_slack() }}
                        and y >= -{{ bounds_slack() }} and y <= 100 + {{ bounds_slack() }}
                        and (is_rotated or x + width between -{{ bounds_slack() }} and 100 + {{ bounds_slack() }})
                        and (is_rotated or y + height between -{{ bounds_slack() }} and 100 + {{ bounds_slack() }})
                    )
            else not (x between 0 and 100 and y between 0 and 100)
        end as is_out_of_bounds,
        image_width is null or image_height is null as has_no_image_size
    from placed

),

judged as (

    select
        *,
        case
            when has_no_label then 'no_label'
            when has_several_labels then 'several_labels'
            when is_not_a_number then 'not_a_number'
            when is_out_of_bounds then 'out_of_bounds'
            when has_no_image_size then 'no_image_size'
        end as rejection_reason
    from rules

)

select * from judged
