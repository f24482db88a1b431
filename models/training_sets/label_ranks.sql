-- The rank of each label on a frame that has several, by the weight as it is published.

with

stretch_labels as (

    select * from {{ ref('stretch_labels') }}
    where has_other_labels

),

frame_weights as (

    select * from {{ ref('frame_weights') }}

),

weighed as (

    select
        stretch_labels.stretch_label_id,
        stretch_labels.place_id,
        stretch_labels.label,
        stretch_labels.agreement,
        stretch_labels.label_posterior,
        frame_weights.frame_idx,
        {{ frame_weight() }} as weight
    from frame_weights
    inner join stretch_labels on frame_weights.stretch_label_id = stretch_labels.stretch_label_id

),

ranked as (

    select
        stretch_label_id,
        frame_idx,
        row_number() over (
            partition by place_id, frame_idx
            order by
                {% if var('timeline_consensus') == 'dawid_skene' %}label_posterior desc, {% endif -%}
                weight desc, agreement desc, label
        ) as label_rank
    from weighed

)

select
    stretch_label_id,
    frame_idx,
    cast(label_rank as integer) as label_rank
from ranked
