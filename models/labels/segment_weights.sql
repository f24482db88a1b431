-- The weight of every position in a segment, one row per segment length in use and position: 1.0 at the centre, less
-- towards both ends, where nobody can say to the frame when an action begins. Lengths repeat, so the windows run over
-- the few rows of this table and not over every frame of every segment.

with

segment_lengths as (

    select distinct segment_end - segment_start + 1 as frame_count
    from {{ ref('timeline_segments') }}

),

positions as (

    select
        segment_lengths.frame_count,
        row_number() over (partition by segment_lengths.frame_count order by series.frame) - 1 as from_start,
        count(*) over (partition by segment_lengths.frame_count) as frames
    from segment_lengths
    {{ explode(integer_series(1, 'segment_lengths.frame_count'), 'series', 'frame') }}

),

ramps as (

    select
        frame_count,
        from_start,
        {% if var('boundary_frames') is none -%}
        least(from_start, frames - 1 - from_start) as ramp_position,
        floor((frames - 1) / 2) as ramp_length
        {%- else -%}
        least(from_start, frames - 1 - from_start, {{ var('boundary_frames') }}) as ramp_position,
        least(floor((frames - 1) / 2), {{ var('boundary_frames') }}) as ramp_length
        {%- endif %}
    from positions

),

weights as (

    select
        cast(frame_count as integer) as frame_count,
        cast(from_start as integer) as from_start,
        {% if var('boundary_frames') == 0 -%}
        1e0 as weight
        {%- else -%}
        {{ var('boundary_weight') }}
        + (1 - {{ var('boundary_weight') }}) * coalesce(ramp_position / nullif(cast(ramp_length as double), 0), 0)
            as weight
        {%- endif %}
    from ramps

)

select * from weights
