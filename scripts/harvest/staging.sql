-- The staging tables: what an export says, typed, one row per thing, nothing judged.
-- Written by `harvest load`, read by the dbt sources in models/staging.
-- Times are UTC. Ids are Label Studio's own; a table's grain is its first columns up to the blank line.

create schema if not exists label_studio;

-- one export file, with the settings of the project.json beside it (null without one)
create or replace table label_studio.exports (
    export_id integer not null,

    project varchar not null,                 -- a | b | c
    path varchar not null,
    sha256 varchar not null,                  -- of the file's bytes as they lie on disk
    bytes bigint not null,
    task_count bigint not null,               -- tasks in the bytes = loaded + superseded + quarantined
    loaded_task_count bigint not null,
    superseded_task_count bigint not null,    -- an other file has a newer copy of the task
    quarantined_task_count bigint not null,
    maximum_annotations integer,
    overlap_cohort_percentage double,
    skip_queue varchar,
    label_config varchar,
    media_key varchar,                        -- key of the task's data that holds the media
    frame_rate varchar,                       -- frameRate of the <Video> tag as written: '25', '$fps'
    loader varchar not null                   -- fingerprint of the code that read the file
);

-- one label of a label config
create or replace table label_studio.config_labels (
    export_id integer not null,
    control_name varchar not null,
    label varchar not null,

    control_type varchar not null             -- timelinelabels | keypointlabels | rectanglelabels | …
);

-- one task: the copy with the latest updated_at
create or replace table label_studio.tasks (
    project varchar not null,
    task_id bigint not null,

    export_id integer not null,
    updated_at timestamp,
    is_labeled boolean,
    overlap integer,
    total_annotations bigint,
    cancelled_annotations bigint,
    media varchar,                            -- data[media_key] as written
    episode_key varchar,                      -- this and the rest: from data, null when missing or unusable
    view varchar,
    frame_idx bigint,
    width integer,
    height integer,
    n_frames bigint,
    fps double,
    task_subdir varchar,
    data varchar                              -- the task's data as JSON text
);

-- one element of annotations[]
create or replace table label_studio.annotations (
    project varchar not null,
    task_id bigint not null,
    annotation_id bigint not null,

    annotator_id bigint,                      -- completed_by, or its id; null when the account is gone
    created_at timestamp,
    updated_at timestamp,
    was_cancelled boolean not null,
    is_result_null boolean not null,
    region_count bigint not null,             -- items in result, 0 when null
    result_count bigint,                      -- as Label Studio wrote it
    updated_by bigint,
    lead_time_s double,
    import_id bigint,
    last_action varchar,
    is_review_accepted boolean,               -- of the latest of reviews[], null without one
    is_ground_truth_starred boolean not null,
    parent_prediction_id bigint,
    parent_annotation_id bigint,
    prediction_state varchar not null,        -- none | id_only | known: what the file has of the prediction it started from
    prediction_id bigint,                     -- of that prediction
    prediction_model_version varchar,
    prediction_score double,
    is_prediction_identical boolean           -- same label regions in the same places as the known prediction, exactly; null unless known
);

-- one element of drafts[], an object or a bare id
create or replace table label_studio.drafts (
    project varchar not null,
    task_id bigint not null,
    draft_id bigint not null,

    annotation_id bigint,                     -- the annotation it sits on
    created_at timestamp,
    updated_at timestamp,
    is_id_only boolean not null
);

-- one element of predictions[], an object or a bare id
create or replace table label_studio.predictions (
    project varchar not null,
    task_id bigint not null,
    prediction_id bigint not null,

    model_version varchar,
    score double,
    created_at timestamp,
    is_id_only boolean not null
);

-- one item of an annotation's result, whatever its type
create or replace table label_studio.regions (
    project varchar not null,
    task_id bigint not null,
    annotation_id bigint not null,
    region_index integer not null,            -- 0-based position in result

    region_id varchar,
    region_type varchar,                      -- as written: timelinelabels, keypointlabels, rectanglelabels, relation, …
    labels varchar[] not null,                -- value[region_type]: its texts, empty when missing
    x double,                                 -- x, y, width, height: percent; null unless a finite JSON number
    y double,
    width double,
    height double,
    rotation double,                          -- clockwise degrees; 0 when absent or null, null when not a finite number
    original_width double,                    -- px; null unless a finite number > 0
    original_height double,
    parent_region_id varchar,                 -- parentID
    ranges struct("start" bigint, "end" bigint)[] not null  -- as written; a bound is null unless a whole number
);

-- the same, for the known prediction of every annotation that is not identical to it
create or replace table label_studio.prediction_regions as
from label_studio.regions limit 0;

-- one copy of a task that is not loaded: another file, or another place in this one, has a newer one
create or replace table label_studio.superseded_copies (
    export_id integer not null,
    project varchar not null,
    task_id bigint not null
);

-- one file that holds a single annotation with its task; the task is loaded with all its parts
create or replace table label_studio.task_parts (
    export_id integer not null,

    project varchar not null,
    task_id bigint not null
);

-- one task that could not be understood
create or replace table label_studio.quarantine (
    export_id integer not null,
    byte_offset bigint not null,              -- into the decompressed text

    byte_length bigint not null,
    task_id bigint,
    reason varchar not null,
    excerpt varchar                           -- its first 2,000 characters
);
