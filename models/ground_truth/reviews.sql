-- The independent reviews of each frame or video: one per person, and of a family of copies the latest.

with

annotations as (

    select * from {{ ref('ground_truth_annotations') }}

),

copied_reviews as (

    select * from {{ ref('copied_reviews') }}

),

families as (

    select
        annotations.*,
        coalesce(copied_reviews.family_id, annotations.review_id) as family_id
    from annotations
    left join copied_reviews on annotations.review_id = copied_reviews.review_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by place_id, family_id
            order by updated_at desc nulls last, annotation_id desc, task_id desc
        ) = 1 as is_latest_of_family
    from families

),

independent as (

    select
        review_id,
        place_id,
        project,
        episode_key,
        view,
        frame_idx,
        task_id,
        annotation_id,
        annotator_id,
        label_source,
        media,
        n_frames,
        image_width,
        image_height,
        cast(row_number() over (partition by place_id order by review_id) as integer) as review_number,
        count(*) over (partition by place_id) as reviewer_count,
        first_value(media) over (
            partition by place_id order by annotation_id, task_id
        ) as place_media
    from ranked
    where is_latest_of_family

)

select * from independent
