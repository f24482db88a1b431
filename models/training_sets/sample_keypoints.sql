-- The keypoints of each published sample as one ordered list; of several members behind it, their mean.

with

samples as (

    select * from {{ ref('samples') }}

),

keypoints as (

    select * from {{ ref('keypoints') }}

),

sampled as (

    select
        samples.sample_id,
        samples.is_averaged,
        keypoints.*
    from samples
    inner join keypoints on samples.review_id = keypoints.review_id

),

combined as (

    select
        sample_id,
        label,
        instance,
        x_px,
        y_px
    from sampled
    where not is_averaged
    {%- if var('hi_samples') == 'average' %}

    union all

    select
        sample_id,
        label,
        instance,
        {{ exact_mean('x_px') }} as x_px,
        {{ exact_mean('y_px') }} as y_px
    from sampled
    where is_averaged
    group by sample_id, label, instance
    {%- endif %}

),

listed as (

    select
        sample_id,
        {{ collect_sorted(make_struct([
            ['label', 'label'],
            ['instance', 'instance'],
            ['x', 'x_px'],
            ['y', 'y_px']
        ])) }} as keypoints
    from combined
    group by sample_id

)

select * from listed
