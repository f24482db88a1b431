{#- Formulas and constants of the models in models/quality. -#}

{#- Category of a frame on which a reviewer marked nothing. -#}
{% macro background() %}'(background)'{% endmacro %}

{#- Sum that does not depend on the order of its rows: of decimals with that many digits, as a double. -#}
{% macro exact_sum(value, digits=12) %}cast(sum(cast({{ value }} as decimal(38, {{ digits }}))) as double){% endmacro %}

{#- A published figure: nine digits are more than any sample supports, no float noise, and one zero: which of -0 and 0
    a quantile picks is chance, and they are different bytes. -#}
{% macro figure(value) %}(round({{ value }}, 9) + 0e0){% endmacro %}

{#- a / b as a double; null where b is 0. -#}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{#- Agreement beyond chance, (observed - expected) / (1 - expected); null where chance alone agrees always. -#}
{% macro beyond_chance(observed, expected) -%}
    case when 1 - ({{ expected }}) > {{ no_difference() }}
        then (({{ observed }}) - ({{ expected }})) / (1 - ({{ expected }}))
    end
{%- endmacro %}

{#- Two figures closer than that are the same figure. -#}
{% macro no_difference() %}1e-9{% endmacro %}

{#- Standard normal quantile of a two-sided 95 % interval. -#}
{% macro z_95() %}1.959963984540054{% endmacro %}

{#- The scopes that agreement is told for, with the columns that name one row of each. -#}
{% macro agreement_scopes() %}
    {{ return({
        'project': [],
        'label': ['label'],
        'episode': ['episode_key'],
        'pair': ['annotator_id_1', 'annotator_id_2'],
    }) }}
{% endmacro %}

{#- The columns that name a row in any scope, with their types. -#}
{% macro scope_columns() %}
    {{ return({
        'label': 'varchar', 'episode_key': 'varchar', 'annotator_id_1': 'bigint', 'annotator_id_2': 'bigint'
    }) }}
{% endmacro %}

{#- Select list: the scope's name and its columns, null where the scope has none. -#}
{% macro scope_keys(scope) -%}
    '{{ scope }}' as scope
    {%- for column, type in scope_columns().items() %},
    {% if column in agreement_scopes()[scope] %}{{ column }}{% else %}cast(null as {{ type }}){% endif %} as {{ column }}
    {%- endfor %}
{%- endmacro %}

{#- Names of the columns that `scope_keys` gives. -#}
{% macro scope_key_names() %}{{ return('scope, ' ~ scope_columns().keys() | join(', ')) }}{% endmacro %}

{#- Join condition: the rows of two relations name the same project and scope. -#}
{% macro is_same_scope(one, other) -%}
    {{ one }}.project = {{ other }}.project
    and {{ one }}.scope = {{ other }}.scope
    {%- for column in scope_columns() %}
    and {{ one }}.{{ column }} is not distinct from {{ other }}.{{ column }}
    {%- endfor %}
{%- endmacro %}

{#- px of the two published PCK figures: the share of points at most so far apart. -#}
{% macro pck_px() %}{{ return([5, 20]) }}{% endmacro %}

{#- The label or instance on the other side of the body; itself when it has no side. -#}
{% macro mirrored(name) -%}
    case
        when {{ name }} like '%left%' then replace({{ name }}, 'left', 'right')
        when {{ name }} like '%right%' then replace({{ name }}, 'right', 'left')
        else {{ name }}
    end
{%- endmacro %}

{#- Similarity of two placements of one point, 0..1: the term that OKS is the mean of. `vars = (2 sigma)^2` and the
    area as in computeOks of pycocotools. -#}
{% macro keypoint_similarity(distance, area, sigma) -%}
    exp(-cast({{ distance }} as double) * cast({{ distance }} as double) / (2 * {{ area }} * (2 * {{ sigma }}) * (2 * {{ sigma }})))
{%- endmacro %}

{#- Length that two stretches share, from `<start>` on for `<length>` and the same with `predicted_`. -#}
{% macro shared_length(start, length) -%}
    greatest(least({{ start }} + {{ length }}, predicted_{{ start }} + predicted_{{ length }}) - greatest({{ start }}, predicted_{{ start }}), 0)
{%- endmacro %}
