-- What reviewers did to every predicted region: a free error report of the model, from work already done.
--   untouched    values within 1e-6 of the prediction's and the same labels, as for label_source
--   nudged       moved by less than nudge_px, a segment's ends by less than nudge_frames
--   moved, relabelled (moved or not), added, deleted
-- Differences are corrected minus predicted; of a box dx and dy are its centre's.

with

annotations as (

    select * from {{ ref('corrected_annotations') }}

),

regions as (

    select * from {{ source('label_studio', 'regions') }}

),

paired as (

    select * from {{ ref('region_corrections') }}

),

turned_boxes as (

    select * from {{ ref('turned_boxes') }}

),

sized as (

    select
        paired.*,
        coalesce(paired.original_width, annotations.image_width) / 100 as px_per_x,
        coalesce(paired.original_height, annotations.image_height) / 100 as px_per_y,
        paired.region_type = 'rectanglelabels' as is_box,
        paired.region_type = 'timelinelabels' as is_segment,
        {%- for value in ['x', 'y'] %}
        coalesce({{ is_same_value('paired.' ~ value, 'paired.predicted_' ~ value) }}, false) as is_same_{{ value }},
        {%- endfor %}
        {%- for value in ['width', 'height', 'rotation'] %}
        coalesce({{ is_same_value('paired.' ~ value, 'paired.predicted_' ~ value) }}, false) as is_same_{{ value }},
        {%- endfor %}
        coalesce(paired.start_frame, -1) = coalesce(paired.predicted_start_frame, -1)
        and coalesce(paired.end_frame, -1) = coalesce(paired.predicted_end_frame, -1) as is_same_range,
        turned_boxes.intersection_area as turned_area
    from paired
    inner join annotations
        on
            paired.project = annotations.project
            and paired.task_id = annotations.task_id
            and paired.annotation_id = annotations.annotation_id
    left join turned_boxes
        on
            paired.project = turned_boxes.project
            and paired.task_id = turned_boxes.task_id
            and paired.annotation_id = turned_boxes.annotation_id
            and paired.region_index = turned_boxes.region_index
            and paired.predicted_index = turned_boxes.predicted_index
            and not paired.is_deleted

),

placed as (

    select
        *,
        {%- for prefix in ['', 'predicted_'] %}
        {{ prefix }}x * px_per_x as {{ prefix }}x_px,
        {{ prefix }}y * px_per_y as {{ prefix }}y_px,
        case when is_box then {{ prefix }}width * px_per_x else 0 end as {{ prefix }}width_px,
        case when is_box then {{ prefix }}height * px_per_y else 0 end as {{ prefix }}height_px,
        case when is_box then cos(radians({{ prefix }}rotation)) else 1 end as {{ prefix }}cosine,
        case when is_box then sin(radians({{ prefix }}rotation)) else 0 end as {{ prefix }}sine,
        {%- endfor %}
        case
            when is_segment then is_same_range
            when is_box then is_same_x and is_same_y and is_same_width and is_same_height and is_same_rotation
            else is_same_x and is_same_y
        end as is_same_place
    from sized

),

centred as (

    select
        {%- for prefix in ['', 'predicted_'] %}
        {{ prefix }}x_px + ({{ prefix }}width_px * {{ prefix }}cosine - {{ prefix }}height_px * {{ prefix }}sine) / 2
            as {{ prefix }}centre_x,
        {{ prefix }}y_px + ({{ prefix }}width_px * {{ prefix }}sine + {{ prefix }}height_px * {{ prefix }}cosine) / 2
            as {{ prefix }}centre_y,
        -- the corner along the box's own axes: two boxes of one rotation overlap as upright ones do
        {{ prefix }}x_px * cosine + {{ prefix }}y_px * sine as {{ prefix }}along,
        {{ prefix }}y_px * cosine - {{ prefix }}x_px * sine as {{ prefix }}across,
        {%- endfor %}
        *
    from placed

),

measured as (

    select
        *,
        centre_x - predicted_centre_x as dx,
        centre_y - predicted_centre_y as dy,
        width_px - predicted_width_px as dwidth,
        height_px - predicted_height_px as dheight,
        start_frame - predicted_start_frame as dstart,
        end_frame - predicted_end_frame as dend,
        case
            when is_box and is_same_rotation
                then {{ shared_length('along', 'width_px') }} * {{ shared_length('across', 'height_px') }}
            when is_box then coalesce(turned_area, 0)
        end as intersection_area
    from centred

),

judged as (

    select
        *,
        {{ rounded('sqrt(dx * dx + dy * dy)') }} as distance,
        case
            when is_segment
                then abs(dstart) < {{ var('nudge_frames') }} and abs(dend) < {{ var('nudge_frames') }}
            when is_box
                then is_same_rotation
                    and {{ rounded('sqrt(dx * dx + dy * dy)') }} < {{ var('nudge_px') }}
                    and {{ rounded('abs(dwidth)') }} < {{ var('nudge_px') }}
                    and {{ rounded('abs(dheight)') }} < {{ var('nudge_px') }}
            else {{ rounded('sqrt(dx * dx + dy * dy)') }} < {{ var('nudge_px') }}
        end as is_small
    from measured

),

corrected as (

    select
        project,
        task_id,
        annotation_id,
        region_id,
        region_index,
        range_index,
        region_type,
        label,
        predicted_label,
        case
            when is_deleted then 'deleted'
            when is_added then 'added'
            when is_relabelled then 'relabelled'
            when is_same_place then 'untouched'
            when is_small then 'nudged'
            else 'moved'
        end as correction,
        case when not is_segment then dx end as dx_px,
        case when not is_segment then dy end as dy_px,
        case when not is_segment then distance end as distance_px,
        case
            when is_box then intersection_area
                / nullif(width_px * height_px + predicted_width_px * predicted_height_px - intersection_area, 0) - 1
        end as delta_iou,
        dstart as delta_start_frames,
        dend as delta_end_frames
    from judged

    union all

    select
        regions.project,
        regions.task_id,
        regions.annotation_id,
        regions.region_id,
        regions.region_index,
        range_index,
        regions.region_type,
        {{ join_texts(sorted_list('regions.labels'), "' + '") }} as label,
        {{ join_texts(sorted_list('regions.labels'), "' + '") }} as predicted_label,
        'untouched' as correction,
        case when regions.region_type != 'timelinelabels' then 0 end as dx_px,
        case when regions.region_type != 'timelinelabels' then 0 end as dy_px,
        case when regions.region_type != 'timelinelabels' then 0 end as distance_px,
        case when regions.region_type = 'rectanglelabels' then 0 end as delta_iou,
        case when regions.region_type = 'timelinelabels' then 0 end as delta_start_frames,
        case when regions.region_type = 'timelinelabels' then 0 end as delta_end_frames
    from regions
    inner join annotations
        on
            regions.project = annotations.project
            and regions.task_id = annotations.task_id
            and regions.annotation_id = annotations.annotation_id
    {{ explode(
        integer_series(0, "case when regions.region_type = 'timelinelabels' then greatest(len(regions.ranges), 1) else 1 end - 1"),
        'positions', 'range_index'
    ) }}
    where annotations.is_identical and {{ is_label_region('regions.project', 'regions.region_type') }}

)

select
    corrected.project,
    annotations.episode_key,
    annotations.view,
    annotations.frame_idx,
    corrected.task_id,
    corrected.annotation_id,
    annotations.annotator_id,
    corrected.region_id,
    cast(corrected.region_index as integer) as region_index,
    cast(corrected.range_index as integer) as range_index,
    corrected.region_type,
    corrected.label,
    corrected.predicted_label,
    corrected.correction,
    {%- for measure in ['dx_px', 'dy_px', 'distance_px', 'delta_iou'] %}
    cast({{ rounded('corrected.' ~ measure) }} as double) as {{ measure }},
    {%- endfor %}
    cast(corrected.delta_start_frames as bigint) as delta_start_frames,
    cast(corrected.delta_end_frames as bigint) as delta_end_frames,
    annotations.prediction_id,
    annotations.model_version,
    annotations.score
from corrected
inner join annotations
    on
        corrected.project = annotations.project
        and corrected.task_id = annotations.task_id
        and corrected.annotation_id = annotations.annotation_id
