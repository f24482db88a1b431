"""Versions compared, verified and listed: made of few rows, each difference with the cause it must have."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from harvest.cli import main
from harvest.layout import TrainingSets, Version, VersionError
from harvest.versions.changelog import update_changelog
from harvest.versions.compare import RELATIONS, Comparison, compare
from harvest.versions.verify import verify
from releases import publish

EGO = {"episode_key": "01_001", "view": "ego"}


def lineage(annotation_id: int, **values: Any) -> dict[str, Any]:
    """An annotation of frame 10 in B that is ground truth, unless the values say otherwise."""
    reason = values.get("exclusion_reason")
    return {
        "project": "b",
        "task_id": annotation_id // 10,
        "kind": "annotation",
        "annotation_id": annotation_id,
        **EGO,
        "frame_idx": 10,
        "annotator_id": annotation_id % 10,
        "revised_at": "2026-01-01 00:00:00",
        "is_ground_truth": reason is None,
        **values,
    }


def sample(annotation_id: int, **values: Any) -> dict[str, Any]:
    """A sample of frame 10 with one point."""
    return {
        **EGO,
        "media": "frame.jpg",
        "frame_idx": 10,
        "quality_tier": "single",
        "reviewer_count": 1,
        "annotation_ids": [annotation_id],
        "keypoints": [{"label": "wrist", "instance": "", "x": 100.0, "y": 200.0}],
        "boxes": [],
        **values,
    }


def action(frame_idx: int, **values: Any) -> dict[str, Any]:
    """A frame of `grasp` in A, marked by annotation 51."""
    row = {"media": "video.mp4", "label": "grasp", "weight": 0.5, "annotation_ids": [51], "label_rank": 1}
    return {**EGO, "frame_idx": frame_idx, **row, **values}


def review(tier: str, **values: Any) -> dict[str, Any]:
    return {"project": "b", **EGO, "frame_idx": 10, "quality_tier": tier, **values}


Rows = dict[str, list[dict[str, Any]]]
Compare = Callable[..., Comparison]


@pytest.fixture
def compared(tmp_path: Path) -> Compare:
    """Publish two versions of the given rows and compare them."""

    def compared(old: Rows, new: Rows, **second: Any) -> Comparison:
        return compare(publish(tmp_path, 1, old), publish(tmp_path, 2, new, **second))

    return compared


def changes(comparison: Comparison) -> list[tuple]:
    """Set, change, frame, annotations, cause and detail of every changed row."""
    rows = comparison.relation("changed_rows").order("set_name, frame_idx, annotation_ids, change")
    return rows.project("set_name, change, frame_idx, annotation_ids, cause, detail").fetchall()


BASE: Rows = {
    "b": [sample(11)],
    "annotation_lineage": [lineage(11)],
    "frame_reviews": [review("single")],
}


def test_the_same_rows_are_the_same(compared: Compare) -> None:
    comparison = compared(BASE, BASE)
    assert comparison.is_same
    assert changes(comparison) == []


def test_a_new_annotation(compared: Compare) -> None:
    new = {
        "b": [sample(11), sample(21, frame_idx=20)],
        "annotation_lineage": [lineage(11), lineage(21, frame_idx=20)],
        "frame_reviews": [review("single"), review("single", frame_idx=20)],
    }
    detail = "annotation 21 of reviewer 1"
    assert changes(compared(BASE, new)) == [("b", "added", 20, [21], "new annotation", detail)]


def test_an_edited_annotation(compared: Compare) -> None:
    moved = [{"label": "wrist", "instance": "", "x": 103.0, "y": 200.0}]
    new = {
        **BASE,
        "b": [sample(11, keypoints=moved)],
        "annotation_lineage": [lineage(11, revised_at="2026-02-01 00:00:00")],
    }
    comparison = compared(BASE, new)
    detail = "annotation 11 of reviewer 1"
    assert changes(comparison) == [("b", "changed", 10, [11], "newer revision", detail)]
    assert comparison.relation("changed_rows").project("changed_columns").fetchall() == [(["keypoints"],)]


def test_an_annotation_superseded_by_the_same_person(compared: Compare) -> None:
    new = {
        **BASE,
        "b": [sample(101)],
        "annotation_lineage": [lineage(11, exclusion_reason="superseded"), lineage(101, annotator_id=1)],
    }
    assert changes(compared(BASE, new)) == [
        (
            "b",
            "removed",
            10,
            [11],
            "newer revision",
            "annotation 11 of reviewer 1, superseded by a later one",
        ),
        ("b", "added", 10, [101], "new annotation", "annotation 101 of reviewer 1"),
    ]


@pytest.mark.parametrize("reason", ["cancelled", "review_rejected", "bulk_copied", "task_skipped"])
def test_an_annotation_that_is_excluded_now(reason: str, compared: Compare) -> None:
    new = {"annotation_lineage": [lineage(11, exclusion_reason=reason)]}
    detail = "annotation 11 of reviewer 1"
    assert changes(compared(BASE, new)) == [("b", "removed", 10, [11], f"excluded: {reason}", detail)]
    assert changes(compare(*reversed(list(TrainingSets(root_of(compared)))))) == [
        ("b", "added", 10, [11], f"no longer excluded: {reason}", detail)
    ]


def root_of(compared: Compare) -> Path:
    return next(cell.cell_contents for cell in compared.__closure__ if isinstance(cell.cell_contents, Path))


def test_an_exclusion_that_a_setting_decides(compared: Compare) -> None:
    new = {"annotation_lineage": [lineage(11, exclusion_reason="task_skipped")]}
    old_settings, new_settings = {"skip_policy": "ignore"}, {"skip_policy": "any"}
    root = root_of(compared)
    comparison = compare(
        publish(root, 1, BASE, settings=old_settings), publish(root, 2, new, settings=new_settings)
    )
    detail = "annotation 11 of reviewer 1 (task_skipped; skip_policy ignore → any)"
    assert changes(comparison) == [("b", "removed", 10, [11], "setting change", detail)]
    assert comparison.settings == [("skip_policy", "ignore", "any")]


def test_an_annotation_that_is_gone(compared: Compare) -> None:
    detail = "annotation 11 of reviewer 1"
    assert changes(compared(BASE, {})) == [("b", "removed", 10, [11], "annotation gone", detail)]


def test_an_annotation_whose_account_is_gone(compared: Compare) -> None:
    new = {**BASE, "b": [sample(11, annotator_ids=[None])]}
    new["annotation_lineage"] = [lineage(11, annotator_id=None)]
    old = {**BASE, "b": [sample(11, annotator_ids=[1])]}
    detail = "annotation 11 of reviewer 1"
    assert changes(compared(old, new)) == [("b", "changed", 10, [11], "other annotator", detail)]


def test_an_annotation_that_moved_to_another_frame(compared: Compare) -> None:
    new = {
        "b": [sample(11, frame_idx=12)],
        "annotation_lineage": [lineage(11, frame_idx=12)],
        "frame_reviews": [review("single", frame_idx=12)],
    }
    detail = "annotation 11 of reviewer 1"
    assert changes(compared(BASE, new)) == [
        ("b", "removed", 10, [11], "other frame", detail),
        ("b", "added", 12, [11], "other frame", detail),
    ]


def test_a_tier_that_a_new_review_changed(compared: Compare) -> None:
    new = {
        "b": [sample(11, quality_tier="med", reviewer_count=2)],
        "annotation_lineage": [lineage(11), lineage(22)],
        "frame_reviews": [review("med")],
    }
    detail = "new annotation: annotation 22 of reviewer 2"
    assert changes(compared(BASE, new)) == [("b", "changed", 10, [11], "tier change: single → med", detail)]


def test_a_tier_that_a_setting_changed(compared: Compare) -> None:
    old = {**BASE, "b": [sample(11, quality_tier="hi")], "frame_reviews": [review("hi")]}
    new = {**BASE, "b": [], "frame_reviews": [review("lo")]}
    comparison = compared(old, new, settings={"hi_px": 3})
    detail = "setting change: hi_px 5 → 3"
    assert changes(comparison) == [("b", "removed", 10, [11], "tier change: hi → lo", detail)]


def test_another_sample_of_the_same_reviews(compared: Compare) -> None:
    both = {"annotation_lineage": [lineage(11), lineage(22)], "frame_reviews": [review("med")]}
    detail = "the same reviews, whose reviewers have other records now"
    assert changes(compared({**both, "b": [sample(11)]}, {**both, "b": [sample(22)]})) == [
        ("b", "removed", 10, [11], "reviewer records", detail),
        ("b", "added", 10, [22], "reviewer records", detail),
    ]


TIMELINE = lineage(51, project="a", frame_idx=None)
VIDEO: Rows = {"a": [action(0), action(1)], "annotation_lineage": [TIMELINE]}


def test_a_second_reviewer_of_a_video(compared: Compare) -> None:
    new = {
        "a": [action(0, weight=0.25), action(1, annotation_ids=[51, 52])],
        "annotation_lineage": [TIMELINE, lineage(52, project="a", frame_idx=None)],
    }
    detail = "annotation 52 of reviewer 2"
    assert changes(compared(VIDEO, new)) == [
        ("a", "changed", 0, [51], "new annotation", detail),
        ("a", "changed", 1, [51, 52], "new annotation", detail),
    ]


def test_weights_that_a_setting_changed(compared: Compare) -> None:
    new = {**VIDEO, "a": [action(0, weight=0.4), action(1)]}
    comparison = compared(
        VIDEO, new, settings={"boundary_weight": 0.4, "hi_px": 4, "max_lo_frame_share": 0.5}
    )
    detail = "boundary_weight 0.5 → 0.4"
    assert changes(comparison) == [("a", "changed", 0, [51], "setting change", detail)]
    weights = comparison.relation("changed_rows").project("old_weight, new_weight, changed_columns")
    assert weights.fetchall() == [(0.5, 0.4, ["weight"])]


def test_weights_that_other_code_changed(compared: Compare) -> None:
    new = {**VIDEO, "a": [action(0, weight=0.4), action(1)]}
    comparison = compared(VIDEO, new, code={"package_version": "0.2.0"})
    detail = "package_version 0.1.0 → 0.2.0"
    assert changes(comparison) == [("a", "changed", 0, [51], "code change", detail)]
    assert comparison.code == [("package_version", "0.1.0", "0.2.0")]


def test_media_that_moved(compared: Compare) -> None:
    new = {"a": [action(0, media="other.mp4"), action(1)], "annotation_lineage": [TIMELINE]}
    detail = "what the task says of its media"
    assert changes(compared(VIDEO, new)) == [("a", "changed", 0, [51], "task data", detail)]


def test_numbers_within_the_tolerance_are_the_same(compared: Compare) -> None:
    nudged = [{"label": "wrist", "instance": "", "x": 100.0000005, "y": 200.0}]
    new = {
        **BASE,
        **VIDEO,
        "b": [sample(11, keypoints=nudged)],
        "a": [action(0, weight=0.5000005), action(1)],
    }
    assert compared({**BASE, **VIDEO}, new).is_same


@pytest.mark.parametrize(
    "points",
    [
        [],
        None,
        [{"label": "thumb", "instance": "", "x": 100.0, "y": 200.0}],
        [{"label": "wrist", "instance": "left", "x": 100.0, "y": 200.0}],
        [{"label": "wrist", "instance": "", "x": 100.0, "y": 200.000002}],
        [{"label": "wrist", "instance": "", "x": None, "y": 200.0}],
        2 * [{"label": "wrist", "instance": "", "x": 100.0, "y": 200.0}],
    ],
)
def test_points_that_differ(points: list | None, compared: Compare) -> None:
    comparison = compared(BASE, {**BASE, "b": [sample(11, keypoints=points)]}, settings={"hi_px": 4})
    assert [change[:2] for change in changes(comparison)] == [("b", "changed")]


def test_a_missing_view_meets_a_missing_view(compared: Compare) -> None:
    old, new = (
        {
            "b": [sample(11, view=None, reviewer_count=count)],
            "annotation_lineage": [lineage(11, view=None), *more],
            "frame_reviews": [review(tier, view=None)],
        }
        for count, tier, more in ((1, "single", []), (2, "med", [lineage(22, view=None)]))
    )
    detail = "new annotation: annotation 22 of reviewer 2"
    assert changes(compared(old, new)) == [("b", "changed", 10, [11], "tier change: single → med", detail)]


def test_scores_alone_make_no_change(compared: Compare) -> None:
    old = {**BASE, **VIDEO, "b": [sample(11, confidence=0.8)], "a": [action(0, confidence=0.8), action(1)]}
    new = {**BASE, **VIDEO, "b": [sample(11, confidence=0.9)], "a": [action(0, confidence=0.9), action(1)]}
    comparison = compared(old, new)
    assert changes(comparison) == []
    assert not comparison.is_same
    assert comparison.relation("changes_by_cause").fetchall() == [
        ("a", "rescored", "reviewer records", 1, 1),
        ("b", "rescored", "reviewer records", 1, 1),
    ]


def test_drafts_and_predictions_change_no_row(compared: Compare) -> None:
    other = [lineage(31, kind="draft", exclusion_reason="draft"), lineage(11, kind="prediction")]
    comparison = compared(BASE, {**BASE, "annotation_lineage": [lineage(11), *other]})
    assert comparison.is_same
    assert comparison.relation("annotation_events").fetchall() == []


def test_comparison_kept_in_a_database(compared: Compare, tmp_path: Path) -> None:
    comparison = compared(BASE, {})
    database = tmp_path / "kept.duckdb"
    for _ in range(2):
        assert comparison.save(database) == "diff_1_2"
    with duckdb.connect(str(database), read_only=True) as connection:
        for name in RELATIONS:
            kept = connection.table(f"diff_1_2.{name}")
            assert kept.columns == comparison.relation(name).columns
        assert connection.sql("select cause from diff_1_2.changed_rows").fetchall() == [("annotation gone",)]


def run(root: Path, *arguments: str | int) -> Result:
    environment = {"HARVEST_TRAINING_SETS": str(root)}
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment)


def test_diff_command(compared: Compare, tmp_path: Path) -> None:
    new = {"annotation_lineage": [lineage(11, exclusion_reason="cancelled")]}
    compared(BASE, new, settings={"hi_px": 4})
    result = run(tmp_path, "diff", 1, 2, "--rows", 5, "--save", tmp_path / "kept.duckdb")
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    for expected in (
        "Version 1 → 2",
        "settings hi_px 5 → 4",
        "b removed excluded: cancelled 1 1",
        "b 1 01_001 ego 10 excluded: cancelled: annotation 11 of reviewer 1",
        "b 01_001 0 1 0 excluded: cancelled",
        "b removed 01_001 ego 10 11 excluded: cancelled: annotation 11 of reviewer 1",
        f"Kept in {tmp_path / 'kept.duckdb'}, schema diff_1_2.",
    ):
        assert expected in lines, result.output
    assert "The training sets are the same." in run(tmp_path, "diff", 2, 2).output
    assert "b removed" not in " ".join(run(tmp_path, "diff", 1, 2, "--set", "a").output.split())


def test_unknown_versions(tmp_path: Path) -> None:
    publish(tmp_path, 1, BASE)
    for arguments in (("diff", 1, 9), ("verify", 9), ("reproduce", 9, "--exports", tmp_path)):
        result = run(tmp_path, *arguments)
        assert result.exit_code == 1
        assert f"There is no version 9 in {tmp_path}. Published versions: 1." in result.output


def test_versions_command(tmp_path: Path) -> None:
    assert "Publish the first one: dbt build --vars 'version: 1'" in run(tmp_path, "versions").output
    publish(tmp_path, 2, BASE)
    publish(tmp_path, 10, {**BASE, **VIDEO}, code={"git_dirty": True})
    result = run(tmp_path, "versions")
    assert result.exit_code == 0
    rows = [line.split() for line in result.output.splitlines()[1:]]
    assert [(row[0], *row[3:6]) for row in rows] == [("2", "0", "1", "0"), ("10", "2", "1", "0")]
    assert result.output.splitlines()[2].rstrip().endswith("0.1.0, commit aaaaaaa, modified")


def test_verify_command(tmp_path: Path) -> None:
    version = publish(tmp_path, 1, {**BASE, **VIDEO})
    result = run(tmp_path, "verify", 1)
    assert (result.exit_code, verify(version)) == (0, [])
    assert "Version 1 is as it was published: 5 files" in result.output
    (version.folder / "a/training_set_a.parquet").unlink()
    result = run(tmp_path, "verify", 1)
    assert result.exit_code == 1
    assert "is missing, though version 1 was published with it" in result.output


def flip(version: Version) -> None:
    path = version.folder / "b/training_set_b.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def swap(version: Version) -> None:
    """Another sound file with the manifest changed to fit: only the content tells."""
    file = version.folder / "a/training_set_a.parquet"
    query = f"select * replace (weight + 0.1 as weight) from '{file}'"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{file}.new' (format parquet)")
    Path(f"{file}.new").replace(file)
    edit_file_entry(version, "a", lambda entry: entry.update(bytes=file.stat().st_size, sha256=sha256(file)))


def sha256(path: Path) -> str:
    from harvest.layout import sha256_of

    return sha256_of(path)


def edit_manifest(version: Version, edit: Callable[[dict], Any]) -> None:
    manifest = json.loads((version.folder / "manifest.json").read_text("utf-8"))
    edit(manifest)
    (version.folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def edit_file_entry(version: Version, name: str, edit: Callable[[dict], Any]) -> None:
    edit_manifest(version, lambda manifest: edit(manifest["sets"][name]["files"][0]))


DAMAGES: dict[str, tuple[Callable[[Version], Any], str]] = {
    "a byte": (flip, "its SHA-256 differs"),
    "a longer file": (
        lambda v: (v.folder / "c/training_set_c.parquet").open("ab").write(b"x"),
        "bytes instead of",
    ),
    "a missing file": (lambda v: (v.folder / "a/training_set_a.parquet").unlink(), "is missing"),
    "a file too many": (lambda v: (v.folder / "a/more.parquet").write_text("x"), "is not part of version 1"),
    "other rows": (swap, "a has another content than its manifest says (fingerprint)"),
    "another count": (
        lambda v: edit_manifest(v, lambda manifest: manifest["sets"]["a"].update(rows=3)),
        "a holds 2 rows instead of 3",
    ),
    "another sum": (
        lambda v: edit_file_entry(v, "a", lambda file: file.update(rows=3)),
        "rows of a are not the sum",
    ),
    "another type": (
        lambda v: edit_manifest(
            v, lambda manifest: manifest["sets"]["a"]["columns"][3].update(type="bigint")
        ),
        "a has other columns or types",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_finds(damage: str, tmp_path: Path) -> None:
    version = publish(tmp_path, 1, {**BASE, **VIDEO})
    do, finding = DAMAGES[damage]
    do(version)
    findings = verify(TrainingSets(tmp_path).version(1))
    assert any(finding in each for each in findings), findings


def test_an_altered_version_is_not_compared(tmp_path: Path) -> None:
    first, second = publish(tmp_path, 1, BASE), publish(tmp_path, 2, {})
    flip(first)
    with pytest.raises(VersionError, match=r"training_set_b\.parquet was altered after version 1"):
        compare(first, second)


def headings(root: Path) -> list[str]:
    text = (root / "CHANGELOG.md").read_text("utf-8")
    return [line.split(" — ")[0] for line in text.splitlines() if line.startswith("## ")]


def test_changelog_has_one_section_per_version_newest_first(tmp_path: Path) -> None:
    publish(tmp_path, 1, BASE)
    publish(tmp_path, 3, {**BASE, **VIDEO}, settings={"hi_px": 4})
    publish(tmp_path, 2, BASE)
    assert headings(tmp_path) == ["## Version 3", "## Version 2", "## Version 1"]
    text = (tmp_path / "CHANGELOG.md").read_text("utf-8")
    third, second, first = text.split("\n## Version ")[1:]
    assert "The first version." in first
    assert "The training sets are the same." in second
    assert "Compared with version 1:" in third
    assert "- Settings: hi_px 5 → 4" in third
    assert "| a | added | new annotation | 2 | 1 |" in third


def test_changelog_keeps_what_is_there_and_adds_what_is_missing(tmp_path: Path) -> None:
    publish(tmp_path, 1, BASE)
    publish(tmp_path, 2, {})
    changelog = tmp_path / "CHANGELOG.md"
    whole = changelog.read_text("utf-8")
    edited = whole.replace("The first version.", "The first version, of which we were proud.")
    changelog.write_text(edited, "utf-8")
    update_changelog(TrainingSets(tmp_path))
    assert changelog.read_text("utf-8") == edited

    changelog.unlink()  # as after a build that was killed between its rename and its section
    update_changelog(TrainingSets(tmp_path))
    assert changelog.read_text("utf-8") == whole

    shutil.rmtree(tmp_path / "v_2")
    publish(tmp_path, 3, BASE)
    assert headings(tmp_path) == ["## Version 3", "## Version 2", "## Version 1"]


def test_changelog_of_a_version_that_cannot_be_compared(tmp_path: Path) -> None:
    flip(publish(tmp_path, 1, BASE))
    publish(tmp_path, 2, {})
    text = (tmp_path / "CHANGELOG.md").read_text("utf-8")
    assert "Not compared with version 1:" in text
    assert "was altered after version 1 was published" in text


def test_parents_are_the_highest_version_below(tmp_path: Path) -> None:
    parents = {number: publish(tmp_path, number, BASE).manifest["parent_version"] for number in (2, 10, 5, 1)}
    assert parents == {2: None, 10: 2, 5: 2, 1: None}
