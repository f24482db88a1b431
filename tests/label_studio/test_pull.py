"""`harvest pull` against a real Label Studio server: what was made there is what is loaded here.

Run by `make test-label-studio` alone, which installs the server.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from harvest.cli import main
from studio import KEYPOINTS, TIMELINE, Studio, cutting_proxy, redirecting

SECONDS_TO_RUN = 120
HARVEST = Path(sys.executable).with_name("harvest")


def point(region: str, label: str = "wrist", x: float = 25.0) -> dict[str, Any]:
    value = {"x": x, "y": 50.0, "width": 0.4, "keypointlabels": [label]}
    size = {"original_width": 1920, "original_height": 1080}
    return {
        "id": region,
        "type": "keypointlabels",
        "from_name": "kp",
        "to_name": "img",
        "value": value,
    } | size


def segment(region: str, start: int, end: int) -> dict[str, Any]:
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": ["grasp"]}
    kind = {"type": "timelinelabels", "from_name": "actions", "to_name": "video"}
    return {"id": region, "value": value} | kind


def frame(number: int) -> dict[str, Any]:
    return {"image": f"/data/local-files/?d=01_001_ego_f{number:06}.jpg"}


def video(number: int) -> dict[str, Any]:
    return {"video": f"/data/local-files/?d=01_{number:03}_ego.mp4", "n_frames": 300}


@dataclass(frozen=True)
class Made:
    """What the tests made on the server."""

    frames: int
    tasks: list[int]
    bob: int
    first_videos: int
    second_videos: int


@pytest.fixture(scope="module")
def made(studio: Studio) -> Made:
    """Two projects of timelines, and one of points: accepted, double, a draft, skipped, predicted, bare."""
    person = {"email": "bob@example.com", "username": "bob", "password": "a-password-of-his"}
    bob = studio.post("/api/users/", person)["id"]
    frames = studio.project(
        "frames", KEYPOINTS, [{"data": frame(number)} for number in range(6)], maximum_annotations=2
    )
    tasks = studio.tasks(frames)
    accepted, double, draft_only, skipped, predicted, _bare = tasks
    for task in (accepted, predicted):
        prediction = studio.post(
            "/api/predictions/", {"task": task, "model_version": "m1", "result": [point(f"p{task}")]}
        )
        if task == accepted:
            answer = {"result": prediction["result"], "parent_prediction": prediction["id"]}
            studio.post(f"/api/tasks/{task}/annotations/", answer)
    studio.post(f"/api/tasks/{double}/annotations/", {"result": [point("r1"), point("r2", "thumb_tip")]})
    studio.post(f"/api/tasks/{double}/annotations/", {"result": [point("r1", x=25.1)], "completed_by": bob})
    studio.post(f"/api/tasks/{draft_only}/drafts", {"result": [point("d1")]})
    studio.post(f"/api/tasks/{skipped}/annotations/", {"result": [point("s1")], "was_cancelled": True})
    videos = []
    for title, numbers in (("first", (1, 2)), ("second", (3,))):
        project = studio.project(title, TIMELINE, [{"data": video(number)} for number in numbers])
        for task in studio.tasks(project):
            studio.post(f"/api/tasks/{task}/annotations/", {"result": [segment("s1", 10, 40)]})
        videos.append(project)
    return Made(frames, tasks, bob, *videos)


@pytest.fixture(scope="module")
def large(studio: Studio) -> int:
    """A project whose snapshot takes the server a second and is 45 MB."""
    tasks = [{"data": frame(number) | {"notes": "x" * 30_000}} for number in range(1_500)]
    return studio.project("large", KEYPOINTS, tasks)


Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def environment(studio: Studio) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LABEL_STUDIO_API_KEY": studio.token}


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run `harvest` in the test's folder; options of subprocess.run may follow."""

    def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess:
        return subprocess.run(
            [HARVEST, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=SECONDS_TO_RUN,
            **({"env": environment} | options),
        )

    return run


def rows(database: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def all_text(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.is_file())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What was made is what is loaded


def test_what_was_made_is_what_is_loaded(studio: Studio, made: Made, run: Run, tmp_path: Path) -> None:
    pulled = run(
        "pull",
        *("--url", f"{studio.url}/", "--project", f"b={made.frames}"),
        *("--project", f"a={made.first_videos}", "--project", f"a={made.second_videos}"),
    )
    assert pulled.returncode == 0, pulled.stderr
    assert pulled.stderr == ""
    lines = pulled.stdout.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        f"b: project {made.frames}",
        f"a: project {made.first_videos}",
        f"a: project {made.second_videos}",
    ]
    assert ", 6 tasks, 8 KB in exports/b/" in lines[0]

    folder = tmp_path / "exports/b" / str(made.frames)
    [snapshot] = studio.snapshots(made.frames)
    export = folder / f"project_{made.frames}_snapshot_{snapshot['id']}.json"
    assert names(folder) == [".pull.json", "project.json", export.name]
    settings = json.loads((folder / "project.json").read_text("utf-8"))
    assert (settings["id"], settings["maximum_annotations"]) == (made.frames, 2)
    assert settings["label_config"] == KEYPOINTS
    tasks = {task["id"]: task for task in json.loads(export.read_text("utf-8"))}
    accepted, double, draft_only, skipped, predicted, bare = (tasks[task] for task in made.tasks)
    assert accepted["annotations"][0]["completed_by"]["email"] == "admin@example.com"
    assert {annotation["completed_by"]["id"] for annotation in double["annotations"]} == {1, made.bob}
    assert draft_only["drafts"][0]["user"] == "admin@example.com"
    assert draft_only["drafts"][0]["result"] == [point("d1")]
    assert skipped["annotations"][0]["was_cancelled"]
    assert predicted["predictions"][0]["result"] == [point(f"p{made.tasks[4]}")]
    assert (bare["annotations"], bare["drafts"], bare["predictions"]) == ([], [], [])
    assert studio.token not in all_text(tmp_path / "exports") + pulled.stdout

    loaded = run("load", "exports", "--strict")
    assert loaded.returncode == 0, loaded.stderr
    assert [" ".join(line.split()) for line in loaded.stdout.splitlines()[1:]] == [
        "project files tasks annotations drafts predictions regions rejected older",
        "a 2 3 3 0 0 3 0 0",
        "b 1 6 4 1 2 5 0 0",
    ]
    annotations = rows(
        tmp_path / "harvest.duckdb",
        "select task_id, annotator_id, was_cancelled from label_studio.annotations "
        "where project = 'b' order by all",
    )
    assert annotations == [
        (made.tasks[0], 1, False),
        (made.tasks[1], 1, False),
        (made.tasks[1], made.bob, False),
        (made.tasks[3], 1, True),
    ]


def test_a_deleted_task_is_gone_after_the_next_pull(studio: Studio, run: Run, tmp_path: Path) -> None:
    project = studio.project("shrinking", KEYPOINTS, [{"data": frame(number)} for number in range(3)])
    pull = ("pull", "--url", studio.url, "--project", f"c={project}", "--exports", "pulled")
    assert run(*pull).returncode == 0
    before = names(tmp_path / "pulled/c" / str(project))
    gone, *kept = studio.tasks(project)
    studio.delete(f"/api/tasks/{gone}/")
    assert run(*pull, "-q").stdout == ""
    after = names(tmp_path / "pulled/c" / str(project))
    assert len(after) == len(before) == 3
    assert after != before
    run("load", "pulled")
    assert rows(tmp_path / "harvest.duckdb", "select task_id from label_studio.tasks order by all") == [
        (task,) for task in kept
    ]


def test_a_personal_access_token(
    studio: Studio, made: Made, run: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    token = studio.post("/api/token/", {})["token"]
    pulled = run(
        *("pull", "--url", studio.url, "--project", f"a={made.second_videos}"),
        env=environment | {"LABEL_STUDIO_API_KEY": token},
    )
    assert pulled.returncode == 0, pulled.stderr
    assert token not in all_text(tmp_path / "exports") + pulled.stdout + pulled.stderr


# Interruptions


def kill_when(condition: Callable[[], bool], command: list[object], **options: Any) -> None:
    """Start a command and kill it, without a chance to tidy up, as soon as the condition holds."""
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    ) as process:
        deadline = time.monotonic() + SECONDS_TO_RUN
        try:
            while not condition():
                assert process.poll() is None, "it ended before it could be killed"
                assert time.monotonic() < deadline
                time.sleep(0.001)
        finally:
            process.kill()


def part_of(folder: Path) -> Path | None:
    return next(iter(folder.glob(".project_*.part")), None)


@pytest.fixture
def killed_download(
    studio: Studio, large: int, environment: dict[str, str], tmp_path: Path
) -> tuple[Path, Path]:
    """A folder with the first megabytes of a download, and their file."""
    folder = tmp_path / "exports/c" / str(large)

    def is_at_work() -> bool:
        part = part_of(folder)
        return part is not None and part.stat().st_size > 1_000_000

    kill_when(
        is_at_work,
        [HARVEST, "pull", "--url", studio.url, "--project", f"c={large}"],
        env=environment,
        cwd=tmp_path,
    )
    part = part_of(folder)
    assert part is not None
    assert part.stat().st_size < 45_000_000
    assert [name for name in names(folder) if not name.startswith(".")] == []
    return folder, part


def test_a_killed_download_continues(
    studio: Studio, large: int, killed_download: tuple[Path, Path], run: Run
) -> None:
    folder, part = killed_download
    [number] = re.findall(r"snapshot_(\d+)", part.name)
    has = part.stat().st_size
    snapshots = studio.snapshots(large)
    again = run("pull", "--url", studio.url, "--project", f"c={large}")
    assert again.returncode == 0, again.stderr
    assert f"Continuing with snapshot {number} of project {large}, asked for at " in again.stderr
    assert f"Continuing the download at {has / 1e6:,.1f} MB." in again.stderr
    assert studio.snapshots(large) == snapshots
    assert names(folder) == [".pull.json", "project.json", f"project_{large}_snapshot_{number}.json"]
    tasks = json.loads((folder / f"project_{large}_snapshot_{number}.json").read_bytes())
    assert len(tasks) == 1_500


def test_a_download_whose_connection_breaks_goes_on(
    studio: Studio, large: int, run: Run, tmp_path: Path
) -> None:
    with cutting_proxy(studio.url, cuts=2, after_bytes=10_000_000) as url:
        pulled = run("pull", "--url", url, "--project", f"c={large}")
    assert pulled.returncode == 0, pulled.stderr
    assert pulled.stderr.count("Continuing the download at ") == 2
    [export] = (tmp_path / "exports/c" / str(large)).glob("project_*_snapshot_*.json")
    assert len(json.loads(export.read_bytes())) == 1_500


def test_a_download_damaged_on_disk_is_made_good(
    studio: Studio, large: int, killed_download: tuple[Path, Path], run: Run
) -> None:
    folder, part = killed_download
    with part.open("r+b") as file:
        file.write(b"damaged")
    again = run("pull", "--url", studio.url, "--project", f"c={large}")
    assert again.returncode == 0, again.stderr
    assert "arrived damaged and is downloaded again." in again.stderr
    [export] = folder.glob("project_*_snapshot_*.json")
    assert len(json.loads(export.read_bytes())) == 1_500


def test_a_fresh_pull_continues_nothing(
    studio: Studio, large: int, killed_download: tuple[Path, Path], run: Run
) -> None:
    folder, part = killed_download
    [number] = re.findall(r"snapshot_(\d+)", part.name)
    again = run("pull", "--url", studio.url, "--project", f"c={large}", "--fresh")
    assert (again.returncode, again.stderr) == (0, "")
    assert f"project_{large}_snapshot_{number}.json" not in names(folder)
    assert len(names(folder)) == 3


def test_a_snapshot_whose_file_is_gone_from_the_server(
    studio: Studio, large: int, killed_download: tuple[Path, Path], run: Run
) -> None:
    for file in (studio.data / "media/export" / str(large)).iterdir():
        file.unlink()
    _, part = killed_download
    [number] = re.findall(r"snapshot_(\d+)", part.name)
    refused = run("pull", "--url", studio.url, "--project", f"c={large}", "-q")
    assert re.fullmatch(
        rf"{studio.url} no longer has the bytes of snapshot {number} of project {large} \(status \d+\)\. "
        r"Have a new one made with --fresh\.",
        message(refused),
    )
    assert run("pull", "--url", studio.url, "--project", f"c={large}", "--fresh").returncode == 0


def test_a_pull_killed_while_the_server_makes_the_snapshot_continues(
    studio: Studio, large: int, run: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    before = {snapshot["id"] for snapshot in studio.snapshots(large)}

    def new_snapshots() -> list[dict[str, Any]]:
        return [snapshot for snapshot in studio.snapshots(large) if snapshot["id"] not in before]

    command = [HARVEST, "pull", "--url", studio.url, "--project", f"c={large}"]
    kill_when(lambda: bool(new_snapshots()), command, env=environment, cwd=tmp_path)
    [snapshot] = new_snapshots()
    assert snapshot["status"] == "in_progress"
    again = run("pull", "--url", studio.url, "--project", f"c={large}")
    assert again.returncode == 0, again.stderr
    assert f"Continuing with snapshot {snapshot['id']} of project {large}" in again.stderr
    assert [each["id"] for each in new_snapshots()] == [snapshot["id"]]


def test_a_snapshot_that_takes_longer_than_the_answer_is_waited_for(
    studio: Studio, large: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from harvest.pull import server

    before = len(studio.snapshots(large))
    monkeypatch.setattr(server, "SECONDS_TO_MAKE", 0.3)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    result = CliRunner().invoke(
        main, ["pull", "--url", studio.url, "--project", f"c={large}", "--exports", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    assert len(studio.snapshots(large)) == before + 1


# Errors, each one message


def message(result: subprocess.CompletedProcess) -> str:
    assert result.returncode == 1, result.stdout
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("Error: ").rstrip("\n")


def test_a_wrong_token(studio: Studio, made: Made, run: Run, environment: dict[str, str]) -> None:
    secret = "f00df00df00df00df00df00df00df00df00df00d"
    refused = run(
        *("pull", "--url", studio.url, "--project", f"b={made.frames}"),
        env=environment | {"LABEL_STUDIO_API_KEY": secret},
    )
    assert message(refused) == (
        f'{studio.url} refuses the token in LABEL_STUDIO_API_KEY ("Invalid token"). Copy it again from Label '
        "Studio's Account & Settings."
    )


def test_a_project_that_is_not_there(studio: Studio, run: Run, tmp_path: Path) -> None:
    refused = run("pull", "--url", studio.url, "--project", "b=999999")
    assert message(refused).startswith(
        f"{studio.url} has no project 999999, or this token may not see it "
        '("No Project matches the given query"). '
    )
    assert not (tmp_path / "exports").exists()


def test_a_page_that_is_no_label_studio(studio: Studio, run: Run) -> None:
    refused = run("pull", "--url", f"{studio.url}/nothing", "--project", "b=1")
    assert message(refused) == f"{studio.url}/nothing does not answer like Label Studio. Check --url."


def test_a_redirect_is_not_followed(studio: Studio, made: Made, run: Run) -> None:
    before = len(studio.snapshots(made.frames))
    with redirecting(studio.url) as url:
        refused = run("pull", "--url", url, "--project", f"b={made.frames}")
    assert message(refused) == (
        f"{url} redirects to {studio.url}, and the token is sent to no other address than --url: say the one "
        "the server really has."
    )
    assert len(studio.snapshots(made.frames)) == before


def test_a_server_that_is_not_there(run: Run) -> None:
    refused = run("pull", "--url", "http://127.0.0.1:1", "--project", "b=1")
    assert message(refused).startswith(
        "http://127.0.0.1:1 cannot be reached: [Errno 111] Connection refused. "
    )


def test_a_folder_pulled_from_another_server(studio: Studio, made: Made, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "exports/b" / str(made.frames)
    folder.mkdir(parents=True)
    (folder / ".pull.json").write_text('{"url": "https://label-studio.example.com"}')
    refused = run("pull", "--url", studio.url, "--project", f"b={made.frames}")
    assert message(refused).startswith(
        f"exports/b/{made.frames} was pulled from https://label-studio.example.com. Name another folder"
    )


def test_a_snapshot_that_the_server_fails_to_make(studio: Studio, made: Made, run: Run) -> None:
    folder = studio.data / "media/export"
    aside = folder.rename(folder.with_name("export-aside"))
    folder.write_text("in the way")
    try:
        refused = run("pull", "--url", studio.url, "--project", f"b={made.frames}")
    finally:
        folder.unlink()
        aside.rename(folder)
    assert re.fullmatch(
        rf"Label Studio failed to make snapshot \d+ of project {made.frames}; its own log says why\. "
        r"Run the same command again for a new one\.",
        message(refused),
    )
    assert run("pull", "--url", studio.url, "--project", f"b={made.frames}").returncode == 0
