-- The annotations that are ground truth, each with the frame or video it is about.
-- review_id and place_id number them; they hold within one build only.

with

verdicts as (

    select project, task_id, annotation_id
    from {{ ref('annotation_verdicts') }}
    where kind = 'annotation' and is_ground_truth

),

traits as (

    select * from {{ ref('annotation_traits') }}

),

task_keys as (

    select * from {{ ref('task_keys') }}

),

numbered as (

    select
        cast(
            row_number() over (
                order by
                    traits.project,
                    traits.episode_key,
                    traits.view nulls first,
                    traits.frame_idx nulls first,
                    traits.task_id,
                    traits.annotation_id
            ) as integer
        ) as review_id,
        cast(
            dense_rank() over (
                order by
                    traits.project,
                    traits.episode_key,
                    traits.view nulls first,
                    traits.frame_idx nulls first
            ) as integer
        ) as place_id,
        traits.project,
        traits.episode_key,
        traits.view,
        traits.frame_idx,
        traits.task_id,
        traits.annotation_id,
        traits.annotator_id,
        traits.parent_annotation_id,
        traits.updated_at,
        traits.label_source,
        task_keys.media,
        task_keys.n_frames,
        task_keys.image_width,
        task_keys.image_height
    from traits
    inner join verdicts
        on
            traits.project = verdicts.project
            and traits.task_id = verdicts.task_id
            and traits.annotation_id = verdicts.annotation_id
    inner join task_keys
        on traits.project = task_keys.project and traits.task_id = task_keys.task_id

)

select * from numbered
