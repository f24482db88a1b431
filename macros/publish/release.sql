{#- What a run publishes, and where: the only place that reads the var `version`. -#}

{#- The number of the version to publish, or none. Anything but a positive integer ends the run. -#}
{% macro version_to_publish() %}
    {%- set version = var('version', none) -%}
    {%- if version is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if version is not integer or version is boolean or version < 1 or version > 2147483647 -%}
        {%- do stop(
            "version must be a positive whole number, not " ~ tojson(version, version | string) ~ ".\n"
            ~ "Nothing was built. Publish with, for example: dbt build --vars 'version: 3'"
        ) -%}
    {%- endif -%}
    {{ return(version) }}
{% endmacro %}

{#- The folder that holds the published versions. -#}
{% macro training_sets_root() %}
    {{ return(env_var('HARVEST_TRAINING_SETS', '') or 'training_sets') }}
{% endmacro %}

{#- Text as a SQL literal. -#}
{% macro text_literal(text) %}
    {{ return("'" ~ (text | string | replace("'", "''")) ~ "'") }}
{% endmacro %}

{#- Ask Python (harvest.dbt_plugin) for what SQL cannot do. -#}
{% macro ask_python(verb, arguments) %}
    {% do adapter.store_relation('harvest', none, [], '', verb, arguments) %}
{% endmacro %}

{#- End the run with a message for a person. -#}
{% macro stop(message) %}
    {% if execute %}
        {% do ask_python('stop', {'message': message}) %}
    {% endif %}
{% endmacro %}

{#- Hook: end the run if a model has found a problem that it describes in its column `problem`. -#}
{% macro stop_on_problem(relation) %}
    {% if execute %}
        {% set problems = run_query("select min(problem) from " ~ relation).rows %}
        {% if problems[0][0] is not none %}
            {% do stop(problems[0][0]) %}
        {% endif %}
    {% endif %}
{% endmacro %}

{#- Version of the database engine, as SQL. -#}
{% macro engine_version() %}{{ return(adapter.dispatch('engine_version', 'label_harvest')()) }}{% endmacro %}
{% macro default__engine_version() %}version(){% endmacro %}

{#- The folder of dbt_project.yml. -#}
{% macro project_folder() %}{{ return(invocation_args_dict.get('project_dir')) }}{% endmacro %}
