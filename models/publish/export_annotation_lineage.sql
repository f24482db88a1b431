-- {{ ref('release_contents') }} names the file this view is written to.

{{ config(
    materialized='view',
    post_hook="{{ export_parquet('annotation_lineage', order_by=['project', 'task_id', 'kind', 'annotation_id']) }}"
) }}

select * from {{ ref('annotation_lineage') }}
