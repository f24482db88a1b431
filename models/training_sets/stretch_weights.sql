{{ config(materialized='view') }}

-- The stretches over which at most two segments give a label, no two of one review, which are nearly all: the segments
-- side by side, the one that starts, then ends, earlier first, each with the weights it has on the stretch's frames.

with

stretches as (

    select * from {{ ref('timeline_stretches') }}
    where segments_of_label <= 2 and segments_of_review = 1

),

ramps as (

    select * from {{ ref('segment_ramps') }}

),

paired as (

    select
        stretch_label_id,
        min(stretch_start) as stretch_start,
        min(stretch_end) as stretch_end,
        count(*) as segments,
        min({{ segment_bounds() }}) as one,
        max({{ segment_bounds() }}) as other
    from stretches
    group by stretch_label_id

),

weighed as (

    select
        paired.stretch_label_id,
        paired.stretch_start,
        paired.stretch_end,
        {%- for segment in ['one', 'other'] %}
        paired.{{ segment }}.segment_start as {{ segment }}_start,
        paired.{{ segment }}.segment_end as {{ segment }}_end,
        {%- endfor %}
        {{ weights_on_stretch('one') }} as one_weights,
        case when paired.segments = 2 then {{ weights_on_stretch('other') }} end as other_weights
    from paired
    inner join ramps as ramp_of_one
        on paired.one.segment_end - paired.one.segment_start + 1 = ramp_of_one.frame_count
    inner join ramps as ramp_of_other
        on paired.other.segment_end - paired.other.segment_start + 1 = ramp_of_other.frame_count

)

select * from weighed
