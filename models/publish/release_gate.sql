-- The gates every published row has passed. Refers to everything that gates look at, so that a failing gate of
-- severity error skips this model and with it all that publishes.
-- depends_on: {{ ref('training_set_a') }}
-- depends_on: {{ ref('training_set_b') }}
-- depends_on: {{ ref('training_set_c') }}
-- depends_on: {{ ref('annotation_verdicts') }}
-- depends_on: {{ ref('frame_reviews') }}
-- depends_on: {{ ref('rejected_regions') }}
-- depends_on: {{ ref('quality_shares') }}
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
