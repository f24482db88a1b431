-- The shares that the warning gates watch, one row per measure and group, for the labeling lead to read as well.

with

verdicts as (

    select * from {{ ref('annotation_verdicts') }}
    where kind = 'annotation'

),

frame_reviews as (

    select * from {{ ref('frame_reviews') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

frame_tiers as (

    select * from {{ ref('frame_tiers') }}

),

task_progress as (

    select * from {{ ref('task_progress') }}

),

cases as (

    select
        'lo_frames' as measure,
        project,
        cast(null as varchar) as of_whom,
        quality_tier = 'lo' as is_case
    from frame_reviews

    union all

    select
        'lo_frames_of_reviewer' as measure,
        reviews.project,
        coalesce(cast(reviews.annotator_id as varchar), 'deleted accounts') as of_whom,
        frame_tiers.quality_tier = 'lo' as is_case
    from reviews
    inner join frame_tiers on reviews.place_id = frame_tiers.place_id
    where reviews.reviewer_count > 1

    union all

    select
        'double_reviewed_frames' as measure,
        project,
        cast(null as varchar) as of_whom,
        reviewer_count > 1 as is_case
    from frame_reviews

    union all

    select
        'skipped_tasks' as measure,
        project,
        cast(null as varchar) as of_whom,
        is_skipped as is_case
    from task_progress

    union all

    select
        'untouched_annotations' as measure,
        project,
        cast(null as varchar) as of_whom,
        label_source = 'accepted' as is_case
    from verdicts
    where is_ground_truth

),

counted as (

    select
        measure,
        project,
        of_whom,
        count(*) filter (where is_case) as cases,
        count(*) as total
    from cases
    group by measure, project, of_whom

    union all

    select
        'excluded_annotations' as measure,
        project,
        exclusion_reason as of_whom,
        count(*) as cases,
        cast(sum(count(*)) over (partition by project) as bigint) as total
    from verdicts
    group by project, exclusion_reason

),

shares as (

    select
        measure,
        project,
        of_whom,
        cases,
        total,
        cast(cases as double) / total as share
    from counted
    where not (measure = 'excluded_annotations' and of_whom is null)

)

select * from shares
