{#- Fails for every key that more than one row has. A null in a key is a value like any other. -#}
{% test unique_grain(model, columns) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
