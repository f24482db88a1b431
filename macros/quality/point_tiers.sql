{#- Tier of two reviews' points by one basis, from the columns `disagreement_px`, `relative_disagreement`, `oks` and
    `has_points`. px is blind to scale; the others fall back on px where the frame has no scale or no point has a sigma. -#}
{% macro tier_of_points(basis) -%}
    {%- if basis == 'relative' -%}
    case
        when disagreement_px is null then {{ lo_tier() }}
        when relative_disagreement > {{ var('lo_relative') }} then {{ lo_tier() }}
        when relative_disagreement >= {{ var('hi_relative') }} then {{ med_tier() }}
        when relative_disagreement is not null then {{ hi_tier() }}
        else {{ tier_of_points('px') }}
    end
    {%- elif basis == 'oks' -%}
    case
        when disagreement_px is null then {{ lo_tier() }}
        when oks < {{ var('lo_oks') }} then {{ lo_tier() }}
        when oks < {{ var('hi_oks') }} then {{ med_tier() }}
        when oks is not null then {{ hi_tier() }}
        else {{ tier_of_points('px') }}
    end
    {%- else -%}
    case
            when disagreement_px is null or disagreement_px > {{ var('lo_px') }} then {{ lo_tier() }}
            when disagreement_px >= {{ var('hi_px') }} then {{ med_tier() }}
            else {{ hi_tier() }}
        end
    {%- endif -%}
{%- endmacro %}
