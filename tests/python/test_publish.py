"""Publishing: what appears, when it does not, and what a user is told."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import jsonschema
import pyarrow.parquet
import pytest

from builds import ROOT, Workshop, build_command
from harvest.fingerprint import content_of
from harvest.layout import SETS, TrainingSets, sha256_of

SCHEMA = json.loads((ROOT / "scripts/harvest/manifest.schema.json").read_text("utf-8"))


@pytest.fixture
def published(workshop: Workshop) -> Workshop:
    """A lean workshop with version 1 published, to do something to."""
    outcome = workshop.build(1)
    assert outcome.succeeded, outcome.output
    return workshop


@pytest.fixture
def manifest(full: Workshop) -> dict:
    return dict(full.training_sets.version(1).manifest)


def snapshot(folder: Path) -> dict[str, tuple[str, int]]:
    """SHA-256 and time of the last change of every file."""
    return {
        path.relative_to(folder).as_posix(): (sha256_of(path), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def left_overs(workshop: Workshop) -> list[str]:
    root = workshop.training_sets.root
    return sorted(path.name for path in root.iterdir()) if root.exists() else []


def test_the_three_sets_appear(full: Workshop) -> None:
    assert left_overs(full) == ["CHANGELOG.md", "v_1"]
    version = full.training_sets.version(1)
    files = {file.path for file in version.files()}
    assert {f"{name}/training_set_{name}.parquet" for name in SETS} < files
    assert set(snapshot(version.folder)) == files | {"manifest.json"}
    rows = ", ".join(f"{name} {version.entry(name)['rows']:,}" for name in SETS)
    assert f"Version 1 is published: {version.folder} (rows: {rows})." in full.outcomes()[-1].output


def test_files_hold_the_marts_in_order(full: Workshop) -> None:
    version = full.training_sets.version(1)
    with duckdb.connect(str(full.database), read_only=True) as connection:
        relations = connection.sql("select name, location, row_order from publishing.release_relations")
        for name, location, row_order in relations.fetchall():
            mart = connection.sql(f"from {location} order by {row_order}")
            file = version.relation(name, connection)
            assert file.columns == mart.columns
            assert file.fetchall() == mart.fetchall(), name
            keys = ", ".join(row_order.replace(" nulls last", "").split(", "))
            assert connection.sql(f"select count(*), count(distinct ({keys})) from {location}").fetchall()[
                0
            ] == (
                version.entry(name)["rows"],
                version.entry(name)["rows"],
            )
            content = content_of(file)
            entry = version.entry(name)
            assert (content.rows, content.fingerprint) == (entry["rows"], entry["fingerprint"])
    for path in version.folder.rglob("*.parquet"):
        group = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)
        assert {group.column(i).compression for i in range(group.num_columns)} == {"ZSTD"}


def test_manifest_follows_its_schema(manifest: dict) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(manifest, SCHEMA)
    broken = {**manifest, "version": 0}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)


def test_manifest_says_what_went_in(full: Workshop, manifest: dict) -> None:
    exports = {
        project: ROOT / "examples/exports" / project / "export_all_tasks.json" for project in ("a", "b", "c")
    }
    assert {export["project"]: export["sha256"] for export in manifest["exports"]} == {
        project: sha256_of(path) for project, path in exports.items()
    }
    assert sum(export["tasks"] for export in manifest["exports"]) == 84
    assert manifest["vars"]["hi_px"] == 5
    assert manifest["vars"]["boundary_frames"] is None
    assert "version" not in manifest["vars"]
    assert manifest["engine"]["duckdb"] == f"v{duckdb.__version__}"
    assert manifest["parent_version"] is None


def test_manifest_counts_what_was_left_out(full: Workshop, manifest: dict) -> None:
    with duckdb.connect(str(full.database), read_only=True) as connection:
        for name in SETS:
            verdicts = connection.execute(
                "select exclusion_reason, count(*) from annotation_verdicts"
                " where project = ? and not is_ground_truth group by all",
                [name],
            ).fetchall()
            assert manifest["sets"][name]["left_out"]["annotations"] == dict(verdicts)
            tiers = connection.execute(
                "select quality_tier, count(*) from frame_reviews where project = ? group by all", [name]
            ).fetchall()
            assert manifest["sets"][name]["frames_per_tier"] == dict(tiers)
    assert manifest["sets"]["b"]["left_out"]["frames"] == {"lo": 2}


def test_manifest_has_the_gate_results_that_dbt_tells(full: Workshop, manifest: dict) -> None:
    results = json.loads((full.folder / "target/run_results.json").read_text("utf-8"))["results"]
    nodes = json.loads((full.folder / "target/manifest.json").read_text("utf-8"))["nodes"]
    told = {
        nodes[result["unique_id"]]["name"]: (result["status"], result["failures"])
        for result in results
        if result["unique_id"].startswith("test.")
    }
    told.pop("exported_files_differ_from_their_relation")
    assert {gate["name"]: (gate["status"], gate["failures"]) for gate in manifest["gates"]} == told
    assert ("warn", 2) in told.values()


def test_building_again_changes_no_byte_and_says_so(published: Workshop) -> None:
    before = snapshot(published.training_sets.root)
    outcome = published.build(1)
    assert outcome.succeeded
    folder = published.training_sets.version(1).folder
    assert (
        f"Version 1 was published before with exactly these sets; {folder} was left as it is."
        in outcome.output
    )
    assert "Its manifest records" not in outcome.output
    assert snapshot(published.training_sets.root) == before


def test_same_sets_from_other_settings_are_told(published: Workshop) -> None:
    before = snapshot(published.training_sets.root)
    outcome = published.build(1, max_lo_frame_share=0.3)
    assert outcome.succeeded
    assert "Its manifest records other values for: max_lo_frame_share." in outcome.output
    assert snapshot(published.training_sets.root) == before


def test_other_content_stops_before_anything_is_written(published: Workshop) -> None:
    before = snapshot(published.training_sets.root)
    with duckdb.connect(str(published.database)) as connection:
        connection.execute("update kept.training_set_a set weight = 0.4 where weight = 0.5")
        connection.execute("delete from kept.training_set_b where rowid = 0")
        connection.execute("alter table kept.training_set_c rename needs_spot_check to is_odd")
    outcome = published.build(1)
    assert not outcome.succeeded
    assert "is published already" in outcome.output
    assert "- set a: 1,252 rows as published, with other content" in outcome.output
    assert "- set b: 11 rows, published with 12" in outcome.output
    assert "- set c: 11 rows as published, with other columns" in outcome.output
    assert "dbt build --vars 'version: 2'" in outcome.output
    assert "Version 1 was not published" in outcome.output
    assert "Traceback" not in outcome.output
    assert snapshot(published.training_sets.root) == before


def test_an_altered_version_is_not_passed_over(published: Workshop) -> None:
    file = published.training_sets.version(1).folder / "b/training_set_b.parquet"
    with file.open("ab") as opened:
        opened.write(b"x")
    outcome = published.build(1)
    assert not outcome.succeeded
    assert "Version 1 is published, but its files were changed since" in outcome.output
    assert str(file) in outcome.output


@pytest.mark.parametrize("threads", [1, 4])
def test_same_bytes_on_any_number_of_threads(threads: int, full: Workshop, tmp_path: Path) -> None:
    workshop = full.copy_to(tmp_path / "workshop")
    profile = (ROOT / "profiles.yml").read_text("utf-8")
    settings = f"threads: {threads}\n      settings:\n        threads: {threads}\n"
    (workshop.folder / "profiles.yml").write_text(profile.replace("threads: 2\n", settings), "utf-8")
    assert workshop.build(1).succeeded
    found, expected = (each.training_sets.version(1) for each in (workshop, full))
    assert [file.sha256 for file in found.files()] == [file.sha256 for file in expected.files()]


def test_without_a_version_nothing_is_published(workshop: Workshop) -> None:
    outcome = workshop.build()
    assert outcome.succeeded
    assert "Nothing was published: no version was given." in outcome.output
    assert not workshop.training_sets.root.exists()


def test_the_version_that_was_understood_is_echoed(workshop: Workshop) -> None:
    outcome = workshop.dbt("build", "--exclude-resource-type", "unit_test", "--vars", "version: 010")
    assert outcome.succeeded
    assert "Version 8 is to be published" in outcome.output
    assert workshop.training_sets.numbers() == [8]


@pytest.fixture
def unbuilt(lean: Workshop, tmp_path: Path) -> Workshop:
    """The macros and vars of the project over a model that must never be built: it parses fast."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "macros", project / "macros")
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, project)
    (project / "models").mkdir()
    (project / "models/model.sql").write_text("select 1 as id", "utf-8")
    return Workshop(lean.copy_to(tmp_path / "unbuilt").folder, project)


def test_bad_versions_stop_the_run(unbuilt: Workshop) -> None:
    values = ['"3"', "3.0", "../x", "[1]", "true", "0", "-1", "99999999999"]
    outcomes = unbuilt.run(
        *(["dbt", "build", "--vars", "{version: %s}" % value] for value in values)  # noqa: UP031
    )
    for value, outcome in zip(values, outcomes, strict=True):
        assert not outcome.succeeded, value
        assert "version must be a positive whole number, not " in outcome.output, value
        assert "Nothing was built" in outcome.output
        assert "OK created" not in outcome.output
    assert not unbuilt.training_sets.root.exists()


def test_unknown_vars_stop_the_run(unbuilt: Workshop) -> None:
    misspelt = {"verison": "version", "Version": "version", "hipx": "hi_px", "skip_polciy": "skip_policy"}
    outcomes = unbuilt.run(*(["dbt", "build", "--vars", json.dumps({name: 3})] for name in misspelt))
    for (name, meant), outcome in zip(misspelt.items(), outcomes, strict=True):
        assert not outcome.succeeded
        assert f"There is no var {name}. Did you mean {meant}?" in outcome.output
        assert "OK created" not in outcome.output


PARTIAL_RUNS = {
    "run": "Version 2 cannot be published by `dbt run`",
    "test": "Version 2 cannot be published by `dbt test`",
    "build --select published_version": "it leaves out",
    "build --select written_files": "it leaves out",
    "build --select +published_version --exclude training_set_b": "it leaves out",
    "build --exclude-resource-type test": "gates (",
    "build --resource-type model": "gates (",
    "build --exclude weights_missing": "it leaves out 1 of",
    "build --exclude exported_files_differ_from_their_relation": "it leaves out 1 of",
    "build --empty": "cannot be published from empty or sampled models",
}


def test_partial_runs_refuse_to_publish(workshop: Workshop) -> None:
    outcomes = workshop.run(
        *(["dbt", *command.split(), "--vars", "{version: 2}"] for command in PARTIAL_RUNS)
    )
    for (command, text), outcome in zip(PARTIAL_RUNS.items(), outcomes, strict=True):
        assert not outcome.succeeded, command
        assert text in outcome.output, (command, outcome.output)
        assert "dbt build --vars 'version: 2'" in outcome.output, command
        assert "OK created" not in outcome.output, command
    assert left_overs(workshop) == []


def test_a_failing_gate_publishes_nothing(workshop: Workshop) -> None:
    with duckdb.connect(str(workshop.database)) as connection:
        connection.execute("update kept.training_set_a set weight = null where frame_idx = 30")
    outcome = workshop.build(1, "--fail-fast")
    again = workshop.build(1)
    for each in (outcome, again):
        assert not each.succeeded
        assert "weights_missing" in each.output
    assert "Version 1 was not published; what stopped it is listed below." in again.output
    assert workshop.training_sets.numbers() == []
    assert left_overs(workshop) == []


def test_a_gate_that_the_release_would_not_wait_for_stops_it(workshop: Workshop, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(workshop.project, project)
    (project / "models/aside.sql").write_text("select 1 as id", "utf-8")
    gates = {
        "a_gate_aside": "select * from {{ ref('aside') }} where id = 0",
        "a_gate_that_keeps_nothing": "{{ config(store_failures=false) }}"
        " select * from {{ ref('training_set_a') }} where false",
    }
    for name, query in gates.items():
        (project / f"tests/gates/{name}.sql").write_text(query, "utf-8")
    outcome = Workshop(workshop.folder, project).build(1)
    assert not outcome.succeeded
    assert "the release would not wait for a_gate_aside, a_gate_that_keeps_nothing" in outcome.output
    assert "models/publish/release_gate.sql must refer to what it tests" in outcome.output


def test_no_load_yet(tmp_path: Path) -> None:
    outcome = Workshop(tmp_path).build()
    assert not outcome.succeeded
    assert f"No exports are loaded in {tmp_path / 'harvest.duckdb'}" in outcome.output
    assert "Load some first: harvest load PATH" in outcome.output
    assert "Traceback" not in outcome.output


def test_unwritable_output_folder(workshop: Workshop) -> None:
    workshop.training_sets.root.write_text("a file where the folder should be", "utf-8")
    outcome = workshop.build(1)
    assert not outcome.succeeded
    assert (
        f"The folder for training sets cannot be written: {workshop.training_sets.root} (File exists)"
        in outcome.output
    )
    assert "HARVEST_TRAINING_SETS" in outcome.output
    assert "OK created" not in outcome.output


def test_a_folder_in_the_way(workshop: Workshop) -> None:
    (workshop.training_sets.root / "v_1/a").mkdir(parents=True)
    outcome = workshop.build(1)
    assert not outcome.succeeded
    assert "is in the way: it holds files but no manifest.json" in outcome.output
    assert "OK created" not in outcome.output


@pytest.fixture
def hold() -> Iterator[Callable[[Path], None]]:
    """Lock a folder as a build at work does."""
    descriptors = []

    def lock(folder: Path) -> None:
        folder.mkdir(parents=True)
        descriptors.append(os.open(folder, os.O_RDONLY))
        fcntl.flock(descriptors[-1], fcntl.LOCK_EX)

    yield lock
    for descriptor in descriptors:
        os.close(descriptor)


def test_a_build_at_work_is_left_alone(workshop: Workshop, hold: Callable[[Path], None]) -> None:
    building = workshop.training_sets.root / ".building-v_1"
    hold(building)
    (building / "a").mkdir()
    outcome = workshop.build(1)
    assert not outcome.succeeded
    assert f"Another build of version 1 is at work in {building}" in outcome.output
    assert "OK created" not in outcome.output
    assert (building / "a").is_dir()
    assert workshop.build(2).succeeded


def test_what_a_killed_build_left_is_cleared(workshop: Workshop) -> None:
    building = workshop.training_sets.root / ".building-v_1"
    (building / "a/deeper").mkdir(parents=True)
    (building / "a/training_set_a.parquet").write_text("torn", "utf-8")
    (building / "stray").write_text("stray", "utf-8")
    (building / "link").symlink_to(workshop.folder)
    assert workshop.build(1).succeeded
    version = workshop.training_sets.version(1)
    assert version.verify() == []
    assert left_overs(workshop) == ["CHANGELOG.md", "v_1"]
    assert workshop.database.exists()


def test_two_builds_of_one_version(lean: Workshop, tmp_path: Path) -> None:
    root = {"HARVEST_TRAINING_SETS": str(tmp_path / "shared")}
    shops = [lean.copy_to(tmp_path / name) for name in ("one", "two")]
    processes = [shop.start(build_command(1), environment=root) for shop in shops]
    for process in processes:
        process.join()
    outcomes = [shop.outcomes()[0] for shop in shops]
    texts = (
        "Version 1 is published",
        "Version 1 was published before",
        "Another build of version 1 is at work",
    )
    told = [next(text for text in texts if text in outcome.output) for outcome in outcomes]
    assert told.count("Version 1 is published") == 1
    shared = TrainingSets(tmp_path / "shared")
    assert shared.version(1).verify() == []
    assert sorted(path.name for path in shared.root.iterdir()) == ["CHANGELOG.md", "v_1"]


def test_a_root_with_odd_characters(workshop: Workshop) -> None:
    training_sets = TrainingSets(workshop.folder / "it's [odd] *?")
    workshop.start(build_command(1), environment={"HARVEST_TRAINING_SETS": str(training_sets.root)}).join()
    (outcome,) = workshop.outcomes()
    assert outcome.succeeded, outcome.output
    version = training_sets.version(1)
    assert version.relation("a").count("*").fetchone() == (version.entry("a")["rows"],)
    assert version.dataset("a").count_rows() == version.entry("a")["rows"]
