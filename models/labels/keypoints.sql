-- Usable points of the independent reviews of a frame, in pixels of the source image.

with

image_regions as (

    select * from {{ ref('image_regions') }}
    where not is_box and rejection_reason is null and review_number is not null

),

parent_labels as (

    select * from {{ ref('parent_labels') }}

),

instance_numbers as (

    select * from {{ ref('instance_numbers') }}

),

point_names as (

    select * from {{ ref('point_names') }}

),

in_pixels as (

    select
        image_regions.place_id,
        image_regions.review_id,
        image_regions.review_number,
        image_regions.reviewer_count,
        {{ first_element('image_regions.labels') }} as label,
        coalesce(parent_labels.parent_label, '')
        || coalesce('#' || instance_numbers.instance_number, '') as instance,
        image_regions.x / 100 * image_regions.image_width as x_px,
        image_regions.y / 100 * image_regions.image_height as y_px
    from image_regions
    left join parent_labels
        on
            image_regions.review_id = parent_labels.review_id
            and image_regions.parent_region_id = parent_labels.parent_region_id
    left join instance_numbers
        on
            image_regions.review_id = instance_numbers.review_id
            and image_regions.region_index = instance_numbers.region_index

),

numbered as (

    select
        in_pixels.*,
        point_names.point_id
    from in_pixels
    inner join point_names
        on
            in_pixels.label = point_names.label
            and in_pixels.instance = point_names.instance

)

select * from numbered
