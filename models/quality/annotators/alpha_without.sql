-- Krippendorff's alpha of a project's timelines, and what it would be without one person: the votes of each video less
-- theirs, videos left with one reviewer dropped. Who raises alpha by leaving sees the task otherwise than the others.

with

counts as (

    select * from {{ ref('timeline_vote_counts') }}
    where scheme = 'label_sets'

),

votes as (

    select * from {{ ref('timeline_votes') }}
    where reviewer_count > 1

),

voted as (

    select
        place_id,
        stretch_start,
        category,
        count(*) as reviewers
    from votes
    group by place_id, stretch_start, category

),

-- of each person and category: the frames, and how many others said the same on them
own as (

    select
        votes.place_id,
        votes.annotator_id,
        votes.category,
        sum(votes.frames) as votes,
        sum(votes.frames * (voted.reviewers - 1)) as same_votes
    from votes
    inner join voted
        on
            votes.place_id = voted.place_id
            and votes.stretch_start = voted.stretch_start
            and votes.category = voted.category
    where votes.annotator_id is not null
    group by votes.place_id, votes.annotator_id, votes.category

),

people as (

    select distinct project, annotator_id
    from {{ ref('reviews') }}
    where project = 'a' and reviewer_count > 1 and annotator_id is not null

),

own_videos as (

    select distinct place_id, annotator_id
    from own

),

left_over as (

    select
        counts.project,
        cast(null as bigint) as annotator_id,
        counts.category,
        counts.reviewers,
        counts.votes,
        counts.agreeing_votes
    from counts

    union all

    select
        counts.project,
        people.annotator_id,
        counts.category,
        counts.reviewers - case when own_videos.place_id is null then 0 else 1 end as reviewers,
        counts.votes - coalesce(own.votes, 0) as votes,
        counts.agreeing_votes - 2 * coalesce(own.same_votes, 0) as agreeing_votes
    from counts
    inner join people on counts.project = people.project
    left join own_videos
        on counts.place_id = own_videos.place_id and people.annotator_id = own_videos.annotator_id
    left join own
        on
            counts.place_id = own.place_id
            and people.annotator_id = own.annotator_id
            and counts.category = own.category

),

sums as (

    select
        project,
        annotator_id,
        category,
        {{ exact_sum('cast(agreeing_votes as double) / (reviewers - 1)') }} as coincidences,
        cast(sum(votes) as double) as votes
    from left_over
    where reviewers > 1
    group by project, annotator_id, category

),

totals as (

    select
        *,
        sum(cast(votes as decimal(38, 12))) over (partition by project, annotator_id) as all_votes
    from sums

),

expectations as (

    select
        project,
        annotator_id,
        {{ exact_sum('coincidences') }} / cast(min(all_votes) as double) as agreement,
        {{ exact_sum('(votes / cast(all_votes as double)) * ((votes - 1) / (cast(all_votes as double) - 1))', 18) }}
            as chance
    from totals
    group by project, annotator_id

),

alphas as (

    select
        project,
        annotator_id,
        {{ figure(beyond_chance('agreement', 'chance')) }} as alpha
    from expectations

)

select
    people.project,
    people.annotator_id,
    with_all.alpha as krippendorff_alpha,
    without.alpha as krippendorff_alpha_without
from people
left join alphas as with_all on people.project = with_all.project and with_all.annotator_id is null
left join alphas as without on people.project = without.project and people.annotator_id = without.annotator_id
