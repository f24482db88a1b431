-- The numbers that tell apart points, or boxes, of one review that share label and instance: #1, #2, … from left to
-- right. Only reviews that may repeat a label are looked at closely.

with

image_regions as (

    select
        review_id,
        region_index,
        is_box,
        {{ first_element('labels') }} as label,
        parent_region_id,
        x / 100 * image_width as x_px,
        y / 100 * image_height as y_px
    from {{ ref('image_regions') }}
    where rejection_reason is null

),

repeating_reviews as (

    select * from {{ ref('region_counts') }}
    where may_repeat_points or may_repeat_boxes

),

parent_labels as (

    select * from {{ ref('parent_labels') }}

),

instances as (

    select
        image_regions.review_id,
        image_regions.region_index,
        image_regions.is_box,
        image_regions.label,
        coalesce(parent_labels.parent_label, '') as instance,
        image_regions.x_px,
        image_regions.y_px
    from image_regions
    inner join repeating_reviews on image_regions.review_id = repeating_reviews.review_id
    left join parent_labels
        on
            image_regions.review_id = parent_labels.review_id
            and image_regions.parent_region_id = parent_labels.parent_region_id

),

numbered as (

    select
        review_id,
        region_index,
        row_number() over (
            partition by review_id, is_box, label, instance order by x_px, y_px, region_index
        ) as instance_number,
        count(*) over (partition by review_id, is_box, label, instance) as same_instance
    from instances

)

select
    review_id,
    region_index,
    cast(instance_number as integer) as instance_number
from numbered
where same_instance > 1
