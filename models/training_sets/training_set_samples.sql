{{ config(materialized='view') }}

-- Every published sample of B and C, with its points and boxes.

with

samples as (

    select * from {{ ref('samples') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

frame_tiers as (

    select * from {{ ref('frame_tiers') }}

),

image_sizes as (

    select * from {{ ref('review_image_sizes') }}

),

sample_keypoints as (

    select * from {{ ref('sample_keypoints') }}

),

sample_boxes as (

    select * from {{ ref('sample_boxes') }}

),

confidences as (

    select * from {{ ref('sample_confidences') }}

),

-- sample_id is the review with the lowest annotation id behind the sample
members as (

    select
        samples.place_id,
        samples.sample_id,
        bool_or(samples.is_averaged) as is_averaged,
        max(image_sizes.largest_image_width) as largest_image_width,
        max(image_sizes.largest_image_height) as largest_image_height,
        {{ collect_sorted(make_struct([
            ['annotation_id', 'reviews.annotation_id'],
            ['task_id', 'reviews.task_id'],
            ['annotator_id', 'reviews.annotator_id']
        ])) }} as annotations
    from samples
    inner join reviews on samples.review_id = reviews.review_id
    inner join image_sizes on samples.review_id = image_sizes.review_id
    group by samples.place_id, samples.sample_id

),

assembled as (

    select
        frame_tiers.project,
        frame_tiers.episode_key,
        frame_tiers.view,
        reviews.media,
        frame_tiers.frame_idx,
        image_sizes.image_width,
        image_sizes.image_height,
        members.largest_image_width,
        members.largest_image_height,
        frame_tiers.quality_tier,
        frame_tiers.needs_spot_check,
        frame_tiers.disagreement_px,
        frame_tiers.reviewer_count,
        {{ list_field('members.annotations', 'annotation_id') }} as annotation_ids,
        {{ list_field('members.annotations', 'annotator_id') }} as annotator_ids,
        case when members.is_averaged then 'averaged' else reviews.label_source end as label_source,
        coalesce(sample_keypoints.keypoints, []) as keypoints,
        coalesce(sample_boxes.boxes, []) as boxes,
        confidences.confidence
    from members
    inner join reviews on members.sample_id = reviews.review_id
    inner join frame_tiers on members.place_id = frame_tiers.place_id
    inner join image_sizes on members.sample_id = image_sizes.review_id
    left join confidences on members.sample_id = confidences.sample_id
    left join sample_keypoints on members.sample_id = sample_keypoints.sample_id
    left join sample_boxes on members.sample_id = sample_boxes.sample_id

)

select * from assembled
