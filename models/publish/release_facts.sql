-- What the manifest says about a release besides its files, in one row: what went in, what was left out and why, how
-- far reviewers agreed, and what the gates found.

with

request as (

    select * from {{ ref('release_request') }}

),

export_list as (

    select
        {{ collect_sorted(make_struct([
            ['project', 'project'],
            ['path', 'path'],
            ['sha256', 'sha256'],
            ['bytes', 'bytes'],
            ['tasks', 'task_count'],
            ['maximum_annotations', 'maximum_annotations'],
            ['overlap_cohort_percentage', 'overlap_cohort_percentage'],
            ['skip_queue', 'skip_queue'],
            ['media_key', 'media_key'],
            ['frame_rate', 'frame_rate'],
            ['label_config', 'label_config']
        ])) }} as exports
    from {{ source('label_studio', 'exports') }}

),

left_out as (

    select
        project,
        'annotations' as things,
        exclusion_reason as reason,
        count(*) as row_count
    from {{ ref('annotation_verdicts') }}
    where not is_ground_truth
    group by project, exclusion_reason

    union all

    select
        project,
        'regions' as things,
        reason,
        count(*) as row_count
    from {{ ref('rejected_regions') }}
    group by project, reason

    union all

    select
        project,
        'frames' as things,
        'lo' as reason,
        count(*) as row_count
    from {{ ref('frame_reviews') }}
    where quality_tier = 'lo'
    group by project

),

left_out_list as (

    select
        {{ collect_sorted(make_struct([
            ['project', 'project'], ['things', 'things'], ['reason', 'reason'], ['row_count', 'row_count']
        ])) }} as left_out
    from left_out

),

tiers as (

    select
        project,
        quality_tier,
        count(*) as frame_count
    from {{ ref('frame_reviews') }}
    group by project, quality_tier

),

tier_list as (

    select
        {{ collect_sorted(make_struct([
            ['project', 'project'], ['quality_tier', 'quality_tier'], ['frame_count', 'frame_count']
        ])) }} as tiers
    from tiers

),

gate_list as (

    select
        {{ collect_sorted(make_struct([
            ['name', 'name'], ['severity', 'severity'], ['status', 'status'], ['failures', 'failures']
        ])) }} as gates
    from {{ ref('release_gate') }}

),

agreement_list as (

    select
        {{ collect_sorted(make_struct([
            ['project', 'project'],
            ['statistic', 'statistic'],
            ['episodes', 'episodes'],
            ['estimate', 'estimate'],
            ['low_95', 'low_95'],
            ['high_95', 'high_95']
        ])) }} as agreement
    from {{ ref('agreement_intervals') }}
    where scope = 'project'

),

finding_list as (

    select
        {{ collect_sorted(make_struct([
            ['finding', 'finding'],
            ['project', 'project'],
            ['of_whom', 'of_whom'],
            ['n', 'n'],
            ['figure', 'figure'],
            ['threshold', 'threshold']
        ])) }} as findings
    from {{ ref('quality_findings') }}
    where status = 'below'

)

select
    request.project_folder,
    request.settings,
    request.dbt_version,
    request.duckdb_version,
    export_list.exports,
    left_out_list.left_out,
    tier_list.tiers,
    gate_list.gates,
    agreement_list.agreement,
    finding_list.findings
from request
cross join export_list
cross join left_out_list
cross join tier_list
cross join gate_list
cross join agreement_list
cross join finding_list
