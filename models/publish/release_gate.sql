-- The gates every published row has passed. Refers to everything that gates look at, so that a failing gate of
-- severity error skips this model and with it all that publishes.
-- depends_on: {{ ref('training_set_a') }}
-- depends_on: {{ ref('training_set_b') }}
-- depends_on: {{ ref('training_set_c') }}
-- depends_on: {{ ref('annotation_verdicts') }}
-- depends_on: {{ ref('frame_reviews') }}
-- depends_on: {{ ref('rejected_regions') }}
-- depends_on: {{ ref('quality_shares') }}
-- depends_on: {{ ref('agreement_timelines') }}
-- depends_on: {{ ref('agreement_segments') }}
-- depends_on: {{ ref('agreement_transitions') }}
-- depends_on: {{ ref('agreement_keypoints') }}
-- depends_on: {{ ref('agreement_causes') }}
-- depends_on: {{ ref('agreement_tier_bases') }}
-- depends_on: {{ ref('agreement_boxes') }}
-- depends_on: {{ ref('agreement_confusion') }}
-- depends_on: {{ ref('agreement_intervals') }}
-- depends_on: {{ ref('corrections') }}
-- depends_on: {{ ref('model_errors') }}
-- depends_on: {{ ref('annotator_records') }}
-- depends_on: {{ ref('annotator_weeks') }}
-- depends_on: {{ ref('quality_findings') }}
-- depends_on: {{ source('label_studio', 'config_labels') }}

{{ config(pre_hook="{{ refuse_unless_complete() }}") }}

with

results as (

    {{ gate_results() if execute else 'select 1' }}

)

select
    name,
    severity,
    status,
    failures
from results
