-- How one JSON value becomes one typed value. Every macro gives null for what it cannot use.

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

-- a number of a task's data, where numeric text is as good
create or replace temp macro data_number(json_text) as (
    case when isfinite(try_cast(json_text as double)) then try_cast(json_text as double) end
);

create or replace temp macro data_text(data, pointer) as (
    case when json_type(data, pointer) not in ('OBJECT', 'ARRAY', 'BOOLEAN', 'NULL') then nullif(data ->> pointer, '') end
);

create or replace temp macro json_pointer(key) as (
    '/' || replace(replace(key, '~', '~0'), '/', '~1')
);

create or replace temp macro is_label_region(project, region_type) as (
    coalesce(
        case project
            when 'a' then region_type = 'timelinelabels'
            else region_type in ('keypointlabels', 'rectanglelabels')
        end,
        false
    )
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

-- a result as a list of items; null when the text is not a list
create or replace temp macro result_items(result) as (
    try(json_transform(result, '[{
        "id": "VARCHAR", "type": "VARCHAR", "parentID": "VARCHAR", "original_width": "JSON", "original_height": "JSON",
        "value": {
            "x": "JSON", "y": "JSON", "width": "JSON", "height": "JSON", "rotation": "JSON",
            "ranges": [{"start": "JSON", "end": "JSON"}],
            "timelinelabels": ["JSON"], "keypointlabels": ["JSON"], "rectanglelabels": ["JSON"]
        }
    }]'))
);

create or replace temp macro item_labels(item) as (
    case item.type
        when 'timelinelabels' then item.value.timelinelabels
        when 'keypointlabels' then item.value.keypointlabels
        when 'rectanglelabels' then item.value.rectanglelabels
    end
);

create or replace temp macro label_texts(json_labels) as (
    coalesce(
        list_transform(list_filter(json_labels, lambda l: (l::varchar)[1] = '"'), lambda l: l ->> '$'),
        []::varchar[]
    )
);

create or replace temp macro item_ranges(item) as (
    coalesce(
        list_transform(
            item.value.ranges,
            lambda r: {
                'start': whole_number(finite_number(r.start)),
                'end': whole_number(finite_number(r.end))
            }
        ),
        []::struct("start" bigint, "end" bigint)[]
    )
);

create or replace temp macro item_rotation(item) as (
    case when item.value.rotation is null then 0.0 else finite_number(item.value.rotation) end
);

-- what makes two regions the same one with the same values: the dot's size, origin, score and meta do not count
create or replace temp macro comparable_items(project, items) as (
    list_transform(
        list_sort(
            list_transform(
                list_filter(coalesce(items, []), lambda item: is_label_region(project, item.type)),
                lambda item, i: {'id': item.id, 'i': i, 'item': item}
            )
        ),
        lambda entry: {
            'id': entry.id,
            'type': entry.item.type,
            'labels': list_sort(label_texts(item_labels(entry.item))),
            'x': finite_number(entry.item.value.x),
            'y': finite_number(entry.item.value.y),
            'width': case when entry.item.type = 'rectanglelabels' then finite_number(entry.item.value.width) end,
            'height': case when entry.item.type = 'rectanglelabels' then finite_number(entry.item.value.height) end,
            'rotation': case when entry.item.type = 'rectanglelabels' then item_rotation(entry.item) end,
            'ranges': item_ranges(entry.item)
        }
    )
);

-- the same as region_rows for results whose regions all have the usual form, see compare.py: numbers are numbers,
-- there is one label and no range; this halves the work
create or replace temp macro usual_region_rows(results) as table
with transformed as (
    select
        result_seq,
        json_transform(result, '[{
            "id": "VARCHAR", "type": "VARCHAR", "parentID": "VARCHAR",
            "original_width": "DOUBLE", "original_height": "DOUBLE",
            "value": {
                "x": "DOUBLE", "y": "DOUBLE", "width": "DOUBLE", "height": "DOUBLE", "rotation": "DOUBLE",
                "keypointlabels": ["VARCHAR"], "rectanglelabels": ["VARCHAR"]
            }
        }]') as items
    from query_table(results)
    where is_usual
),

items as (
    select
        result_seq,
        unnest(items) as item,
        generate_subscripts(items, 1) - 1 as region_index
    from transformed
)

select
    result_seq,
    region_index,
    item.id as region_id,
    item.type as region_type,
    case item.type when 'keypointlabels' then item.value.keypointlabels else item.value.rectanglelabels end as labels,
    item.value.x,
    item.value.y,
    item.value.width,
    item.value.height,
    coalesce(item.value.rotation, 0.0) as rotation,
    case when item.original_width > 0 then item.original_width end as original_width,
    case when item.original_height > 0 then item.original_height end as original_height,
    item.parentid as parent_region_id,
    []::struct("start" bigint, "end" bigint)[] as ranges
from items;

-- the rows of label_studio.regions: one for each item of the results that are not usual in a relation of
-- result_seq, is_usual, result
create or replace temp macro region_rows(results) as table
with transformed as (
    select
        result_seq,
        result,
        result_items(result) as items
    from query_table(results)
    where not is_usual
),

items as (
    select
        result_seq,
        result,
        unnest(items) as item,
        generate_subscripts(items, 1) - 1 as region_index
    from transformed
),

typed as (
    select
        result_seq,
        region_index,
        item.id as region_id,
        item.type as region_type,
        case
            when item.type in ('timelinelabels', 'keypointlabels', 'rectanglelabels') then item_labels(item)
            else
                try_cast(
                    json_extract(result, '/' || region_index || '/value' || json_pointer(item.type)) as json []
                )
        end as json_labels,
        try_cast(item.value.x::varchar as double) as x,
        try_cast(item.value.y::varchar as double) as y,
        try_cast(item.value.width::varchar as double) as width,
        try_cast(item.value.height::varchar as double) as height,
        case
            when item.value.rotation is null then 0.0 else try_cast(item.value.rotation::varchar as double)
        end as rotation,
        try_cast(item.original_width::varchar as double) as original_width,
        try_cast(item.original_height::varchar as double) as original_height,
        item.parentid as parent_region_id,
        item_ranges(item) as ranges
    from items
)

select
    * exclude (json_labels) replace (
        case when isfinite(x) then x end as x,
        case when isfinite(y) then y end as y,
        case when isfinite(width) then width end as width,
        case when isfinite(height) then height end as height,
        case when isfinite(rotation) then rotation end as rotation,
        case when isfinite(original_width) and original_width > 0 then original_width end as original_width,
        case when isfinite(original_height) and original_height > 0 then original_height end as original_height
    ),
    label_texts(json_labels) as labels
from typed;
