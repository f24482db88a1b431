-- How one JSON value becomes one typed value. Every macro gives null for what it cannot use, unless it says that it fails.

create or replace temp macro utc(stamp) as (
    case when isfinite(try_cast(stamp as timestamptz)) then try_cast(stamp as timestamptz) at time zone 'UTC' end
);

-- a JSON number, not a text that looks like one: text keeps its quotes and so fails the cast
create or replace temp macro finite_number(json_value) as (
    case when isfinite(try_cast(json_value::varchar as double)) then try_cast(json_value::varchar as double) end
);

create or replace temp macro whole_number(number) as (
    case when number = trunc(number) and abs(number) < 9e18 then number::bigint end
);

-- the keys of a task's data that are read, in the order of task_fields
create or replace temp macro data_keys() as (
    [
        '$.video', '$.image', '$.episode_key', '$.view', '$.frame_idx', '$.width', '$.height', '$.n_frames', '$.fps',
        '$.task_subdir'
    ]
);

-- the text of a text or number of a task's data, null for anything else
create or replace temp macro data_text(value_type, value_text) as (
    case when value_type not in ('OBJECT', 'ARRAY', 'BOOLEAN', 'NULL') then nullif(value_text, '') end
);

-- tasks with what is read of their data as text. What a task shows is under the key that the label config names, else
-- under the usual one of its project.
create or replace temp macro task_fields(tasks) as table
with read as (
    select
        *,
        json_type(data, data_keys()) as types,
        json_extract_string(data, data_keys()) as texts,
        data_text(json_type(data, media_pointer), json_extract_string(data, media_pointer)) as configured_media
    from query_table(tasks)
),

fields as (
    select
        * exclude (types, texts),
        data_text(types[1], texts[1]) as video,
        data_text(types[2], texts[2]) as image,
        data_text(types[3], texts[3]) as episode_key,
        data_text(types[4], texts[4]) as view,
        data_text(types[5], texts[5]) as frame_idx,
        data_text(types[6], texts[6]) as width,
        data_text(types[7], texts[7]) as height,
        data_text(types[8], texts[8]) as n_frames,
        data_text(types[9], texts[9]) as fps,
        data_text(types[10], texts[10]) as task_subdir
    from read
)

select
    * exclude (configured_media, video, image),
    case project
        when 'a' then coalesce(configured_media, video, image)
        else coalesce(configured_media, image, video)
    end as media
from fields;

-- a number of a task's data, where numeric text is as good
create or replace temp macro data_number(data_text) as (
    case when isfinite(try_cast(data_text as double)) then try_cast(data_text as double) end
);

create or replace temp macro json_pointer(key) as (
    '/' || replace(replace(key, '~', '~0'), '/', '~1')
);

-- the media of a task, alike for every way Label Studio writes the same file
create or replace temp macro decoded(url) as (
    coalesce(try(url_decode(url)), url)
);

create or replace temp macro media_identity(media) as (
    regexp_replace(
        decoded(case when contains(media, '?d=') then substr(media, strpos(media, '?d=') + 3) else media end),
        '^.*/data/upload/(\d+/)?([0-9a-f]{8}-)?', ''
    )
);

-- a result as a list of items; fails for a text that is no JSON
create or replace temp macro result_items(result) as (
    json_transform(result, '[{
        "id": "VARCHAR", "type": "VARCHAR", "parentID": "VARCHAR", "original_width": "JSON", "original_height": "JSON",
        "value": {
            "x": "JSON", "y": "JSON", "width": "JSON", "height": "JSON", "rotation": "JSON",
            "ranges": [{"start": "JSON", "end": "JSON"}],
            "timelinelabels": ["JSON"], "keypointlabels": ["JSON"], "rectanglelabels": ["JSON"]
        }
    }]')
);

-- whether one of these lists of keys, each of one object, holds a key twice
create or replace temp macro has_repeated_keys(key_lists) as (
    len(list_filter(list_distinct(key_lists), lambda keys: len(list_distinct(keys)) < len(keys))) > 0
);

-- the number of the keys of a result and what is in them: results of one shape have the same keys in the same places.
-- Fails for a text that is no JSON.
create or replace temp macro result_shape(result) as (
    hash(json_transform(result, '["MAP(VARCHAR, MAP(VARCHAR, BOOLEAN))"]'))
);

create or replace temp macro timeline_shape(result) as (
    hash(json_transform(result, '[{"value": {"ranges": ["MAP(VARCHAR, BOOLEAN)"]}}]'))
);

create or replace temp macro result_has_repeated_keys(result) as (
    has_repeated_keys(
        flatten([
            json_keys(result, '$[*]'),
            json_keys(result, '$[*].value'),
            json_keys(result, '$[*].value.ranges[*]')
        ])
    )
);

create or replace temp macro envelope_has_repeated_keys(envelope) as (
    has_repeated_keys(
        flatten([
            json_keys(envelope, '$[*]'),
            json_keys(envelope, '$[*].drafts[*]'),
            json_keys(envelope, '$[*].predictions[*]'),
            json_keys(envelope, '$[*].annotations[*]'),
            json_keys(envelope, '$[*].annotations[*].*'),
            json_keys(envelope, '$[*].annotations[*].reviews[*]')
        ])
    )
);

-- the texts of a list; one text, which is usual, takes the short way
create or replace temp macro label_texts(json_labels) as (
    case
        when json_labels is null then []::varchar[]
        when len(json_labels) = 1 and (json_labels[1]::varchar)[1] = '"' then [json_labels[1] ->> '$']
        else list_transform(list_filter(json_labels, lambda l: (l::varchar)[1] = '"'), lambda l: l ->> '$')
    end
);

create or replace temp macro item_ranges(item) as (
    case
        when item.value.ranges is null then []::struct("start" bigint, "end" bigint)[]
        else
            list_transform(
                item.value.ranges,
                lambda r: {
                    'start': whole_number(finite_number(r.start)),
                    'end': whole_number(finite_number(r.end))
                }
            )
    end
);

create or replace temp macro size_of_image(json_value) as (
    case when finite_number(json_value) > 0 then finite_number(json_value) end
);

-- the labels of an item: the texts under the name of its type. An item of another type is read from its result.
create or replace temp macro item_labels(item, result, region_index) as (
    label_texts(
        case item.type
            when 'keypointlabels' then item.value.keypointlabels
            when 'rectanglelabels' then item.value.rectanglelabels
            when 'timelinelabels' then item.value.timelinelabels
            else
                try_cast(
                    json_extract(result, '/' || region_index || '/value' || json_pointer(item.type)) as json []
                )
        end
    )
);

-- the rows of label_studio.regions: one for each item of the results in a relation of result_seq, result
create or replace temp macro region_rows(results) as table
with unnested as (
    select
        result_seq,
        result,
        unnest(items) as item,
        generate_subscripts(items, 1) - 1 as region_index
    from (select result_seq, result, result_items(result) as items from query_table(results)) as transformed
)

select
    result_seq,
    region_index,
    item.id as region_id,
    item.type as region_type,
    item_labels(item, result, region_index) as labels,
    finite_number(item.value.x) as x,
    finite_number(item.value.y) as y,
    finite_number(item.value.width) as width,
    finite_number(item.value.height) as height,
    case when item.value.rotation is null then 0.0 else finite_number(item.value.rotation) end as rotation,
    size_of_image(item.original_width) as original_width,
    size_of_image(item.original_height) as original_height,
    item.parentid as parent_region_id,
    item_ranges(item) as ranges
from unnested;
