-- Ground truth that started as a copy of another review of the same place, with the original at the top of its
-- family. A chain that bites its own tail has no top: the lowest review of the loop stands for it.

with recursive

annotations as (

    select * from {{ ref('ground_truth_annotations') }}

),

copies as (

    select
        copy.review_id,
        original.review_id as parent_review_id
    from annotations as copy
    inner join annotations as original
        on
            copy.place_id = original.place_id
            and copy.parent_annotation_id = original.annotation_id
            and copy.review_id != original.review_id
    where copy.parent_annotation_id is not null

),

ancestors as (

    select
        review_id,
        parent_review_id as ancestor_id
    from copies

    union

    select
        ancestors.review_id,
        copies.parent_review_id as ancestor_id
    from ancestors
    inner join copies on ancestors.ancestor_id = copies.review_id

),

tops as (

    select
        ancestors.review_id,
        ancestors.ancestor_id as family_id
    from ancestors
    left join copies on ancestors.ancestor_id = copies.review_id
    left join ancestors as loops
        on
            ancestors.ancestor_id = loops.review_id
            and loops.review_id = loops.ancestor_id
    where copies.review_id is null or loops.review_id is not null

),

families as (

    select
        review_id,
        min(family_id) as family_id
    from tops
    group by review_id

)

select * from families
