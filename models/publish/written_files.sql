-- The files of the version in the making. A hook writes them, each in the order of its relation's full unique key, so
-- that the same rows are the same bytes.

{{ config(pre_hook="{{ refuse_unless_complete() }}", post_hook="{{ write_files(this) }}") }}

with

contents as (

    select * from {{ ref('release_contents') }}

),

relations as (

    select * from {{ ref('release_relations') }}

)

select
    relations.name,
    relations.location,
    relations.row_order,
    contents.target_file
from relations
inner join contents on relations.name = contents.name
where contents.target_file is not null
