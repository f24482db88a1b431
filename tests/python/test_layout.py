"""Reading versions back: the paths, what exists, and that no altered byte gets through."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from builds import ROOT
from harvest.layout import EpisodeLayout, TrainingSets, Version, VersionError, default_root
from releases import publish

A = [
    {
        "episode_key": episode,
        "view": "ego",
        "frame_idx": frame,
        "label": "grasp",
        "weight": 0.5,
        "annotation_ids": [1],
    }
    for episode in ("01_001", "01_002")
    for frame in range(3)
]
B = [{"episode_key": "02_001", "view": "ego", "frame_idx": 7, "annotation_ids": [4], "quality_tier": "hi"}]
ROWS: dict[str, list[dict[str, Any]]] = {
    "a": A,
    "b": B,
    "frame_reviews": [
        {"project": "b", "episode_key": "02_001", "view": "ego", "frame_idx": 7, "quality_tier": "hi"}
    ],
}


@pytest.fixture
def version(tmp_path: Path) -> Version:
    return publish(tmp_path / "sets", 3, ROWS)


def test_needs_no_dbt() -> None:
    program = (
        "import sys, harvest.layout as l; l.TrainingSets('.').numbers();"
        "sys.exit(any(name.split('.')[0] in ('dbt', 'duckdb', 'pyarrow') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_versions_are_folders_with_a_manifest(tmp_path: Path) -> None:
    training_sets = TrainingSets(tmp_path / "sets")
    assert training_sets.numbers() == []
    assert (training_sets.next_free(), training_sets.parent(5)) == (1, None)
    for number in (2, 10):
        publish(training_sets.root, number, ROWS)
    for name in ("v_3", "v_0/x", "v_04/x", "v_x", "w_5", ".building-v_6"):
        (training_sets.root / name).mkdir(parents=True)
    (training_sets.root / ".building-v_6/manifest.json").write_text("{}")
    (training_sets.root / "v_0/manifest.json").write_text("{}")
    (training_sets.root / "v_04/manifest.json").write_text("{}")
    assert training_sets.numbers() == [2, 10]
    assert [version.number for version in training_sets] == [2, 10]
    assert (training_sets.next_free(), training_sets.parent(10), training_sets.parent(2)) == (11, 2, None)
    assert training_sets.exists(2)
    assert not training_sets.exists(3)
    with pytest.raises(VersionError, match=r"There is no version 3 in .*\. Published versions: 2, 10\."):
        training_sets.version(3)


@pytest.mark.parametrize("number", [0, -1, True, "3", 3.0, None, "../v_3"])
def test_only_positive_integers_are_versions(number: Any, tmp_path: Path) -> None:
    with pytest.raises(VersionError, match="positive whole number"):
        TrainingSets(tmp_path).version(number)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("{", "cannot be read"),
        ('{"schema_version": 2}', "has schema version 2"),
        ("[]", "has schema version None"),
        ("", "cannot be read"),
    ],
)
def test_manifests_that_cannot_be_read(manifest: str, message: str, version: Version) -> None:
    (version.folder / "manifest.json").write_text(manifest, "utf-8")
    with pytest.raises(VersionError, match=message):
        TrainingSets(version.folder.parent).version(3)


def test_rows_as_dataset_and_as_relation(version: Version) -> None:
    dataset = version.dataset("a")
    assert dataset.count_rows() == 6
    assert dataset.schema.names[:4] == ["episode_key", "view", "media", "frame_idx"]
    with duckdb.connect() as connection:
        assert version.relation("b", connection).project("frame_idx, quality_tier").fetchall() == [(7, "hi")]
        assert version.relation("frame_reviews", connection).count("*").fetchone() == (1,)
    assert version.relation("c").fetchall() == []
    assert version.manifest["sets"]["a"]["rows"] == 6


def test_episodes(version: Version) -> None:
    assert version.episodes("a") == ["01_001", "01_002"]
    assert version.episodes("c") == []
    assert version.episodes() == ["01_001", "01_002", "02_001"]


def test_what_a_version_does_not_hold(version: Version) -> None:
    with pytest.raises(VersionError, match=r"Version 3 holds no 'd'\. It holds: a, b, c, annotation_lineage"):
        version.dataset("d")


def test_a_changed_file_is_an_error_that_names_it(version: Version) -> None:
    file = version.folder / "a/training_set_a.parquet"
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    for read in (version.dataset, version.relation, version.paths):
        with pytest.raises(VersionError, match=f"{file} was altered after version 3 was published"):
            read("a")
    assert version.dataset("b").count_rows() == 1
    assert version.paths("a", check=False) == [file]
    file.unlink()
    with pytest.raises(VersionError, match=f"{file} is missing"):
        version.dataset("a")
    assert version.verify() == [f"{file} is missing, though version 3 was published with it."]


def test_default_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HARVEST_TRAINING_SETS", raising=False)
    assert default_root() == Path("training_sets")
    monkeypatch.setenv("HARVEST_TRAINING_SETS", "")
    assert default_root() == Path("training_sets")
    monkeypatch.setenv("HARVEST_TRAINING_SETS", "elsewhere")
    assert TrainingSets().root == Path("elsewhere")


def test_the_macro_has_the_same_default() -> None:
    macros = (ROOT / "macros/publish/release.sql").read_text("utf-8")
    assert "env_var('HARVEST_TRAINING_SETS', '') or 'training_sets'" in macros


@pytest.fixture
def episode(version: Version, tmp_path: Path) -> EpisodeLayout:
    return EpisodeLayout(
        tmp_path / "data", "task_01", "01_001", version=3, training_sets=TrainingSets(version.folder.parent)
    )


def test_paths_of_an_episode(episode: EpisodeLayout) -> None:
    assert episode.video("ego") == episode.data_root / "videos/ego/task_01/01_001_ego.mp4"
    frame = episode.review_frame("exo", 423)
    assert frame == episode.data_root / "frames/exo/task_01/01_001_exo_f000423.jpg"
    assert episode.review_frames("exo") == []
    for path in (frame, episode.review_frame("exo", 7), frame.with_name("01_002_exo_f000001.jpg")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert episode.review_frames("exo") == [episode.review_frame("exo", 7), frame]


def test_rows_of_an_episode(episode: EpisodeLayout) -> None:
    assert episode.rows("a").project("frame_idx").fetchall() == [(0,), (1,), (2,)]
    assert episode.rows("b").fetchall() == []
    newest = dataclasses.replace(episode, version=None, episode_key="02_001")
    assert newest.rows("b").project("frame_idx").fetchall() == [(7,)]
    with pytest.raises(VersionError, match="There is no version 4"):
        dataclasses.replace(episode, version=4).rows("a")
    with pytest.raises(VersionError, match="no published version"):
        dataclasses.replace(newest, training_sets=TrainingSets("nowhere")).rows("a")


def test_an_episode_is_frozen_and_stays_in_its_folder(episode: EpisodeLayout) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        episode.version = 4  # type: ignore[misc]
    for values in ({"task_subdir": "../x"}, {"episode_key": "/x"}, {"episode_key": ""}):
        with pytest.raises(ValueError, match="below data_root"):
            dataclasses.replace(episode, **values)
    with pytest.raises(VersionError):
        dataclasses.replace(episode, version=0)
