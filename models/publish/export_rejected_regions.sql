-- {{ ref('release_contents') }} names the file this view is written to.

{{ config(
    materialized='view',
    post_hook="{{ export_parquet('rejected_regions', order_by=['project', 'task_id', 'annotation_id', 'region_index', 'range_index']) }}"
) }}

select * from {{ ref('rejected_regions') }}
