{#- What a var may be. A value that no rule understands would be taken for the default, or fail deep inside a model. -#}

{#- Problem of the first var with an unusable value, in words; none when all are fine. -#}
{% macro var_problem() %}
    {% set choices = {
        'skip_policy': ['any', 'ignore'],
        'disagreement_statistic': ['max', 'mean', 'median'],
        'hi_samples': ['keep_all', 'average'],
        'harvest_imported': [true, false],
        'box_tiers': [true, false],
        'tier_basis': ['px', 'relative', 'oks'],
        'keypoint_scale': ['box', 'points'],
        'timeline_consensus': ['vote', 'dawid_skene'],
    } %}
    {% for name, allowed in choices.items() if var(name) not in allowed or var(name) is number and var(name) is not boolean %}
        {{ return(unusable(name, 'one of ' ~ allowed | map('tojson') | join(', '))) }}
    {% endfor %}

    {#- name: [least, most, must be whole, may be null, least itself is excluded] -#}
    {% set numbers = {
        'required_reviewers': [0, 1000, true, true, false],
        'timeline_frame_base': [0, 1, true, false, false],
        'max_frames': [1, 2147483647, true, false, false],
        'boundary_weight': [0, 1, false, false, true],
        'boundary_frames': [0, 2147483647, true, true, false],
        'lo_px': [0, 1000000, false, false, false],
        'hi_px': [0, var('lo_px'), false, false, false],
        'hi_iou': [0, 1, false, false, false],
        'lo_iou': [0, var('hi_iou'), false, false, false],
        'max_lo_frame_share': [0, 1, false, false, false],
        'min_double_review_share': [0, 1, false, false, false],
        'max_excluded_share': [0, 1, false, false, false],
        'max_skipped_task_share': [0, 1, false, false, false],
        'max_untouched_share': [0, 1, false, false, false],
        'lo_relative': [0, 1000000, false, false, true],
        'hi_relative': [0, var('lo_relative'), false, false, false],
        'hi_oks': [0, 1, false, false, false],
        'lo_oks': [0, var('hi_oks'), false, false, false],
        'boundary_tolerance_frames': [0, 2147483647, true, false, false],
        'transition_window_frames': [0, 2147483647, true, false, false],
        'swap_ratio': [0, 1, false, false, true],
        'confusion_iou': [0, 1, false, false, true],
        'nudge_px': [0, 1000000, false, false, false],
        'nudge_frames': [0, 2147483647, true, false, false],
        'bootstrap_resamples': [1, 1000000, true, false, false],
        'bootstrap_seed': [0, 2147483647, true, false, false],
        'record_prior_cases': [0, 1000000, false, false, true],
        'outlier_z': [0, 1000000, false, false, true],
        'min_outlier_annotators': [1, 1000000, true, false, false],
        'confidence_med': [0, 1, false, false, true],
        'confidence_single': [0, 1, false, false, true],
        'confidence_unknown_record': [0, 1, false, false, true],
        'dawid_skene_iterations': [1, 1000000, true, false, false],
        'dawid_skene_tolerance': [0, 1, false, false, true],
        'dawid_skene_smoothing': [0, 1000000, false, false, true],
        'min_chance_corrected': [0, 1, false, false, false],
        'min_label_agreement': [0, 1, false, false, false],
        'min_annotator_record': [0, 1, false, false, false],
        'min_gate_cases': [0, 2147483647, true, false, false],
        'rate_margin': [0, 1, false, false, true],
    } %}
    {% for name, (least, most, must_be_whole, may_be_null, is_least_excluded) in numbers.items() %}
        {% set value = var(name) %}
        {% if value is none %}
            {% set is_usable = may_be_null %}
        {% elif value is not number or value is boolean or (must_be_whole and value is not integer) %}
            {% set is_usable = false %}
        {% else %}
            {% set is_usable = least <= value <= most and not (is_least_excluded and value == least) %}
        {% endif %}
        {% if not is_usable %}
            {{ return(unusable(
                name,
                ('null or ' if may_be_null else '') ~ ('a whole number' if must_be_whole else 'a number')
                ~ (' above ' if is_least_excluded else ' from ') ~ least ~ (' up to ' if is_least_excluded else ' to ') ~ most
            )) }}
        {% endif %}
    {% endfor %}

    {% for name in ['episode_key_pattern', 'frame_pattern'] %}
        {% if var(name) is not string or modules.re.compile(var(name)).groups < 1 %}
            {{ return(unusable(name, 'a regular expression with a group (…) around what it finds')) }}
        {% endif %}
    {% endfor %}
    {{ return(none) }}
{% endmacro %}

{% macro unusable(name, allowed) %}
    {{ return(name ~ ' must be ' ~ allowed ~ ', not ' ~ tojson(var(name), var(name) | string) ~ '.\nNothing was built.') }}
{% endmacro %}
