create or replace temp table loading_exports (
    export_id integer,
    project varchar,
    path varchar,
    media_key varchar
);

create or replace temp table superseded_copies (
    export_id integer,
    copies bigint
);
