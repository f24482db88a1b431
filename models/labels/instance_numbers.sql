-- The numbers that tell apart points, or boxes, of one review that share label and instance: #1, #2, … from left to
-- right. Only reviews that repeat a label are looked at closely: their set of bits, one for each label, has fewer bits
-- than they have regions. Labels that share a bit bring some reviews more here, and none less.

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

parent_labels as (

    select * from {{ ref('parent_labels') }}

),

labels as (

    select
        label,
        cast(power(2, (row_number() over (order by label) - 1) % 62) as bigint) as label_bit
    from (select distinct label from image_regions) as distinct_labels

),

repeating_reviews as (

    select
        image_regions.review_id,
        image_regions.is_box
    from image_regions
    inner join labels on image_regions.label = labels.label
    group by image_regions.review_id, image_regions.is_box
    having bit_count(bit_or(labels.label_bit)) < count(*)

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
    inner join repeating_reviews
        on
            image_regions.review_id = repeating_reviews.review_id
            and image_regions.is_box = repeating_reviews.is_box
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
