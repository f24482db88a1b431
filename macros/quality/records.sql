{#- Share of cases that agreed, pulled towards the project's mean as if record_prior_cases cases of it came first: the
    mean of a Beta-Binomial posterior (Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 5), so that a few cases move
    it little. Null when nobody in the project was compared. -#}
{% macro record(agreed, cases, project_mean) -%}
    ({{ agreed }} + {{ var('record_prior_cases') }} * {{ project_mean }})
    / nullif({{ cases }} + {{ var('record_prior_cases') }}, 0)
{%- endmacro %}

{#- Standard deviation of that posterior. -#}
{% macro record_deviation(record, cases) -%}
    sqrt({{ record }} * (1 - {{ record }}) / ({{ cases }} + {{ var('record_prior_cases') }} + 1))
{%- endmacro %}

{#- Robust z-score within a project: distance from the median in units of the median absolute deviation, scaled to a
    standard deviation (Iglewicz & Hoaglin 1993); where that is 0, of the mean absolute deviation. Needs the columns
    `<name>`, `<name>_median`, `<name>_mad`, `<name>_mean_ad`. -#}
{% macro robust_z(name) -%}
    case
        when {{ name }}_mad > 0 then ({{ name }} - {{ name }}_median) / (1.482602 * {{ name }}_mad)
        when {{ name }}_mean_ad > 0 then ({{ name }} - {{ name }}_median) / (1.253314 * {{ name }}_mean_ad)
    end
{%- endmacro %}

{#- A confidence as published: six digits, above 0. -#}
{% macro confidence(value) %}greatest(round({{ value }}, 6), 1e-6){% endmacro %}
