-- Which labels reviewers take for one another: frames of a timeline that two reviewers gave different categories, and
-- boxes of a frame that overlap by confusion_iou or more under any label. Same labels are counted too, so that shares
-- have a base; a box that meets none stands against (none).

with

vote_pairs as (

    select
        pairs.project,
        one.category as label_1,
        other.category as label_2,
        one.frames
    from {{ ref('timeline_pairs') }} as pairs
    inner join {{ ref('timeline_votes') }} as one on pairs.review_id_1 = one.review_id
    inner join {{ ref('timeline_votes') }} as other
        on pairs.review_id_2 = other.review_id and one.stretch_start = other.stretch_start

),

reviews as (

    select * from {{ ref('reviews') }}

),

boxes as (

    select * from {{ ref('boxes') }}
    where reviewer_count > 1

),

meetings as (

    select * from {{ ref('box_meetings') }}

),

box_pairs as (

    select
        reviews.project,
        meetings.label_1,
        meetings.label_2
    from meetings
    inner join reviews on meetings.review_id_1 = reviews.review_id

    union all

    {% for one, other in [('1', '2'), ('2', '1')] %}
    select
        pairs.project,
        boxes.label as label_1,
        '(none)' as label_2
    from {{ ref('review_pairs') }} as pairs
    inner join boxes on pairs.review_id_{{ one }} = boxes.review_id
    left join meetings
        on
            pairs.review_id_1 = meetings.review_id_1
            and pairs.review_id_2 = meetings.review_id_2
            and boxes.label = meetings.label_{{ one }}
            and boxes.instance = meetings.instance_{{ one }}
    where meetings.place_id is null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

met as (

    select
        project,
        'frames' as unit,
        least(label_1, label_2) as label,
        greatest(label_1, label_2) as other_label,
        frames as times
    from vote_pairs

    union all

    select
        project,
        'boxes' as unit,
        least(label_1, label_2) as label,
        greatest(label_1, label_2) as other_label,
        1 as times
    from box_pairs

),

counted as (

    select
        project,
        unit,
        label,
        other_label,
        cast(sum(times) as bigint) as n
    from met
    group by project, unit, label, other_label

),

confusion as (

    select
        project,
        unit,
        label,
        other_label,
        label = other_label as is_same,
        n,
        {{ figure(ratio('n', 'sum(n) over (partition by project, unit)')) }} as share
    from counted

)

select * from confusion
