{#- Rounds of Dawid & Skene (1979, Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm) over the
    relations `votes` (pattern_id, frames, person, category), `weights` (pattern_id, frames) and `categories` (category).
    Begins with the share of a pattern's votes; each round estimates from the probabilities so far how common each
    category is and what each person says when it is true, and from those the probabilities anew. `smoothing` frames are
    added to every count, so that nothing is impossible. Ends when no probability moves by more than `tolerance`, or
    after so many rounds. -#}
{% macro dawid_skene_rounds(rounds, tolerance, smoothing) -%}
    rounds (round_number, pattern_id, category, probability, change) as (

        select
            0 as round_number,
            weights.pattern_id,
            categories.category,
            cast(count(votes.category) as double) / min(voters.voters) as probability,
            1e0 as change
        from weights
        cross join categories
        inner join voters on weights.pattern_id = voters.pattern_id
        left join votes on weights.pattern_id = votes.pattern_id and categories.category = votes.category
        group by weights.pattern_id, categories.category

        union all

        (
            with

            common as (

                select
                    rounds.category,
                    ln(
                        ({{ exact_sum('weights.frames * rounds.probability') }} + {{ smoothing }})
                        / (min(sizes.frames) + {{ smoothing }} * min(sizes.categories))
                    ) as log_share
                from rounds
                inner join weights on rounds.pattern_id = weights.pattern_id
                cross join sizes
                group by rounds.category

            ),

            said as (

                select
                    votes.person,
                    votes.category as said_category,
                    rounds.category,
                    {{ exact_sum('weights.frames * rounds.probability') }} as frames
                from rounds
                inner join weights on rounds.pattern_id = weights.pattern_id
                inner join votes on rounds.pattern_id = votes.pattern_id
                group by votes.person, votes.category, rounds.category

            ),

            habits as (

                select
                    said.person,
                    said.said_category,
                    said.category,
                    ln(
                        (said.frames + {{ smoothing }})
                        / (
                            cast(sum(cast(said.frames as decimal(38, 12))) over (partition by said.person, said.category) as double)
                            + {{ smoothing }} * sizes.categories
                        )
                    ) as log_share
                from said
                cross join sizes

            ),

            evidence as (

                select
                    rounds.round_number,
                    rounds.pattern_id,
                    rounds.category,
                    rounds.probability,
                    min(common.log_share) + {{ exact_sum('habits.log_share', 15) }} as log_likelihood
                from rounds
                inner join votes on rounds.pattern_id = votes.pattern_id
                inner join common on rounds.category = common.category
                inner join habits
                    on
                        votes.person = habits.person
                        and votes.category = habits.said_category
                        and rounds.category = habits.category
                where
                    rounds.round_number < {{ rounds }}
                    and exists (select 1 from rounds as last_round where last_round.change > {{ tolerance }})
                group by rounds.round_number, rounds.pattern_id, rounds.category, rounds.probability

            ),

            likelihoods as (

                select
                    *,
                    exp(log_likelihood - max(log_likelihood) over (partition by pattern_id)) as likelihood
                from evidence

            ),

            renewed as (

                select
                    round_number + 1 as round_number,
                    pattern_id,
                    category,
                    likelihood
                    / cast(sum(cast(likelihood as decimal(38, 18))) over (partition by pattern_id) as double)
                        as probability,
                    probability as last_probability
                from likelihoods

            )

            select
                round_number,
                pattern_id,
                category,
                probability,
                max(abs(probability - last_probability)) over () as change
            from renewed
        )

    )
{%- endmacro %}
