-- The labels that points and boxes begin with, numbered from A to Z. A table of its own, since an engine that does not
-- know how few they are may look them up the wrong way round.

with

labels as (

    select distinct {{ first_element('labels') }} as label
    from {{ source('label_studio', 'regions') }}
    where project != 'a' and len(labels) > 0

)

select
    label,
    cast(row_number() over (order by label) as integer) as label_number
from labels
