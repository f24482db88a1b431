"""Any setting may differ in a build, so no unit test may rest on a setting that it does not state."""

from __future__ import annotations

import json

import yaml

from builds import ROOT, Workshop

OTHER_VALUES = [
    {
        "required_reviewers": 2,
        "skip_policy": "ignore",
        "harvest_imported": True,
        "episode_key_pattern": "(x)",
        "frame_pattern": "(y)",
        "timeline_frame_base": 0,
        "max_frames": 100,
        "boundary_weight": 0.4,
        "boundary_frames": 2,
        "disagreement_statistic": "mean",
        "hi_px": 2,
        "lo_px": 30,
        "hi_iou": 0.9,
        "lo_iou": 0.6,
        "box_tiers": False,
        "hi_samples": "average",
        "tier_basis": "relative",
        "keypoint_scale": "points",
        "timeline_consensus": "dawid_skene",
        "dawid_skene_tolerance": 0.001,
    },
    {"disagreement_statistic": "median", "tier_basis": "oks"},
]
"""Every setting but the numbers of the quality chapter, which get twice their default."""


def test_unit_tests_hold_under_other_settings(full: Workshop) -> None:
    declared = yaml.safe_load((ROOT / "dbt_project.yml").read_text("utf-8"))["vars"]
    shares = {name for name in declared if name.endswith(("_share", "_record", "_agreement", "_corrected"))}
    doubled = {
        name: value / 2 if 0 < value < 1 else value * 2
        for name, value in declared.items()
        if name not in OTHER_VALUES[0] and name not in shares and isinstance(value, int | float)
    }
    assert {*OTHER_VALUES[0], *doubled, *shares} == set(declared)
    outcomes = full.run(
        *(
            ["dbt", "test", "--select", "test_type:unit", "--vars", json.dumps({**doubled, **values})]
            for values in OTHER_VALUES
        )
    )
    for outcome in outcomes:
        assert outcome.succeeded, outcome.output
