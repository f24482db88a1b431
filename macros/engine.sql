{#- SQL that differs between engines, one named macro each: another engine adds its own variant here. -#}

{#- Percent-decoded text; null when it is not validly encoded. -#}
{% macro url_decode(text) %}{{ return(adapter.dispatch('url_decode', 'label_harvest')(text)) }}{% endmacro %}
{% macro default__url_decode(text) %}try(url_decode({{ text }})){% endmacro %}

{#- Group of a regular expression's first match; null when there is no match or no such group. -#}
{% macro regexp_group(text, pattern, group) %}{{ return(adapter.dispatch('regexp_group', 'label_harvest')(text, pattern, group)) }}{% endmacro %}
{% macro default__regexp_group(text, pattern, group) -%}
    {%- if modules.re.compile(pattern).groups < group -%}
        cast(null as varchar)
    {%- else -%}
        nullif(regexp_extract({{ text }}, '{{ pattern | replace("'", "''") }}', {{ group }}), '')
    {%- endif -%}
{%- endmacro %}

{#- Text from the first occurrence of a marker on, without it. -#}
{% macro text_after(text, marker) %}{{ return(adapter.dispatch('text_after', 'label_harvest')(text, marker)) }}{% endmacro %}
{% macro default__text_after(text, marker) %}substr({{ text }}, strpos({{ text }}, {{ marker }}) + length({{ marker }})){% endmacro %}

{#- `cross join` clause that gives one row per element of a list: table alias and column name of the element. -#}
{% macro explode(list, table_alias, column) %}{{ return(adapter.dispatch('explode', 'label_harvest')(list, table_alias, column)) }}{% endmacro %}
{% macro default__explode(list, table_alias, column) %}cross join unnest({{ list }}) as {{ table_alias }} ({{ column }}){% endmacro %}

{#- Select that gives one row per position of several lists of the same length: `kept` columns of the relation, and of each
    list, {column: list}, its element there. Faster than `explode` of one list and a look-up of the others by far. A null
    list gives nulls. -#}
{% macro explode_together(relation, kept, lists) %}{{ return(adapter.dispatch('explode_together', 'label_harvest')(relation, kept, lists)) }}{% endmacro %}
{% macro default__explode_together(relation, kept, lists) -%}
    select
        {% for column in kept %}{{ column }}, {% endfor %}
        {%- for column, list in lists.items() %}unnest({{ list }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from {{ relation }}
{%- endmacro %}

{#- List of the integers from first to last, both included; empty when last < first. -#}
{% macro integer_series(first, last) %}{{ return(adapter.dispatch('integer_series', 'label_harvest')(first, last)) }}{% endmacro %}
{% macro default__integer_series(first, last) %}generate_series({{ first }}, {{ last }}){% endmacro %}

{#- The elements of a list from position first to last, both included, counted from 1. -#}
{% macro sublist(list, first, last) %}{{ return(adapter.dispatch('sublist', 'label_harvest')(list, first, last)) }}{% endmacro %}
{% macro default__sublist(list, first, last) %}list_slice({{ list }}, {{ first }}, {{ last }}){% endmacro %}

{#- First element of a list; null when it is empty. -#}
{% macro first_element(list) %}{{ return(adapter.dispatch('first_element', 'label_harvest')(list)) }}{% endmacro %}
{% macro default__first_element(list) %}{{ list }}[1]{% endmacro %}

{#- Elements of a list in ascending order. -#}
{% macro sorted_list(list) %}{{ return(adapter.dispatch('sorted_list', 'label_harvest')(list)) }}{% endmacro %}
{% macro default__sorted_list(list) %}list_sort({{ list }}){% endmacro %}

{#- Aggregate: the values of a group as a list in ascending order; structs order by their fields from the first on. -#}
{% macro collect_sorted(value) %}{{ return(adapter.dispatch('collect_sorted', 'label_harvest')(value)) }}{% endmacro %}
{% macro default__collect_sorted(value) %}list_sort(list({{ value }})){% endmacro %}

{#- One field of each struct of a list, in the list's order. -#}
{% macro list_field(list, field) %}{{ return(adapter.dispatch('list_field', 'label_harvest')(list, field)) }}{% endmacro %}
{% macro default__list_field(list, field) %}list_transform({{ list }}, lambda element: element.{{ field }}){% endmacro %}

{#- A struct of columns: names = list of [field, expression]. -#}
{% macro make_struct(fields) %}{{ return(adapter.dispatch('make_struct', 'label_harvest')(fields)) }}{% endmacro %}
{% macro default__make_struct(fields) -%}
    struct_pack({% for field, expression in fields %}{{ field }} := {{ expression }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{#- Text of a key of a JSON object held as text; null when it is missing. The key is a SQL expression. -#}
{% macro json_text(json, key) %}{{ return(adapter.dispatch('json_text', 'label_harvest')(json, key)) }}{% endmacro %}
{% macro default__json_text(json, key) %}json_extract_string({{ json }}, '$."' || {{ key }} || '"'){% endmacro %}

{#- Least and greatest value of a field over the structs of a list. -#}
{% macro least_of(list, field) %}{{ return(adapter.dispatch('least_of', 'label_harvest')(list, field)) }}{% endmacro %}
{% macro default__least_of(list, field) %}list_min({{ list_field(list, field) }}){% endmacro %}

{% macro greatest_of(list, field) %}{{ return(adapter.dispatch('greatest_of', 'label_harvest')(list, field)) }}{% endmacro %}
{% macro default__greatest_of(list, field) %}list_max({{ list_field(list, field) }}){% endmacro %}
