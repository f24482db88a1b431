-- For every two reviews of a video: boundaries that meet within boundary_tolerance_frames, and the edit score, which
-- tells whether both saw the same actions in the same order, however long: 1 - Levenshtein distance of the sequences of
-- labels / length of the longer one (Lea et al. 2016, Segmental Spatiotemporal CNNs; as in the evaluation of MS-TCN,
-- background left out).
-- Labels become ASCII characters for it, numbered within the video, because engines count bytes.

with

pairs as (

    select * from {{ ref('timeline_pairs') }}

),

spans as (

    select * from {{ ref('timeline_spans') }}

),

boundaries as (

    select * from {{ ref('timeline_boundaries') }}

),

boundary_counts as (

    select review_id, count(*) as boundaries
    from boundaries
    group by review_id

),

met as (

    {{ nearest_boundaries(var('boundary_tolerance_frames'), same_change=false) }}

),

met_counts as (

    select review_id_1, review_id_2, count(*) as matched_boundaries
    from met
    group by review_id_1, review_id_2

),

numbered as (

    select
        place_id,
        review_id,
        label,
        span_start,
        span_end,
        dense_rank() over (partition by place_id order by label) as label_number
    from spans

),

sequences as (

    select
        review_id,
        count(*) as spans,
        max(label_number) as labels,
        {{ concatenate(character("32 + case when label_number <= 94 then label_number else 0 end"),
            'span_start, span_end, label_number') }} as letters
    from numbered
    group by review_id

),

scored as (

    select
        pairs.*,
        coalesce(boundaries_1.boundaries, 0) as boundaries_1,
        coalesce(boundaries_2.boundaries, 0) as boundaries_2,
        coalesce(met_counts.matched_boundaries, 0) as matched_boundaries,
        coalesce(sequences_1.spans, 0) as spans_1,
        coalesce(sequences_2.spans, 0) as spans_2,
        greatest(coalesce(sequences_1.labels, 0), coalesce(sequences_2.labels, 0)) as labels,
        levenshtein(coalesce(sequences_1.letters, ''), coalesce(sequences_2.letters, '')) as edits
    from pairs
    left join boundary_counts as boundaries_1 on pairs.review_id_1 = boundaries_1.review_id
    left join boundary_counts as boundaries_2 on pairs.review_id_2 = boundaries_2.review_id
    left join met_counts
        on
            pairs.review_id_1 = met_counts.review_id_1
            and pairs.review_id_2 = met_counts.review_id_2
    left join sequences as sequences_1 on pairs.review_id_1 = sequences_1.review_id
    left join sequences as sequences_2 on pairs.review_id_2 = sequences_2.review_id

)

select
    project,
    episode_key,
    place_id,
    review_id_1,
    review_id_2,
    annotator_id_1,
    annotator_id_2,
    boundaries_1,
    boundaries_2,
    matched_boundaries,
    spans_1,
    spans_2,
    case
        when labels <= 94
            then {{ figure('1 - cast(edits as double) / nullif(greatest(spans_1, spans_2), 0)') }}
    end as edit_score
from scored
