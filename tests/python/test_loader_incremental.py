"""Loading again: only what is new is read, and the tables are those of a load from scratch."""

import json
import random
import shutil
from pathlib import Path

import pytest

from harvest.loader import stage
from loading import EXAMPLES, Loaded, annotation, load_paths, point, run, task, write_export

STEPS = 5


def assert_as_from_scratch(folder: Path, database: Path) -> Loaded:
    """Load the folder on top of what is there; every table must be what a fresh load gives."""
    loaded = load_paths(database, folder)
    scratch = load_paths(database.with_name("scratch.duckdb"), folder, fresh=True)
    assert loaded.everything() == scratch.everything()
    assert loaded.report.projects == scratch.report.projects
    assert loaded.report.warnings == scratch.report.warnings
    assert loaded.report.quarantined == scratch.report.quarantined
    assert scratch.report.unchanged_files == 0
    return loaded


def files_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read from now on."""
    read: list[str] = []

    class Noting(stage.Source):
        def __init__(self, path: str) -> None:
            read.append(Path(path).name)
            super().__init__(path)

    monkeypatch.setattr(stage, "Source", Noting)
    return read


def test_files_that_have_not_changed_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exports, database = tmp_path / "exports", tmp_path / "harvest.duckdb"
    shutil.copytree(EXAMPLES / "exports", exports)
    before = load_paths(database, exports)
    assert before.report.unchanged_files == 0
    read = files_read(monkeypatch)
    again = load_paths(database, exports)
    assert (again.report.unchanged_files, read) == (3, [])
    assert again.everything() == before.everything()
    write_export(exports / "b" / "new.json", [task(900)])
    assert assert_as_from_scratch(exports, database).report.unchanged_files == 3
    assert read[:1] == ["new.json"]


def test_a_file_is_known_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exports, database = tmp_path / "exports", tmp_path / "harvest.duckdb"
    path = write_export(exports / "b" / "1.json", [task(1, [annotation(1, [point(x=1)])])])
    load_paths(database, exports)
    read = files_read(monkeypatch)
    path = path.rename(exports / "b" / "2.json")
    load_paths(database, exports)
    assert read == []
    path.write_text(path.read_text().replace('"x":1,', '"x":2,'))
    load_paths(database, exports)
    assert read == ["2.json"]
    (exports / "c").mkdir()
    path.rename(exports / "c" / "2.json")
    load_paths(database, exports)
    assert read == ["2.json", "2.json"]
    write_export(exports / "c" / "project.json", {"maximum_annotations": 2})
    assert load_paths(database, exports).rows("exports", "maximum_annotations") == [(2,)]
    assert len(read) == 2
    config = '<View><Image name="i" value="$photo"/></View>'
    write_export(exports / "c" / "project.json", {"label_config": config})
    load_paths(database, exports)
    assert len(read) == 3


def test_all_is_read_when_the_loader_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_export(tmp_path / "b" / "1.json", [task(1)])
    database = tmp_path / "harvest.duckdb"
    load_paths(database, path)
    assert load_paths(database, path).report.unchanged_files == 1
    assert load_paths(database, path, fresh=True).report.unchanged_files == 0
    for module in ("stage", "known"):
        monkeypatch.setattr(f"harvest.loader.{module}.loader_fingerprint", lambda: "another")
    assert load_paths(database, path).report.unchanged_files == 0


def test_an_older_copy_comes_back_when_the_newest_is_gone(tmp_path: Path) -> None:
    exports, database = tmp_path / "exports", tmp_path / "harvest.duckdb"
    for day in (1, 2, 3):
        copies = [
            task(number, [annotation(number, [point(x=day)])], updated_at=f"2026-11-0{day}T00:00:00Z")
            for number in (1, day + 10)
        ]
        write_export(exports / "b" / f"{day}.json", copies)
    load_paths(database, exports)
    (exports / "b" / "3.json").unlink()
    loaded = assert_as_from_scratch(exports, database)
    assert loaded.rows("regions", "task_id, x") == [(1, 2.0), (11, 1.0), (12, 2.0)]
    # the file of day 2 and that of day 1 had a copy of task 1
    assert loaded.report.unchanged_files == 0
    (exports / "b" / "1.json").unlink()
    assert assert_as_from_scratch(exports, database).report.unchanged_files == 1


def test_a_failed_load_leaves_what_was_known(tmp_path: Path) -> None:
    exports, database = tmp_path / "exports", tmp_path / "harvest.duckdb"
    write_export(exports / "b" / "1.json", [task(1)])
    before = load_paths(database, exports).everything()
    bad = exports / "b" / "2.json"
    bad.write_text('[{"id": 5, "annotations": 7}]')
    result = run("load", exports, "--database", database, "--strict")
    assert result.exit_code == 1
    assert Loaded(database, None).everything() == before
    bad.unlink()
    result = run("load", exports, "--database", database)
    assert "1 of 1 file had not changed" in result.output


def stored(annotation_id: int, task_id: int, stamp: int) -> dict:
    """One annotation with its task inside, as Label Studio's target storage writes it."""
    owner = task(task_id, updated_at=f"2026-11-01T00:00:{stamp:02}Z")
    owner = {key: owner[key] for key in ("id", "data", "updated_at")}
    made = annotation(annotation_id, [point(x=stamp)], updated_at=f"2026-11-01T00:00:{stamp:02}Z")
    return made | {"task": owner}


class Folder:
    """Exports that change at random: whole ones, lines, single annotations, broken tasks."""

    def __init__(self, place: Path, generator: random.Random) -> None:
        self.place = place
        self.generator = generator
        self.step = 0

    def change(self) -> None:
        self.step += 1
        actions = [self.add, self.add, self.add_part, self.add_part, self.remove, self.rename, self.copy]
        for _ in range(self.generator.choice((1, 1, 2, 4))):
            self.generator.choice(actions)()
        if not self.files():
            self.add()

    def files(self) -> list[Path]:
        return sorted(path for path in self.place.rglob("*") if path.is_file())

    def new_path(self, suffix: str) -> Path:
        project = self.generator.choice("bc")
        return self.place / project / f"{self.generator.randrange(100_000)}{suffix}"

    def add(self) -> None:
        tasks = []
        for _ in range(self.generator.randrange(1, 4)):
            number, stamp = self.generator.randrange(1, 7), self.generator.randrange(4)
            prediction = {"id": 1, "result": [point("p", x=5)]}
            made = annotation(number, [point("p", x=self.generator.randrange(5, 7))], prediction=prediction)
            tasks.append(task(number, [made], updated_at=f"2026-11-01T00:00:0{stamp}Z"))
        if self.generator.random() < 0.2:
            tasks.append({"id": 9, "annotations": "none"})
        write_export(self.new_path(".json"), tasks)

    def add_part(self) -> None:
        number = self.generator.randrange(1, 4)
        annotation_id = 10 * number + self.generator.randrange(3)
        path = self.new_path("")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(stored(annotation_id, number, self.generator.randrange(4))))

    def remove(self) -> None:
        if files := self.files():
            self.generator.choice(files).unlink()

    def rename(self) -> None:
        if files := self.files():
            path = self.generator.choice(files)
            path.rename(self.new_path(path.suffix))

    def copy(self) -> None:
        if files := self.files():
            path = self.generator.choice(files)
            target = self.new_path(path.suffix)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


@pytest.mark.parametrize("seed", range(4))
def test_any_change_of_a_folder_gives_what_a_load_from_scratch_gives(seed: int, tmp_path: Path) -> None:
    for project in "bc":
        (tmp_path / "exports" / project).mkdir(parents=True)
    folder = Folder(tmp_path / "exports", random.Random(seed))
    for _ in range(STEPS):
        folder.change()
        assert_as_from_scratch(folder.place, tmp_path / "harvest.duckdb")
