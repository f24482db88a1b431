-- Whether each task is done (enough people have answered it) and whether somebody skipped it.

with

task_keys as (

    select * from {{ ref('task_keys') }}

),

exports as (

    select * from {{ source('label_studio', 'exports') }}

),

traits as (

    select * from {{ ref('annotation_traits') }}

),

answers as (

    select
        traits.project,
        traits.task_id,
        traits.annotator_id,
        traits.is_submitted and traits.is_cancelled as is_skip,
        traits.is_submitted
        and case
            when traits.is_cancelled then coalesce(exports.skip_queue = 'IGNORE_SKIPPED', false)
            else not traits.has_no_result
        end as is_answer
    from traits
    inner join task_keys
        on traits.project = task_keys.project and traits.task_id = task_keys.task_id
    inner join exports on task_keys.export_id = exports.export_id

),

counted as (

    select
        project,
        task_id,
        -- everybody whose account is gone is a person of their own
        count(distinct case when is_answer then annotator_id end)
        + count(*) filter (where is_answer and annotator_id is null) as reviewer_count,
        bool_or(is_skip) as is_skipped
    from answers
    group by project, task_id

),

required as (

    select
        task_keys.project,
        task_keys.task_id,
        coalesce(counted.reviewer_count, 0) as reviewer_count,
        coalesce(counted.is_skipped, false) as is_skipped,
        coalesce(
            {{ literal_or_null(var('required_reviewers')) }},
            task_keys.overlap,
            case when exports.overlap_cohort_percentage = 100 then exports.maximum_annotations end,
            1
        ) as required_reviewers,
        {% if var('required_reviewers') is none %}task_keys.is_labeled{% else %}null{% endif %} as is_labeled
    from task_keys
    inner join exports on task_keys.export_id = exports.export_id
    left join counted
        on task_keys.project = counted.project and task_keys.task_id = counted.task_id

),

judged as (

    select
        project,
        task_id,
        reviewer_count,
        required_reviewers,
        is_skipped,
        coalesce(is_labeled, reviewer_count >= required_reviewers) as is_done
    from required

)

select * from judged
