-- How far the reviewers of a timeline agree on its frames, background included, in videos with two or more of them.
-- Read the coefficients together: kappa and alpha collapse when one category fills nearly every frame, though everybody
-- agrees (Feinstein & Cicchetti 1990); AC1 does not. Formulas and sources: macro timeline_coefficients.
{% set keys = 'project, ' ~ scope_key_names() %}

with

sums as (

    select * from {{ ref('timeline_vote_sums') }}

),

{{ timeline_coefficients('sums', keys, '1') }},

sizes as (

    select
        {{ keys }},
        cast(count(distinct drawn_episode) as bigint) as episodes
    from sums
    group by {{ keys }}

),

agreement as (

    select
        coefficients.project,
        coefficients.scope,
        coefficients.label,
        coefficients.episode_key,
        coefficients.annotator_id_1,
        coefficients.annotator_id_2,
        sizes.episodes,
        cast(round(coefficients.frames) as bigint) as frames,
        coefficients.percent_agreement,
        coefficients.cohen_kappa,
        coefficients.fleiss_kappa,
        coefficients.krippendorff_alpha,
        coefficients.gwet_ac1,
        coefficients.specific_agreement
    from coefficients
    inner join sizes on {{ is_same_scope('coefficients', 'sizes') }}

)

select * from agreement
