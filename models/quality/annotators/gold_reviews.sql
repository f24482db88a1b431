-- The reviews that others are measured by: what somebody starred in Label Studio, imports aside (Label Studio stars
-- those by itself), and what the seed gold_annotations names.

with

reviews as (

    select * from {{ ref('reviews') }}

),

traits as (

    select * from {{ ref('annotation_traits') }}

),

staged as (

    select * from {{ source('label_studio', 'annotations') }}

),

named as (

    select distinct project, task_id, annotation_id
    from {{ ref('gold_annotations') }}

),

gold as (

    select
        reviews.review_id,
        reviews.project,
        reviews.task_id,
        reviews.annotation_id,
        staged.is_ground_truth_starred and not traits.is_imported as is_starred,
        named.project is not null as is_named
    from reviews
    inner join traits
        on
            reviews.project = traits.project
            and reviews.task_id = traits.task_id
            and reviews.annotation_id = traits.annotation_id
    inner join staged
        on
            reviews.project = staged.project
            and reviews.task_id = staged.task_id
            and reviews.annotation_id = staged.annotation_id
    left join named
        on
            reviews.project = named.project
            and reviews.task_id = named.task_id
            and reviews.annotation_id = named.annotation_id

)

select * from gold
where is_starred or is_named
