{#- What a version consists of, by the name in its manifest: the relation, the folder of its file, and the columns that
    order its rows, which make each row unique so that the same rows are the same bytes. A new line here is all it
    takes to publish one more table. `sort_memory` is for millions of short rows: what sorting them may hold in memory. -#}
{% macro published_relations() %}
    {%- set sample = ['episode_key', 'view', 'frame_idx', 'annotation_ids'] -%}
    {%- set scope = ['project', 'scope', 'label', 'episode_key', 'annotator_id_1', 'annotator_id_2'] -%}
    {{ return({
        'a': {
            'relation': 'training_set_a',
            'folder': 'a',
            'key': ['episode_key', 'view', 'frame_idx', 'label'],
            'sort_memory': '384MB',
        },
        'b': {'relation': 'training_set_b', 'folder': 'b', 'key': sample},
        'c': {'relation': 'training_set_c', 'folder': 'c', 'key': sample},
        'annotation_lineage': {
            'relation': 'annotation_lineage',
            'folder': 'lineage',
            'key': ['project', 'task_id', 'kind', 'annotation_id'],
        },
        'frame_reviews': {
            'relation': 'frame_reviews',
            'folder': 'lineage',
            'key': ['project', 'episode_key', 'view', 'frame_idx'],
        },
        'rejected_regions': {
            'relation': 'rejected_regions',
            'folder': 'lineage',
            'key': ['project', 'task_id', 'annotation_id', 'region_index', 'range_index'],
        },
        'agreement_timelines': {
            'relation': 'agreement_timelines',
            'folder': 'quality',
            'key': scope,
        },
        'agreement_segments': {
            'relation': 'agreement_segments',
            'folder': 'quality',
            'key': scope,
        },
        'agreement_transitions': {
            'relation': 'agreement_transitions',
            'folder': 'quality',
            'key': ['project', 'from_label', 'to_label'],
        },
        'agreement_keypoints': {
            'relation': 'agreement_keypoints',
            'folder': 'quality',
            'key': scope,
        },
        'agreement_causes': {
            'relation': 'agreement_causes',
            'folder': 'quality',
            'key': ['project', 'label', 'cause'],
        },
        'agreement_tier_bases': {
            'relation': 'agreement_tier_bases',
            'folder': 'quality',
            'key': ['project', 'tier_basis', 'px_tier', 'quality_tier'],
        },
        'agreement_boxes': {
            'relation': 'agreement_boxes',
            'folder': 'quality',
            'key': scope,
        },
        'agreement_confusion': {
            'relation': 'agreement_confusion',
            'folder': 'quality',
            'key': ['project', 'unit', 'label', 'other_label'],
        },
        'agreement_intervals': {
            'relation': 'agreement_intervals',
            'folder': 'quality',
            'key': ['project', 'scope', 'label', 'statistic'],
        },
        'corrections': {
            'relation': 'corrections',
            'folder': 'quality',
            'key': ['project', 'task_id', 'annotation_id', 'region_index', 'range_index', 'correction'],
        },
        'model_errors': {
            'relation': 'model_errors',
            'folder': 'quality',
            'key': ['project', 'model_version', 'region_type', 'label'],
        },
        'annotator_records': {
            'relation': 'annotator_records',
            'folder': 'quality',
            'key': ['project', 'annotator_id'],
        },
        'annotator_weeks': {
            'relation': 'annotator_weeks',
            'folder': 'quality',
            'key': ['project', 'annotator_id', 'week'],
        },
        'quality_findings': {
            'relation': 'quality_findings',
            'folder': 'quality',
            'key': ['finding', 'project', 'of_whom'],
        },
    }) }}
{% endmacro %}

{#- Hook of `written_files`: write every file it lists. One after another, so that a full disk is one error. -#}
{% macro write_files(relation) %}
    {% if execute %}
        {% for file in run_query("select * from " ~ relation ~ " order by name").rows %}
            {% set sort_memory = published_relations()[file['name']].sort_memory %}
            {% set memory = limit_memory(sort_memory) if sort_memory %}
            {% do run_query(write_parquet(file['location'], file['target_file'], file['row_order'])) %}
            {% do limit_memory(memory) if memory %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{#- Statement that writes a relation to one parquet file in the given order. -#}
{% macro write_parquet(relation, file, row_order) %}
    {{ return(adapter.dispatch('write_parquet', 'label_harvest')(relation, file, row_order)) }}
{% endmacro %}

{% macro default__write_parquet(relation, file, row_order) -%}
    copy (select * from {{ relation }} order by {{ row_order }})
    to {{ text_literal(file) }} (format parquet, compression zstd)
{%- endmacro %}

{#- Limit what the engine holds in memory, and return the limit there was. -#}
{% macro limit_memory(limit) %}{{ return(adapter.dispatch('limit_memory', 'label_harvest')(limit)) }}{% endmacro %}

{% macro default__limit_memory(limit) %}
    {% set before = run_query("select current_setting('memory_limit')").rows[0][0] %}
    {% do run_query("set memory_limit = " ~ text_literal(limit)) %}
    {{ return(before) }}
{% endmacro %}

{#- Value of every var in this run, as JSON text. -#}
{% macro settings_json() %}
    {% set settings = {} %}
    {% for name in known_vars() | sort if name != 'version' %}
        {% do settings.update({name: var(name)}) %}
    {% endfor %}
    {{ return(tojson(settings)) }}
{% endmacro %}
