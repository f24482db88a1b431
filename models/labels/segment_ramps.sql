-- The weights of a segment as one list from its first frame to its last, one row per segment length in use: what
-- frames are expanded from.

with

segment_weights as (

    select * from {{ ref('segment_weights') }}

),

positions as (

    select
        frame_count,
        {{ collect_sorted(make_struct([['from_start', 'from_start'], ['weight', 'weight']])) }} as positions
    from segment_weights
    group by frame_count

)

select
    frame_count,
    {{ list_field('positions', 'weight') }} as weights
from positions
