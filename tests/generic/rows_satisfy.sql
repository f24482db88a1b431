{#- Fails for every row that breaks one of the named assumptions; an assumption that is null is broken. The stored
    rows carry each assumption as a column, so that one sees which. -#}
{% test rows_satisfy(model, assumptions) %}

with

assumed as (

    select
        *,
        {%- for name, expression in assumptions.items() %}
        coalesce({{ expression }}, false) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}

)

select *
from assumed
where not ({{ assumptions.keys() | join(' and ') }})

{% endtest %}
