{#- The gates of a release: every data test with the tag `gate`, except those on the release itself. -#}
{% macro gates() %}
    {% set gates = [] %}
    {% for test in graph.nodes.values() if 'gate' in test.tags and not is_release_check(test) %}
        {% do gates.append(test) %}
    {% endfor %}
    {{ return(gates | sort(attribute='name')) }}
{% endmacro %}

{#- The data tests on the publishing models, such as the comparison of the written files. -#}
{% macro release_checks() %}
    {% set checks = [] %}
    {% for test in graph.nodes.values() if is_release_check(test) %}
        {% do checks.append(test) %}
    {% endfor %}
    {{ return(checks | sort(attribute='name')) }}
{% endmacro %}

{% macro is_release_check(node) %}
    {% if node.resource_type == 'test' %}
        {% for parent in node.depends_on.nodes if parent in graph.nodes and 'publish' in graph.nodes[parent].fqn %}
            {{ return(true) }}
        {% endfor %}
    {% endif %}
    {{ return(false) }}
{% endmacro %}

{#- Ids of everything a node is built from, itself included. -#}
{% macro ancestors_of(unique_id) %}
    {% set found = [unique_id] %}
    {% for id in found %}
        {% for parent in (graph.nodes[id].depends_on.nodes if id in graph.nodes else []) if parent not in found %}
            {% do found.append(parent) %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#- One row per gate that has run in this run: `name`, `severity`, `status`, `failures`. dbt tells test results only
    after the last node, so they are read from the tables of failing rows that every gate stores, by dbt's own rule. -#}
{% macro gate_results() %}
    {%- set selects = [] -%}
    {%- for gate in gates() if gate.unique_id in selected_resources -%}
        {%- set select -%}
            select
                {{ text_literal(gate.name) }} as name,
                {{ text_literal(gate.config.severity | lower) }} as severity,
                case when count_of_failures {{ gate.config.warn_if }} then 'warn' else 'pass' end as status,
                cast(count_of_failures as bigint) as failures
            from (select {{ gate.config.fail_calc }} as count_of_failures from {{ gate.relation_name }}) as failing
        {%- endset -%}
        {%- do selects.append(select) -%}
    {%- endfor -%}
    {{ return(selects | join('\nunion all\n') if selects else
        "select '' as name, '' as severity, '' as status, cast(0 as bigint) as failures where false") }}
{% endmacro %}

{#- Why this run may not publish, as text for a person; empty when it may. -#}
{% macro why_not_publish() %}
    {%- set version = version_to_publish() -%}
    {%- set remedy = "Publish with the whole build: dbt build --vars 'version: " ~ version ~ "'" -%}
    {%- if version is none -%}
        {{ return('') }}
    {%- endif -%}
    {%- if flags.WHICH != 'build' -%}
        {{ return("Version " ~ version ~ " cannot be published by `dbt " ~ flags.WHICH ~ "`, which does not run every gate.\n" ~ remedy) }}
    {%- endif -%}
    {%- if invocation_args_dict.get('empty') or invocation_args_dict.get('sample') -%}
        {{ return("Version " ~ version ~ " cannot be published from empty or sampled models (--empty, --sample).\n" ~ remedy) }}
    {%- endif -%}

    {%- set release = ancestors_of('model.' ~ project_name ~ '.published_version') -%}
    {%- set gated = ancestors_of('model.' ~ project_name ~ '.release_gate') -%}
    {%- set missing_models = [] -%}
    {%- for id in release if id in graph.nodes and id not in selected_resources -%}
        {%- do missing_models.append(graph.nodes[id].name) -%}
    {%- endfor -%}
    {%- set missing_gates = [] -%}
    {%- set unheard_gates = [] -%}
    {%- set gates = gates() -%}
    {%- set required_tests = gates + release_checks() -%}
    {%- for test in required_tests if test.unique_id not in selected_resources -%}
        {%- do missing_gates.append(test.name) -%}
    {%- endfor -%}
    {%- for gate in gates -%}
        {%- if not gate.relation_name or gate.depends_on.nodes | reject('in', gated) | list -%}
            {%- do unheard_gates.append(gate.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not gates -%}
        {{ return("Version " ~ version ~ " cannot be published: the project has no gate (no data test with the tag `gate`).") }}
    {%- endif -%}
    {%- if missing_gates or missing_models -%}
        {%- set left_out = [] -%}
        {%- if missing_gates -%}
            {%- do left_out.append(missing_gates | length ~ " of " ~ required_tests | length ~ " gates (" ~ missing_gates[:3] | join(', ') ~ (', …' if missing_gates | length > 3) ~ ")") -%}
        {%- endif -%}
        {%- if missing_models -%}
            {%- do left_out.append(missing_models | length ~ " models (" ~ missing_models[:3] | join(', ') ~ (', …' if missing_models | length > 3) ~ ")") -%}
        {%- endif -%}
        {{ return(
            "Version " ~ version ~ " cannot be published by this run: it leaves out " ~ left_out | join(' and ') ~ ".\n"
            ~ remedy ~ "\nwithout --select, --exclude, --resource-type or --exclude-resource-type."
        ) }}
    {%- endif -%}
    {%- if unheard_gates -%}
        {{ return(
            "Version " ~ version ~ " cannot be published: the release would not wait for " ~ unheard_gates | join(', ') ~ ".\n"
            ~ "A gate must store its failures, and models/publish/release_gate.sql must refer to what it tests."
        ) }}
    {%- endif -%}
    {{ return('') }}
{% endmacro %}

{#- Hook of every publishing model: a run that is not the whole build never gets past it with a version. -#}
{% macro refuse_unless_complete() %}
    {% if execute and why_not_publish() %}
        {% do stop(why_not_publish()) %}
    {% endif %}
{% endmacro %}
