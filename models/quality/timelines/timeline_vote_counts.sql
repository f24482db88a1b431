-- Counts that every coefficient of agreement on a timeline is made of, per video and category, in frames:
--   votes            frames x reviewers who voted for the category
--   agreeing_votes   frames x ordered pairs of reviewers who both did
-- once for the sets of labels, once for each label alone (marked or not), and once for each two people.

with

videos as (

    select * from {{ ref('compared_videos') }}
    where reviewer_count > 1 and frame_count > 0

),

votes as (

    select * from {{ ref('timeline_votes') }}
    where reviewer_count > 1

),

pairs as (

    select * from {{ ref('timeline_pairs') }}

),

marks as (

    select
        stretches.place_id,
        stretches.stretch_start,
        stretches.label,
        min(stretches.stretch_end - stretches.stretch_start + 1) as frames,
        count(distinct stretches.review_id) as reviewers
    from {{ ref('timeline_stretches') }} as stretches
    inner join videos on stretches.place_id = videos.place_id
    group by stretches.place_id, stretches.stretch_start, stretches.label

),

voted as (

    select
        place_id,
        stretch_start,
        category,
        min(frames) as frames,
        count(*) as reviewers
    from votes
    group by place_id, stretch_start, category

),

of_label_sets as (

    select
        place_id,
        category,
        cast(sum(frames * reviewers) as bigint) as votes,
        cast(sum(frames * reviewers * (reviewers - 1)) as bigint) as agreeing_votes
    from voted
    group by place_id, category

),

labels as (

    select distinct label
    from marks

),

marked as (

    select
        place_id,
        label,
        cast(sum(frames * reviewers) as bigint) as votes,
        cast(sum(frames * reviewers * reviewers) as bigint) as squared_votes
    from marks
    group by place_id, label

),

label_votes as (

    select
        videos.place_id,
        labels.label,
        videos.reviewer_count as reviewers,
        videos.frame_count as frames,
        coalesce(marked.votes, 0) as votes,
        coalesce(marked.squared_votes, 0) as squared_votes
    from videos
    cross join labels
    left join marked on videos.place_id = marked.place_id and labels.label = marked.label

),

of_labels as (

    select
        place_id,
        label,
        'marked' as category,
        votes,
        squared_votes - votes as agreeing_votes
    from label_votes

    union all

    -- of r reviewers r - n did not mark it: the sum of (r - n) (r - n - 1) written out
    select
        place_id,
        label,
        'not marked' as category,
        frames * reviewers - votes as votes,
        frames * reviewers * (reviewers - 1) - (2 * reviewers - 1) * votes + squared_votes as agreeing_votes
    from label_votes

),

paired as (

    select
        pairs.place_id,
        pairs.annotator_id_1,
        pairs.annotator_id_2,
        one.frames,
        one.category as category_1,
        other.category as category_2
    from pairs
    inner join votes as one on pairs.review_id_1 = one.review_id
    inner join votes as other
        on pairs.review_id_2 = other.review_id and one.stretch_start = other.stretch_start
    where pairs.annotator_id_1 is not null and pairs.annotator_id_2 is not null

),

said as (

    {% for reviewer in [1, 2] %}
    select
        place_id,
        annotator_id_1,
        annotator_id_2,
        category_{{ reviewer }} as category,
        {{ 'frames' if reviewer == 1 else '0' }} as votes_1,
        {{ 'frames' if reviewer == 2 else '0' }} as votes_2,
        case when category_1 = category_2 then frames else 0 end as agreeing_votes
    from paired
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

of_pairs as (

    select
        place_id,
        annotator_id_1,
        annotator_id_2,
        category,
        cast(sum(votes_1) as bigint) as votes_1,
        cast(sum(votes_2) as bigint) as votes_2,
        cast(sum(agreeing_votes) as bigint) as agreeing_votes
    from said
    group by place_id, annotator_id_1, annotator_id_2, category

),

counts as (

    select
        place_id,
        'label_sets' as scheme,
        cast(null as varchar) as label,
        cast(null as bigint) as annotator_id_1,
        cast(null as bigint) as annotator_id_2,
        category,
        votes,
        agreeing_votes,
        cast(null as bigint) as votes_1,
        cast(null as bigint) as votes_2
    from of_label_sets

    union all

    select
        place_id, 'label' as scheme, label, null as annotator_id_1, null as annotator_id_2, category,
        votes, agreeing_votes, null as votes_1, null as votes_2
    from of_labels

    union all

    select
        place_id, 'pair' as scheme, null as label, annotator_id_1, annotator_id_2, category,
        votes_1 + votes_2 as votes, agreeing_votes, votes_1, votes_2
    from of_pairs

)

select
    videos.project,
    videos.episode_key,
    counts.place_id,
    counts.scheme,
    counts.label,
    counts.annotator_id_1,
    counts.annotator_id_2,
    case when counts.scheme = 'pair' then 2 else videos.reviewer_count end as reviewers,
    counts.category,
    counts.votes,
    counts.agreeing_votes,
    counts.votes_1,
    counts.votes_2
from counts
inner join videos on counts.place_id = videos.place_id
