-- The image size each review was drawn on, in pixels: its first region that has one, else its task's data.

with

reviews as (

    select * from {{ ref('reviews') }}
    where project != 'a'

),

regions as (

    select
        project,
        task_id,
        annotation_id,
        min_by(original_width, region_index) as image_width,
        min_by(original_height, region_index) as image_height
    from {{ source('label_studio', 'regions') }}
    where original_width is not null and original_height is not null
    group by project, task_id, annotation_id

),

sized as (

    select
        reviews.review_id,
        cast(case when regions.task_id is null then reviews.image_width else regions.image_width end as integer)
            as image_width,
        cast(case when regions.task_id is null then reviews.image_height else regions.image_height end as integer)
            as image_height
    from reviews
    left join regions
        on
            reviews.project = regions.project
            and reviews.task_id = regions.task_id
            and reviews.annotation_id = regions.annotation_id

)

select * from sized
