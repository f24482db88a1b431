-- Every row that differs between two versions, with the nearest cause that the versions can prove.
-- Reads: row_changes (what differs), annotation_events, old_reviews, new_reviews (frame_reviews of either version),
-- version_causes (set_name, is_of_scores, cause, detail: the settings or the code, when they differ), rescored_rows.
create or replace temp table changed_rows as

with

-- annotations behind the row itself
own_events as (

    select
        listed.row_id,
        min_by(annotation_events.cause, annotation_events.annotation_id) as cause,
        string_agg(annotation_events.detail, ', ' order by annotation_events.annotation_id) as detail
    from (
        select
            row_id,
            set_name,
            episode_key,
            view,
            case when set_name != 'a' then frame_idx end as frame_idx,
            unnest(annotation_ids) as annotation_id
        from row_changes
    ) as listed
    inner join annotation_events
        on
            listed.set_name = annotation_events.project
            and listed.annotation_id = annotation_events.annotation_id
            and listed.episode_key = annotation_events.episode_key
            and listed.view is not distinct from annotation_events.view
            and listed.frame_idx is not distinct from annotation_events.frame_idx
    group by listed.row_id

),

-- any annotation of the same frame, or of the same video in project A
place_events as (

    select
        project,
        episode_key,
        view,
        frame_idx,
        min_by(cause, annotation_id) as cause,
        string_agg(detail, ', ' order by annotation_id) as detail
    from annotation_events
    group by project, episode_key, view, frame_idx

),

tier_changes as (

    select
        coalesce(new_reviews.project, old_reviews.project) as project,
        coalesce(new_reviews.episode_key, old_reviews.episode_key) as episode_key,
        coalesce(new_reviews.view, old_reviews.view) as view,
        coalesce(new_reviews.frame_idx, old_reviews.frame_idx) as frame_idx,
        old_reviews.quality_tier || ' → ' || new_reviews.quality_tier as tiers
    from old_reviews
    inner join new_reviews
        on
            old_reviews.project = new_reviews.project
            and old_reviews.episode_key = new_reviews.episode_key
            and old_reviews.view is not distinct from new_reviews.view
            and old_reviews.frame_idx = new_reviews.frame_idx
    where old_reviews.quality_tier != new_reviews.quality_tier

),

evidence as (

    select
        row_changes.*,
        own_events.cause as own_cause,
        own_events.detail as own_detail,
        tier_changes.tiers,
        coalesce(place_events.cause, version_causes.cause, row_changes.fallback_cause) as wider_cause,
        coalesce(place_events.detail, version_causes.detail, row_changes.fallback_detail) as wider_detail
    from row_changes
    left join own_events on row_changes.row_id = own_events.row_id
    left join tier_changes
        on
            row_changes.set_name = tier_changes.project
            and row_changes.episode_key = tier_changes.episode_key
            and row_changes.view is not distinct from tier_changes.view
            and row_changes.frame_idx = tier_changes.frame_idx
    left join place_events
        on
            row_changes.set_name = place_events.project
            and row_changes.episode_key = place_events.episode_key
            and row_changes.view is not distinct from place_events.view
            and case when row_changes.set_name != 'a' then row_changes.frame_idx end
            is not distinct from place_events.frame_idx
    left join version_causes
        on row_changes.set_name = version_causes.set_name and not version_causes.is_of_scores

)

select
    set_name,
    change,
    episode_key,
    view,
    frame_idx,
    label,
    annotation_ids,
    changed_columns,
    old_weight,
    new_weight,
    old_tier,
    new_tier,
    case
        when own_cause is not null then own_cause
        when tiers is not null then 'tier change: ' || tiers
        else wider_cause
    end as cause,
    case
        when own_cause is not null then own_detail
        when tiers is not null then wider_cause || ': ' || wider_detail
        else wider_detail
    end as detail
from evidence;

create or replace temp table changes_by_cause as
select
    set_name,
    change,
    cause,
    count(*) as row_count,
    count(distinct episode_key) as episode_count
from changed_rows
group by set_name, change, cause

union all

select
    rescored_rows.set_name,
    'rescored' as change,
    coalesce(version_causes.cause, 'reviewer records') as cause,
    rescored_rows.row_count,
    rescored_rows.episode_count
from rescored_rows
left join version_causes
    on rescored_rows.set_name = version_causes.set_name and version_causes.is_of_scores
order by set_name, change, cause;

create or replace temp table changes_by_episode as
select
    set_name,
    episode_key,
    cast(count(*) filter (where change = 'added') as bigint) as added,
    cast(count(*) filter (where change = 'removed') as bigint) as removed,
    cast(count(*) filter (where change = 'changed') as bigint) as changed,
    list_sort(list(distinct cause)) as causes
from changed_rows
group by set_name, episode_key
order by set_name, episode_key;
