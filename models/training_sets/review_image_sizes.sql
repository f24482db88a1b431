-- The image size each review was drawn on, in pixels: its first region that has one, else its task's data. The largest
-- size is that of any region: scripts write regions of one image with different sizes.

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
        original_width,
        original_height,
        region_index,
        original_width is not null and original_height is not null as has_size
    from {{ source('label_studio', 'regions') }}
    where original_width is not null or original_height is not null

),

annotation_sizes as (

    select
        project,
        task_id,
        annotation_id,
        bool_or(has_size) as has_size,
        min_by(original_width, region_index) filter (where has_size) as image_width,
        min_by(original_height, region_index) filter (where has_size) as image_height,
        max(original_width) as largest_width,
        max(original_height) as largest_height
    from regions
    group by project, task_id, annotation_id

),

sized as (

    select
        reviews.review_id,
        try_cast(
            case when sizes.has_size then sizes.image_width else reviews.image_width end as integer
        ) as image_width,
        try_cast(
            case when sizes.has_size then sizes.image_height else reviews.image_height end as integer
        ) as image_height,
        greatest(sizes.largest_width, reviews.image_width) as largest_image_width,
        greatest(sizes.largest_height, reviews.image_height) as largest_image_height
    from reviews
    left join annotation_sizes as sizes
        on
            reviews.project = sizes.project
            and reviews.task_id = sizes.task_id
            and reviews.annotation_id = sizes.annotation_id

)

select * from sized
