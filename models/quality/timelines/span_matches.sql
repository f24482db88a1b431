-- Every span of a review and, in each other review of the video, the span of the same label that overlaps it most (of
-- equal ones the first), if any. Several spans may name the same one; it confirms only one of them.

with

spans as (

    select * from {{ ref('timeline_spans') }}

),

pairs as (

    {% for one, other in [(1, 2), (2, 1)] %}
    select
        place_id,
        project,
        episode_key,
        annotator_id_1,
        annotator_id_2,
        review_id_{{ one }} as review_id,
        review_id_{{ other }} as other_review_id
    from {{ ref('timeline_pairs') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

overlapping as (

    select
        pairs.review_id,
        pairs.other_review_id,
        spans.label,
        spans.span_start,
        others.span_start as other_start,
        {{ rounded('cast(least(spans.span_end, others.span_end) - greatest(spans.span_start, others.span_start) + 1'
            ~ ' as double) / (greatest(spans.span_end, others.span_end)'
            ~ ' - least(spans.span_start, others.span_start) + 1)') }} as iou
    from pairs
    inner join spans on pairs.review_id = spans.review_id
    inner join spans as others
        on
            pairs.other_review_id = others.review_id
            and spans.label = others.label
            and spans.span_start <= others.span_end
            and others.span_start <= spans.span_end

),

ranked as (

    select
        *,
        row_number() over (
            partition by review_id, other_review_id, label, span_start
            order by iou desc, other_start
        ) as preference
    from overlapping

),

matches as (

    select
        pairs.project,
        pairs.episode_key,
        pairs.annotator_id_1,
        pairs.annotator_id_2,
        pairs.place_id,
        pairs.review_id,
        pairs.other_review_id,
        spans.label,
        spans.span_start,
        spans.span_end,
        ranked.other_start,
        ranked.iou
    from pairs
    inner join spans on pairs.review_id = spans.review_id
    left join ranked
        on
            pairs.review_id = ranked.review_id
            and pairs.other_review_id = ranked.other_review_id
            and spans.label = ranked.label
            and spans.span_start = ranked.span_start
            and ranked.preference = 1

)

select * from matches
