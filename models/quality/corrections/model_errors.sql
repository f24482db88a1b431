-- How wrong each version of a model was, by the corrections of its reviewers, per label. Errors are of predictions that
-- were kept under their label, untouched ones included with 0; a bias is predicted minus corrected, so a positive
-- bias_x_px says that the model puts the point too far to the right.
-- A model looks better than it is where reviewers accept without looking: read it beside annotator_records.
{% set biases = {
    'bias_x_px': 'dx_px',
    'bias_y_px': 'dy_px',
    'bias_start_frames': 'delta_start_frames',
    'bias_end_frames': 'delta_end_frames',
} %}

with

corrections as (

    select * from {{ ref('corrections') }}

),

named as (

    select
        *,
        coalesce(predicted_label, label) as of_label,
        greatest(abs(delta_start_frames), abs(delta_end_frames)) as delta_frames,
        correction in ('untouched', 'nudged', 'moved') as is_kept,
        correction != 'added' as is_predicted
    from corrections

),

errors as (

    select
        project,
        model_version,
        region_type,
        of_label as label,
        cast(count(*) filter (where is_predicted) as bigint) as n,
        {%- for kind in ['untouched', 'nudged', 'moved', 'relabelled', 'deleted', 'added'] %}
        cast(count(*) filter (where correction = '{{ kind }}') as bigint) as {{ kind }},
        {%- endfor %}
        {{ quantiles('case when is_kept then distance_px end', [0.5, 0.9]) }} as distances_px,
        {{ quantiles('case when is_kept then delta_frames end', [0.5, 0.9]) }} as distances_frames,
        {%- for bias, delta in biases.items() %}
        {{ ratio(exact_sum('case when is_kept then -' ~ delta ~ ' end'),
            'count(case when is_kept then ' ~ delta ~ ' end)') }} as {{ bias }},
        {%- endfor %}
        {{ quantiles('case when is_kept then -delta_iou end', [0.5, 0.9]) }} as lost_ious
    from named
    group by project, model_version, region_type, of_label

)

select
    project,
    model_version,
    region_type,
    label,
    n,
    untouched,
    nudged,
    moved,
    relabelled,
    deleted,
    added,
    {{ figure(ratio('moved + relabelled + deleted', 'n')) }} as share_corrected,
    {{ figure(element_at_position('distances_px', 1)) }} as median_error_px,
    {{ figure(element_at_position('distances_px', 2)) }} as p90_error_px,
    {{ figure('bias_x_px') }} as bias_x_px,
    {{ figure('bias_y_px') }} as bias_y_px,
    {{ figure(element_at_position('distances_frames', 1)) }} as median_error_frames,
    {{ figure(element_at_position('distances_frames', 2)) }} as p90_error_frames,
    {{ figure('bias_start_frames') }} as bias_start_frames,
    {{ figure('bias_end_frames') }} as bias_end_frames,
    {{ figure(element_at_position('lost_ious', 1)) }} as median_lost_iou,
    {{ figure(element_at_position('lost_ious', 2)) }} as p90_lost_iou
from errors
