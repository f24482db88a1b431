{#- Hook: write a relation to the file that `release_contents` names for it, ordered by its full unique key so that the
    bytes are the same every time. Writes nothing when the run publishes nothing, or what is published already. -#}
{% macro export_parquet(name, order_by) %}
    {% if execute %}
        {% do refuse_unless_complete() %}
        {% set files = run_query(
            "select target_file from " ~ ref('release_contents') ~ " where name = " ~ text_literal(name)
        ).rows %}
        {% if files and files[0][0] is not none %}
            {{ return(write_parquet(this, files[0][0], order_by)) }}
        {% endif %}
    {% endif %}
{% endmacro %}

{#- Statement that writes a relation to one parquet file in the given order. -#}
{% macro write_parquet(relation, file, order_by) %}
    {{ return(adapter.dispatch('write_parquet', 'label_harvest')(relation, file, order_by)) }}
{% endmacro %}

{% macro default__write_parquet(relation, file, order_by) -%}
    copy (select * from {{ relation }} order by {{ order_by | join(' nulls last, ') }} nulls last)
    to {{ text_literal(file) }} (format parquet, compression zstd)
{%- endmacro %}

{#- Value of every var in this run, as JSON text. -#}
{% macro settings_json() %}
    {% set settings = {} %}
    {% for name in known_vars() | sort if name != 'version' %}
        {% do settings.update({name: var(name)}) %}
    {% endfor %}
    {{ return(tojson(settings)) }}
{% endmacro %}
