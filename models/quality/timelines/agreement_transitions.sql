-- How many frames apart two reviewers put the same change of label: the measured spread that boundary_frames and the
-- tolerance of boundaries should follow, instead of the usual guess of 2 to 3 frames.

with

pairs as (

    select * from {{ ref('timeline_pairs') }}

),

boundaries as (

    select * from {{ ref('timeline_boundaries') }}

),

met as (

    {{ nearest_boundaries(var('transition_window_frames'), same_change=true) }}

),

spreads as (

    select
        from_label,
        to_label,
        cast(count(*) as bigint) as matched,
        median(frames_apart) as median_frames,
        percentile_cont(0.9) within group (order by frames_apart) as p90_frames,
        cast(max(frames_apart) as bigint) as max_frames,
        count(*) filter (where frames_apart <= {{ var('boundary_tolerance_frames') }}) as within_tolerance
    from met
    group by from_label, to_label

),

-- every boundary is compared once with each other review of its video
compared as (

    select
        pairs.project,
        boundaries.from_label,
        boundaries.to_label,
        count(*) as sides
    from pairs
    inner join boundaries on boundaries.review_id in (pairs.review_id_1, pairs.review_id_2)
    group by pairs.project, boundaries.from_label, boundaries.to_label

),

transitions as (

    select
        compared.project,
        compared.from_label,
        compared.to_label,
        coalesce(spreads.matched, 0) as n,
        cast(compared.sides - 2 * coalesce(spreads.matched, 0) as bigint) as unmatched,
        cast(spreads.median_frames as double) as median_frames,
        cast(spreads.p90_frames as double) as p90_frames,
        spreads.max_frames,
        {{ figure(ratio('spreads.within_tolerance', 'spreads.matched')) }} as share_within_tolerance
    from compared
    left join spreads
        on compared.from_label = spreads.from_label and compared.to_label = spreads.to_label

)

select * from transitions
