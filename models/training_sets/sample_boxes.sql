-- The boxes of each published sample as one ordered list; of several members behind it, their mean.

with

samples as (

    select * from {{ ref('samples') }}

),

boxes as (

    select * from {{ ref('boxes') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

sampled as (

    select
        samples.sample_id,
        samples.is_medoid,
        samples.is_averaged,
        reviews.annotation_id,
        boxes.*
    from samples
    inner join reviews on samples.review_id = reviews.review_id
    inner join boxes on samples.review_id = boxes.review_id

),

-- a box that any member rotated has no meaningful mean: it is the medoid's, or else the lowest annotation's
ranked as (

    select
        *,
        row_number() over (
            partition by sample_id, label, instance order by is_medoid desc, annotation_id, review_id
        ) as preference,
        bool_or(is_rotated) over (partition by sample_id, label, instance) as is_any_rotated
    from sampled

),

combined as (

    select
        sample_id,
        label,
        instance,
        x_px,
        y_px,
        width_px,
        height_px,
        rotation
    from sampled
    where not is_averaged
    {%- if var('hi_samples') == 'average' %}

    union all

    select
        sample_id,
        label,
        instance,
        {{ exact_mean('x_px') }} as x_px,
        {{ exact_mean('y_px') }} as y_px,
        {{ exact_mean('width_px') }} as width_px,
        {{ exact_mean('height_px') }} as height_px,
        max(case when is_any_rotated then rotation else 0 end) as rotation
    from ranked
    where is_averaged and (not is_any_rotated or preference = 1)
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
            ['y', 'y_px'],
            ['width', 'width_px'],
            ['height', 'height_px'],
            ['rotation', 'rotation']
        ])) }} as boxes
    from combined
    group by sample_id

)

select * from listed
