{#- SQL of models/quality that differs between engines, one named macro each. -#}

{#- The texts of a list as one text. -#}
{% macro join_texts(list, separator) %}{{ return(adapter.dispatch('join_texts', 'label_harvest')(list, separator)) }}{% endmacro %}
{% macro default__join_texts(list, separator) %}array_to_string({{ list }}, {{ separator }}){% endmacro %}

{#- A number from 0 to below `buckets` that a text falls on, evenly and always the same. -#}
{% macro hash_bucket(text, buckets) %}{{ return(adapter.dispatch('hash_bucket', 'label_harvest')(text, buckets)) }}{% endmacro %}
{% macro default__hash_bucket(text, buckets) %}cast(md5_number_lower({{ text }}) % {{ buckets }} as bigint){% endmacro %}

{#- The character of a code point. -#}
{% macro character(code) %}{{ return(adapter.dispatch('character', 'label_harvest')(code)) }}{% endmacro %}
{% macro default__character(code) %}chr(cast({{ code }} as integer)){% endmacro %}

{#- Aggregate: the texts of a group as one text, in an order. -#}
{% macro concatenate(text, order_by) %}{{ return(adapter.dispatch('concatenate', 'label_harvest')(text, order_by)) }}{% endmacro %}
{% macro default__concatenate(text, order_by) %}string_agg({{ text }}, '' order by {{ order_by }}){% endmacro %}

{#- Aggregate: several quantiles of a group as a list of doubles, interpolated; nulls are left out. -#}
{% macro quantiles(value, fractions) %}{{ return(adapter.dispatch('quantiles', 'label_harvest')(value, fractions)) }}{% endmacro %}
{% macro default__quantiles(value, fractions) %}quantile_cont(cast({{ value }} as double), {{ fractions }}){% endmacro %}

{#- Element of a list by its position from 1 on; null beyond its end. -#}
{% macro element_at_position(list, position) %}{{ return(adapter.dispatch('element_at_position', 'label_harvest')(list, position)) }}{% endmacro %}
{% macro default__element_at_position(list, position) %}{{ list }}[{{ position }}]{% endmacro %}
