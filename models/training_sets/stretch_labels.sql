-- Which annotations gave a label to a stretch of a video, and how far to trust them: the sum of their people's records
-- over all reviewers of the video, which is agreement times the mean record of those who marked it.

with

stretches as (

    select * from {{ ref('timeline_stretches') }}

),

reviews as (

    select * from {{ ref('reviews') }}
    where project = 'a'

),

records as (

    select * from {{ ref('review_records') }}

),

marks as (

    select distinct
        stretches.stretch_label_id,
        stretches.place_id,
        stretches.stretch_start,
        stretches.label,
        stretches.segments_here > stretches.segments_of_label as has_other_labels,
        stretches.review_id,
        reviews.annotation_id,
        reviews.reviewer_count,
        reviews.episode_key,
        reviews.view,
        reviews.place_media as media,
        records.record
    from stretches
    inner join reviews on stretches.review_id = reviews.review_id
    left join records on stretches.review_id = records.review_id

),

labelled as (

    select
        stretch_label_id,
        min(place_id) as place_id,
        min(stretch_start) as stretch_start,
        min(label) as label,
        bool_or(has_other_labels) as has_other_labels,
        min(episode_key) as episode_key,
        min(view) as view,
        min(media) as media,
        cast(min(reviewer_count) as integer) as reviewer_count,
        cast(count(*) as double) / min(reviewer_count) as agreement,
        {{ collect_sorted('annotation_id') }} as annotation_ids,
        {{ confidence(exact_sum('record') ~ ' / min(reviewer_count)') }} as confidence
    from marks
    group by stretch_label_id

),

weighed as (

    {% if var('timeline_consensus') == 'dawid_skene' -%}
    select
        labelled.*,
        round(posteriors.label_posterior, 6) as label_posterior
    from labelled
    left join {{ ref('vote_patterns') }} as patterns
        on labelled.place_id = patterns.place_id and labelled.stretch_start = patterns.stretch_start
    left join {{ ref('label_posteriors') }} as posteriors
        on patterns.pattern_id = posteriors.pattern_id and labelled.label = posteriors.label
    {%- else -%}
    select
        *,
        cast(null as double) as label_posterior
    from labelled
    {%- endif %}

)

select * from weighed
