-- How each person labels: how much, how fast, and how far others and gold agree with them. A record is shrunk towards
-- the project's mean, so that a person with three labels is neither best nor worst. People whose account is gone have
-- no row: nobody can tell how many they are.
-- Rubber-stamp audit: a person is flagged when both the share of predictions they accepted untouched and their speed on
-- those are outliers among the project's annotators. It is a reason to look, not a verdict: the model may be right.

with

traits as (

    select * from {{ ref('annotation_traits') }}
    where annotator_id is not null and is_submitted

),

verdicts as (

    select * from {{ ref('annotation_verdicts') }}
    where kind = 'annotation'

),

staged as (

    select * from {{ source('label_studio', 'annotations') }}

),

scores as (

    select * from {{ ref('annotator_scores') }}

),

weeks as (

    select * from {{ ref('annotator_weeks') }}

),

alphas as (

    select * from {{ ref('alpha_without') }}

),

gold as (

    select
        cases.project,
        cases.annotator_id,
        cast(sum(cases.cases) as bigint) as cases,
        cast(sum(cases.agreed) as bigint) as agreed
    from {{ ref('review_cases') }} as cases
    inner join {{ ref('gold_reviews') }} as gold_reviews on cases.other_review_id = gold_reviews.review_id
    group by cases.project, cases.annotator_id

),

annotations as (

    select
        traits.project,
        traits.annotator_id,
        traits.is_cancelled,
        verdicts.is_ground_truth,
        verdicts.is_ground_truth and traits.label_source in ('accepted', 'edited') as has_known_prediction,
        verdicts.is_ground_truth and traits.label_source = 'accepted' as is_untouched,
        staged.lead_time_s
    from traits
    inner join verdicts
        on
            traits.project = verdicts.project
            and traits.task_id = verdicts.task_id
            and traits.annotation_id = verdicts.annotation_id
    inner join staged
        on
            traits.project = staged.project
            and traits.task_id = staged.task_id
            and traits.annotation_id = staged.annotation_id

),

worked as (

    select
        project,
        annotator_id,
        cast(count(*) filter (where not is_cancelled) as bigint) as annotations,
        cast(count(*) filter (where is_cancelled) as bigint) as skipped,
        cast(count(*) filter (where is_ground_truth) as bigint) as ground_truth,
        {{ exact_sum('lead_time_s') }} / 3600 as hours,
        median(case when not is_cancelled then lead_time_s end) as median_time_s,
        cast(count(*) filter (where has_known_prediction) as bigint) as predicted,
        cast(count(*) filter (where is_untouched) as bigint) as untouched,
        {{ ratio('count(*) filter (where is_untouched)', 'count(*) filter (where has_known_prediction)') }}
            as untouched_share,
        median(case when is_untouched then lead_time_s end) as untouched_median_time_s
    from annotations
    group by project, annotator_id

),

-- speed by the logarithm: half the time and double the time are equally far
measured as (

    select
        *,
        ln(case when untouched_median_time_s > 0 then untouched_median_time_s end) as log_time
    from worked

),

centred as (

    select
        *,
        count(untouched_share) over (partition by project) as untouched_share_people,
        count(log_time) over (partition by project) as log_time_people,
        median(untouched_share) over (partition by project) as untouched_share_median,
        median(log_time) over (partition by project) as log_time_median
    from measured

),

deviating as (

    select
        {%- for name in ['untouched_share', 'log_time'] %}
        median(abs({{ name }} - {{ name }}_median)) over (partition by project) as {{ name }}_mad,
        cast(sum(cast(abs({{ name }} - {{ name }}_median) as decimal(38, 12))) over (partition by project) as double)
        / nullif({{ name }}_people, 0) as {{ name }}_mean_ad,
        {%- endfor %}
        *
    from centred

),

audited as (

    select
        *,
        case
            when untouched_share_people >= {{ var('min_outlier_annotators') }} then {{ robust_z('untouched_share') }}
        end as untouched_share_z,
        case
            when log_time_people >= {{ var('min_outlier_annotators') }} then {{ robust_z('log_time') }}
        end as untouched_time_z
    from deviating

),

-- least squares over weeks, each weighing as many cases as it has
numbered_weeks as (

    select
        project,
        annotator_id,
        cases,
        agreed,
        (week - min(week) over (partition by project, annotator_id)) // 7 as week_number
    from weeks
    where cases > 0

),

week_sums as (

    select
        project,
        annotator_id,
        count(*) as weeks,
        cast(sum(cases) as double) as sum_cases,
        cast(sum(cases * week_number) as double) as sum_weeks,
        cast(sum(cases * week_number * week_number) as double) as sum_squares,
        cast(sum(agreed) as double) as sum_agreed,
        cast(sum(agreed * week_number) as double) as sum_products
    from numbered_weeks
    group by project, annotator_id

),

drifts as (

    select
        project,
        annotator_id,
        weeks,
        (sum_cases * sum_products - sum_weeks * sum_agreed)
        / nullif(sum_cases * sum_squares - sum_weeks * sum_weeks, 0) as drift_per_week
    from week_sums

)

select
    audited.project,
    audited.annotator_id,
    audited.annotations,
    audited.skipped,
    audited.ground_truth,
    {{ figure('audited.hours') }} as hours,
    {{ figure('audited.median_time_s') }} as median_time_s,
    coalesce(scores.cases, 0) as cases,
    {{ figure(ratio('scores.agreed', 'scores.cases')) }} as agreement,
    {{ figure('scores.record') }} as record,
    {{ figure('scores.record_low') }} as record_low,
    {{ figure('scores.record_high') }} as record_high,
    {{ figure('scores.project_mean') }} as project_mean,
    case
        when scores.record_high < scores.project_mean then 'below'
        when scores.record_low > scores.project_mean then 'above'
    end as standing,
    coalesce(gold.cases, 0) as gold_cases,
    {{ figure(ratio('gold.agreed', 'gold.cases')) }} as gold_agreement,
    audited.predicted,
    audited.untouched,
    {{ figure('audited.untouched_share') }} as untouched_share,
    {{ figure('audited.untouched_median_time_s') }} as untouched_median_time_s,
    {{ figure('audited.untouched_share_z') }} as untouched_share_z,
    {{ figure('audited.untouched_time_z') }} as untouched_time_z,
    coalesce(
        audited.untouched_share_z >= {{ var('outlier_z') }} and audited.untouched_time_z <= -{{ var('outlier_z') }},
        false
    ) as is_rubber_stamp_suspect,
    cast(coalesce(drifts.weeks, 0) as bigint) as weeks,
    {{ figure('drifts.drift_per_week') }} as drift_per_week,
    alphas.krippendorff_alpha,
    alphas.krippendorff_alpha_without
from audited
left join scores on audited.project = scores.project and audited.annotator_id = scores.annotator_id
left join drifts on audited.project = drifts.project and audited.annotator_id = drifts.annotator_id
left join alphas on audited.project = alphas.project and audited.annotator_id = alphas.annotator_id
left join gold on audited.project = gold.project and audited.annotator_id = gold.annotator_id
