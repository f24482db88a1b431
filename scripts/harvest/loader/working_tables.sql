create or replace temp table superseded_copies (
    export_id integer,
    copies bigint
);
