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

    {% if var('hi_samples') == 'average' -%}
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
    where not is_any_rotated or preference = 1
    group by sample_id, label, instance
    {%- else -%}
    select * from sampled
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
