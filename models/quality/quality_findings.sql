-- What the quality gates look at, one row per check and thing: the figure, how many cases it rests on, the threshold,
-- and whether it is met. With fewer than min_gate_cases cases a figure says nothing: the gate stays silent, and the row
-- says so (too_few).
-- Cases are segments in a (frames of one segment are no independent cases), points and boxes in b and c, and for
-- annotators what their record rests on.

with

timelines as (

    select * from {{ ref('agreement_timelines') }}

),

segments as (

    select * from {{ ref('agreement_segments') }}
    where scope in ('project', 'label')

),

keypoints as (

    select * from {{ ref('agreement_keypoints') }}
    where scope = 'label'

),

boxes as (

    select * from {{ ref('agreement_boxes') }}
    where scope = 'label'

),

records as (

    select * from {{ ref('annotator_records') }}

),

compared_frames as (

    select
        project,
        count(*) filter (where reviewer_count > 1) as n
    from {{ ref('frame_reviews') }}
    group by project

),

figures as (

    {% for coefficient in ['fleiss_kappa', 'krippendorff_alpha'] %}
    select
        'chance_corrected' as finding,
        timelines.project,
        '{{ coefficient }}' as of_whom,
        segments.segments as n,
        timelines.{{ coefficient }} as figure,
        cast({{ var('min_chance_corrected') }} as double) as threshold,
        cast({{ var('min_gate_cases') }} as double) as least_n
    from timelines
    inner join segments on timelines.project = segments.project and segments.scope = 'project'
    where timelines.scope = 'project'

    union all
    {% endfor %}
    select
        'label' as finding,
        timelines.project,
        timelines.label as of_whom,
        segments.segments as n,
        timelines.specific_agreement as figure,
        {{ var('min_label_agreement') }} as threshold,
        {{ var('min_gate_cases') }} as least_n
    from timelines
    inner join segments
        on timelines.project = segments.project and segments.scope = 'label' and timelines.label = segments.label
    where timelines.scope = 'label'

    union all

    select
        'label' as finding,
        project,
        label as of_whom,
        n,
        pck_20 as figure,
        {{ var('min_label_agreement') }} as threshold,
        {{ var('min_gate_cases') }} as least_n
    from keypoints

    union all

    select
        'label' as finding,
        project,
        label as of_whom,
        n,
        share_iou_50 as figure,
        {{ var('min_label_agreement') }} as threshold,
        {{ var('min_gate_cases') }} as least_n
    from boxes

    union all

    select
        'annotator' as finding,
        project,
        cast(annotator_id as varchar) as of_whom,
        cases as n,
        record as figure,
        {{ var('min_annotator_record') }} as threshold,
        {{ var('min_gate_cases') }} as least_n
    from records

    union all

    -- half of the width of the widest 95 % interval of a share, 1.96 sqrt(0.25 / n), is at most rate_margin
    select
        'double_reviewed' as finding,
        project,
        cast(null as varchar) as of_whom,
        n,
        cast(n as double) as figure,
        ceil({{ z_95() }} * {{ z_95() }} * 0.25 / ({{ var('rate_margin') }} * {{ var('rate_margin') }})) as threshold,
        0 as least_n
    from compared_frames

    union all

    select
        'double_reviewed' as finding,
        project,
        cast(null as varchar) as of_whom,
        segments as n,
        cast(segments as double) as figure,
        ceil({{ z_95() }} * {{ z_95() }} * 0.25 / ({{ var('rate_margin') }} * {{ var('rate_margin') }})) as threshold,
        0 as least_n
    from segments
    where scope = 'project'

),

judged as (

    select
        finding,
        project,
        of_whom,
        cast(n as bigint) as n,
        cast(figure as double) as figure,
        cast(threshold as double) as threshold,
        case
            when n < least_n then 'too_few'
            when figure is null then 'undefined'
            when figure < threshold then 'below'
            else 'met'
        end as status
    from figures

)

select * from judged
