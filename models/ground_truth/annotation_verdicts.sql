-- Every annotation, draft and prediction, and whether it is ground truth: submitted by a person, not withdrawn,
-- on a finished task whose place is known, and that person's last word on the frame or video.

with

traits as (

    select * from {{ ref('annotation_traits') }}

),

task_progress as (

    select * from {{ ref('task_progress') }}

),

first_reasons as (

    select
        traits.*,
        case
            when traits.is_cancelled then 'cancelled'
            when traits.is_bulk_copy then 'bulk_copied'
            when traits.is_unwanted_import then 'imported'
            when traits.is_review_rejected then 'review_rejected'
            when traits.has_no_result then 'no_result'
            when not task_progress.is_done then 'task_not_labeled'
            {%- if var('skip_policy') == 'any' %}
            when task_progress.is_skipped then 'task_skipped'
            {%- endif %}
            when traits.has_no_episode_key then 'no_episode_key'
            when traits.has_no_frame_idx then 'no_frame_idx'
        end as first_reason
    from traits
    inner join task_progress
        on traits.project = task_progress.project and traits.task_id = task_progress.task_id

),

latest_marked as (

    select
        *,
        annotator_id is null or row_number() over (
            partition by
                project, episode_key, view, frame_idx, annotator_id, first_reason is null
            order by updated_at desc nulls last, annotation_id desc, task_id desc
        ) = 1 as is_latest_of_person
    from first_reasons

),

annotation_reasons as (

    select
        *,
        case
            when first_reason is not null then first_reason
            when not is_latest_of_person then 'superseded'
        end as exclusion_reason
    from latest_marked

),

verdicts as (

    select
        project,
        task_id,
        'annotation' as kind,
        annotation_id,
        annotator_id,
        submitted_at,
        label_source,
        exclusion_reason is null as is_ground_truth,
        exclusion_reason
    from annotation_reasons

    union all

    select
        project,
        task_id,
        'draft' as kind,
        draft_id as annotation_id,
        null as annotator_id,
        null as submitted_at,
        null as label_source,
        false as is_ground_truth,
        'draft' as exclusion_reason
    from {{ source('label_studio', 'drafts') }}

    union all

    select
        project,
        task_id,
        'prediction' as kind,
        prediction_id as annotation_id,
        null as annotator_id,
        null as submitted_at,
        null as label_source,
        false as is_ground_truth,
        'prediction' as exclusion_reason
    from {{ source('label_studio', 'predictions') }}

)

select * from verdicts
