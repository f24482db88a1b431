-- Every label and instance that a point may have, numbered: where millions of points are compared, numbers are compared
-- instead of texts.

with

labels as (

    select * from {{ ref('region_labels') }}

),

parents as (

    select parent_label from {{ ref('parent_labels') }}

    union

    select '' as parent_label

),

numbers as (

    select distinct '#' || instance_number as number_text
    from {{ ref('instance_numbers') }}

    union all

    select '' as number_text

),

names as (

    select distinct
        labels.label,
        parents.parent_label || numbers.number_text as instance
    from labels
    cross join parents
    cross join numbers

)

select
    label,
    instance,
    cast(row_number() over (order by label, instance) as integer) as point_id
from names
