{#- on-run-start: everything that can be said against a run before its first model. -#}
{% macro check_run() %}
    {% if execute %}
        {% do check_var_names() %}
        {% if var_problem() is not none %}
            {% do stop(var_problem()) %}
        {% endif %}
        {% set version = version_to_publish() %}
        {% if flags.WHICH != 'seed' %}
            {% do check_exports_loaded() %}
        {% endif %}
        {% if version is not none %}
            {% do refuse_unless_complete() %}
            {% do ask_python('prepare', {'root': training_sets_root(), 'version': version}) %}
            {% do log("Version " ~ version ~ " is to be published in " ~ training_sets_root() ~ ".", info=true) %}
        {% endif %}
    {% endif %}
{% endmacro %}

{#- on-run-end: unlock, and say what was published. -#}
{% macro report_run(results) %}
    {% if execute %}
        {% set version = version_to_publish() %}
        {% if version is not none %}
            {% do ask_python('finish', {'root': training_sets_root(), 'version': version}) %}
            {% do log(published_message(version, results), info=true) %}
        {% elif flags.WHICH == 'build' %}
            {% do log("Nothing was published: no version was given. Publish with, for example: dbt build --vars 'version: 1'", info=true) %}
        {% endif %}
    {% endif %}
{% endmacro %}

{#- What came of the request to publish a version, for a person. -#}
{% macro published_message(version, results) %}
    {% for result in results if result.node.name == 'published_version' and result.status == 'success' %}
        {% set node = result.node %}
        {{ return(run_query(
            "select message from " ~ api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)
        ).rows[0][0]) }}
    {% endfor %}
    {{ return("Version " ~ version ~ " was not published; what stopped it is listed below.") }}
{% endmacro %}

{#- Names of the vars that dbt_project.yml declares, and `version`. -#}
{% macro known_vars() %}
    {% set file = project_folder() ~ '/dbt_project.yml' %}
    {% set project = fromyaml(run_query("select content from read_text(" ~ text_literal(file) ~ ")").rows[0][0]) %}
    {{ return(['version'] + (project.get('vars') or {}).keys() | list) }}
{% endmacro %}

{#- dbt takes a misspelt var without a word and builds with the default: no run with an unknown var gets further. -#}
{% macro check_var_names() %}
    {% set known = known_vars() %}
    {% for name in invocation_args_dict.get('vars') or {} if name not in known %}
        {% set nearest = run_query(
            "select name from (values ('" ~ known | join("'), ('") ~ "')) as known (name) "
            ~ "order by damerau_levenshtein(name, " ~ text_literal(name | lower) ~ "), name limit 1"
        ).rows[0][0] %}
        {% do stop(
            "There is no var " ~ name ~ ". Did you mean " ~ nearest ~ "?\n"
            ~ "Nothing was built. The vars are version and those under `vars` in dbt_project.yml."
        ) %}
    {% endfor %}
{% endmacro %}

{#- Without a load there is nothing to build from. -#}
{% macro check_exports_loaded() %}
    {% set loaded = run_query(
        "select table_name from information_schema.tables where table_schema = 'label_studio'"
    ).columns[0].values() %}
    {% for source in graph.sources.values() if source.source_name == 'label_studio' and source.identifier not in loaded %}
        {% do stop(
            "No exports are loaded in " ~ target.path ~ " (table label_studio." ~ source.identifier ~ " is missing).\n"
            ~ "Load some first: harvest load PATH…"
        ) %}
    {% endfor %}
{% endmacro %}
