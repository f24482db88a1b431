-- Usable points of the independent reviews of a frame, in pixels of the source image.

with

reviews as (

    select * from {{ ref('reviews') }}

),

image_regions as (

    select * from {{ ref('image_regions') }}
    where not is_box and rejection_reason is null

),

parent_labels as (

    select * from {{ ref('parent_labels') }}

),

in_pixels as (

    select
        reviews.place_id,
        reviews.review_id,
        reviews.reviewer_count,
        {{ first_element('image_regions.labels') }} as label,
        coalesce(parent_labels.parent_label, '') as instance,
        image_regions.x / 100 * image_regions.image_width as x_px,
        image_regions.y / 100 * image_regions.image_height as y_px,
        image_regions.region_index
    from image_regions
    inner join reviews on image_regions.review_id = reviews.review_id
    left join parent_labels
        on
            image_regions.review_id = parent_labels.review_id
            and image_regions.parent_region_id = parent_labels.parent_region_id

),

identified as (

    select
        place_id,
        review_id,
        reviewer_count,
        label,
        {{ numbered_instance('x_px, y_px, region_index') }} as instance,
        x_px,
        y_px
    from in_pixels

)

select * from identified
