-- Usable boxes of the independent reviews of a frame: top-left corner, size, and clockwise rotation about that
-- corner, in pixels of the source image.

with

image_regions as (

    select * from {{ ref('image_regions') }}
    where is_box and rejection_reason is null and review_number is not null

),

parent_labels as (

    select * from {{ ref('parent_labels') }}

),

instance_numbers as (

    select * from {{ ref('instance_numbers') }}

),

in_pixels as (

    select
        image_regions.place_id,
        image_regions.review_id,
        image_regions.reviewer_count,
        {{ first_element('image_regions.labels') }} as label,
        coalesce(parent_labels.parent_label, '')
        || coalesce('#' || instance_numbers.instance_number, '') as instance,
        image_regions.x / 100 * image_regions.image_width as x_px,
        image_regions.y / 100 * image_regions.image_height as y_px,
        image_regions.width / 100 * image_regions.image_width as width_px,
        image_regions.height / 100 * image_regions.image_height as height_px,
        image_regions.rotation,
        image_regions.is_rotated
    from image_regions
    left join parent_labels
        on
            image_regions.review_id = parent_labels.review_id
            and image_regions.parent_region_id = parent_labels.parent_region_id
    left join instance_numbers
        on
            image_regions.review_id = instance_numbers.review_id
            and image_regions.region_index = instance_numbers.region_index

)

select * from in_pixels
