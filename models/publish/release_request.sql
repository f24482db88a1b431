-- What this run was asked to publish, with which settings and which dbt.
-- depends_on: {{ ref('release_gate') }}

{{ config(pre_hook="{{ refuse_unless_complete() }}") }}

select
    cast({{ version_to_publish() if version_to_publish() is not none else 'null' }} as integer) as version,
    {{ text_literal(training_sets_root()) }} as root,
    {{ text_literal(project_folder()) }} as project_folder,
    {{ text_literal(settings_json() if execute else '') }} as settings,
    {{ text_literal(dbt_version) }} as dbt_version,
    {{ engine_version() }} as duckdb_version
