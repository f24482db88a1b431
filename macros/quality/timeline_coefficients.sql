{#- Coefficients of agreement from a relation like timeline_vote_sums, one row per key. `times` says how often a row
    counts: 1, or how often its episode was drawn.

    With p the share of frames on which two reviewers drawn at random agree, and q(k) the share of category k:
        Cohen's kappa           two people; chance = sum of the products of their own shares (Cohen 1960)
        Fleiss' kappa           chance = sum of q(k)^2; with unequal numbers of reviewers per frame as generalised in
                                Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed.; for two reviewers it is
                                Scott's pi (Fleiss 1971)
        Gwet's AC1              chance = sum of q(k) (1 - q(k)) / (categories - 1) (Gwet 2008)
        Krippendorff's alpha    nominal; 1 - observed / expected disagreement, each frame's pairs counted 1 / (r - 1)
                                (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability)
    All are null where there is nothing to expect: one category only. -#}
{% macro timeline_coefficients(relation, keys, times) -%}
    by_category as (

        select
            {{ keys }},
            category,
            min(categories) as categories,
            {{ exact_sum('frames * ' ~ times) }} as frames,
            {{ exact_sum('agreement * ' ~ times) }} as agreement,
            {{ exact_sum('coincidences * ' ~ times) }} as coincidences,
            {{ exact_sum('votes * ' ~ times) }} as votes,
            {{ exact_sum('votes_1 * ' ~ times) }} as votes_1,
            {{ exact_sum('votes_2 * ' ~ times) }} as votes_2
        from {{ relation }}
        group by {{ keys }}, category

    ),

    totals as (

        select
            *,
            sum(cast(frames as decimal(38, 12))) over (partition by {{ keys }}) as all_frames,
            sum(cast(votes as decimal(38, 12))) over (partition by {{ keys }}) as all_votes
        from by_category

    ),

    expectations as (

        select
            {{ keys }},
            min(categories) as categories,
            cast(min(all_frames) as double) as frames,
            {{ exact_sum('agreement') }} / cast(min(all_frames) as double) as percent_agreement,
            {{ exact_sum('(frames / cast(all_frames as double)) * (frames / cast(all_frames as double))', 18) }}
                as fleiss_chance,
            {{ exact_sum('(frames / cast(all_frames as double)) * (1 - frames / cast(all_frames as double))', 18) }}
            / nullif(min(categories) - 1, 0) as gwet_chance,
            {{ exact_sum('(votes_1 / cast(all_frames as double)) * (votes_2 / cast(all_frames as double))', 18) }}
                as cohen_chance,
            {{ exact_sum('coincidences') }} / cast(min(all_votes) as double) as krippendorff_agreement,
            {{ exact_sum('(votes / cast(all_votes as double)) * ((votes - 1) / (cast(all_votes as double) - 1))', 18) }}
                as krippendorff_chance,
            {{ exact_sum("case when category = 'marked' then agreement end") }}
            / nullif({{ exact_sum("case when category = 'marked' then frames end") }}, 0) as specific_agreement
        from totals
        where all_frames > 0
        group by {{ keys }}

    ),

    coefficients as (

        select
            {{ keys }},
            frames,
            {{ figure('percent_agreement') }} as percent_agreement,
            {{ figure(beyond_chance('percent_agreement', 'cohen_chance')) }} as cohen_kappa,
            {{ figure(beyond_chance('percent_agreement', 'fleiss_chance')) }} as fleiss_kappa,
            {{ figure(beyond_chance('krippendorff_agreement', 'krippendorff_chance')) }} as krippendorff_alpha,
            {{ figure(beyond_chance('percent_agreement', 'gwet_chance')) }} as gwet_ac1,
            {{ figure('specific_agreement') }} as specific_agreement
        from expectations

    )
{%- endmacro %}
