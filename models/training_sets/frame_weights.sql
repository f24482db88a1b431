-- The weight of each label on each frame: every reviewer's heaviest segment over it, summed; and the heaviest of all.
-- Numbers only: what holds for a whole stretch is in stretch_labels.

with

stretch_weights as (

    select * from {{ ref('stretch_weights') }}

),

frames as (

    {{ explode_together(
        'stretch_weights',
        ['stretch_label_id', 'one_start', 'one_end', 'other_start', 'other_end'],
        {
            'frame_idx': integer_series('stretch_start', 'stretch_end'),
            'one_weight': 'one_weights',
            'other_weight': 'other_weights',
        }
    ) }}

),

weighed as (

    select
        stretch_label_id,
        cast(frame_idx as integer) as frame_idx,
        coalesce(
            cast({{ exact_weight('one_weight') }} + {{ exact_weight('other_weight') }} as double), one_weight
        ) as weight_sum,
        case when other_weight > one_weight then other_start else one_start end as segment_start,
        case when other_weight > one_weight then other_end else one_end end as segment_end
    from frames

    union all

    select
        stretch_label_id,
        frame_idx,
        weight_sum,
        segment_start,
        segment_end
    from {{ ref('crowded_frame_weights') }}

)

select * from weighed
