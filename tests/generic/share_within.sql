{#- Fails for every group of a measure in quality_shares whose share is out of bounds. Groups of fewer than
    at_least_n cases say nothing and are left alone. -#}
{% test share_within(model, measure, at_most=1, at_least=0, at_least_n=1) %}

select
    *,
    {{ at_least }} as at_least,
    {{ at_most }} as at_most
from {{ model }}
where
    measure = '{{ measure }}'
    and total >= {{ at_least_n }}
    and not share between {{ at_least }} and {{ at_most }}

{% endtest %}
