{#- Fails for every figure of a kind in quality_findings that is below its threshold. Figures with too few cases have
    the status too_few and are left alone. -#}
{% test finding_met(model, finding) %}

select *
from {{ model }}
where finding = '{{ finding }}' and status = 'below'

{% endtest %}
