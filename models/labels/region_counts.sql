-- How many usable points and boxes each review has, and whether some of them may share a label: their set of bits, one
-- for each label, has fewer bits than there are regions. Labels that share a bit make some reviews look so, and hide
-- none.

with

image_regions as (

    select
        review_id,
        is_box,
        {{ first_element('labels') }} as label
    from {{ ref('image_regions') }}
    where rejection_reason is null

),

labels as (

    select
        label,
        cast(power(2, (label_number - 1) % 62) as bigint) as label_bit
    from {{ ref('region_labels') }}

),

counted as (

    select
        image_regions.review_id,
        count(*) filter (where not image_regions.is_box) as points,
        count(*) filter (where image_regions.is_box) as boxes,
        bit_count(bit_or(case when image_regions.is_box then 0 else labels.label_bit end)) as point_bits,
        bit_count(bit_or(case when image_regions.is_box then labels.label_bit else 0 end)) as box_bits
    from image_regions
    inner join labels on image_regions.label = labels.label
    group by image_regions.review_id

)

select
    review_id,
    points,
    boxes,
    point_bits < points as may_repeat_points,
    box_bits < boxes as may_repeat_boxes
from counted
