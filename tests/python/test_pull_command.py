"""`harvest pull` as far as it goes without a server: what is asked of the user, and the files it keeps.

What it does with a server is tested against a real one, by `make test-label-studio`.
"""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from harvest.errors import HarvestError
from harvest.pull import Wanted, server_address, wanted_project
from harvest.pull.folder import Asked, PullFolder
from loading import EXAMPLES, run

URL = "https://label-studio.example.com"
SECRET = "0123456789abcdef0123456789abcdef01234567"
SNAPSHOT = b'[{"id":1},{"id":2}]'


def message(*arguments: str) -> str:
    """The one error of a `harvest pull` that must fail."""
    result = run("pull", *arguments)
    assert result.exit_code == 1, result.output
    assert result.output.startswith("Error: ")
    assert SECRET not in result.output
    return result.output.removeprefix("Error: ")


@pytest.fixture
def folder(tmp_path: Path) -> PullFolder:
    folder = PullFolder(tmp_path / "exports/a/7", URL, 7)
    folder.path.mkdir(parents=True)
    return folder


# What is asked of the user


def test_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    assert message("--url", URL, "--project", "a=7") == (
        "No token: put yours, from Label Studio's Account & Settings, into the environment variable "
        "LABEL_STUDIO_API_KEY.\n"
    )


@pytest.mark.parametrize("token", [f"Token {SECRET}", f"{SECRET}\nx", f"{SECRET}é"])
def test_a_token_that_is_none(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", token)
    assert message("--url", URL, "--project", "a=7").startswith("LABEL_STUDIO_API_KEY holds no token: ")


@pytest.mark.skipif(
    importlib.util.find_spec("label_studio_sdk") is not None, reason="needs an environment without the SDK"
)
def test_without_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", SECRET)
    assert message("--url", URL, "--project", "a=7").endswith(
        " pip install -e '.[pull]' in the folder of label-harvest.\n"
    )


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{SECRET}@label-studio.example.com",
        f"https://{SECRET}@label-studio.example.com",
        f"{URL}/?token={SECRET}",
        f"{URL}#{SECRET}",
    ],
)
def test_a_url_with_a_secret(url: str) -> None:
    assert message("--url", url, "--project", "a=7").startswith("--url must hold no user, password, token")


@pytest.mark.parametrize("url", ["label-studio.example.com", "ftp://example.com", "https://", "https://[x"])
def test_a_url_that_is_none(url: str) -> None:
    assert message("--url", url, "--project", "a=7").startswith("--url is the address of a Label Studio")


def test_a_url_loses_its_last_slash() -> None:
    assert server_address(f"{URL}/studio/") == f"{URL}/studio"


def test_projects() -> None:
    assert wanted_project("b=12") == Wanted("b", 12)
    for text in ("12", "d=1", "a=", "a=x", "a=0", "a=-1", "a=1.5", "a=¹"):
        assert message("--url", URL, "--project", text).startswith(f"--project {text}: write it as ")


def test_a_load_needs_none_of_it(tmp_path: Path) -> None:
    program = (
        "import sys; from harvest.cli import main\n"
        "try: main()\n"
        "finally: print([name for name in sys.modules if 'harvest.pull' in name or 'httpx' in name])"
    )
    export = EXAMPLES / "exports/a/export_all_tasks.json"
    arguments = ["load", export, "-q", "--database", tmp_path / "harvest.duckdb"]
    loaded = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert (loaded.returncode, loaded.stdout) == (0, "[]\n")


# The files it keeps


def test_a_download_goes_on_at_its_end(folder: PullFolder) -> None:
    assert list(folder.append(3, 0, [SNAPSHOT[:5], SNAPSHOT[5:9]])) == [5, 9]
    assert folder.bytes_of(3) == 9
    assert list(folder.append(3, 9, [SNAPSHOT[9:]])) == [len(SNAPSHOT)]
    assert folder.is_whole(3, hashlib.md5(SNAPSHOT).hexdigest())


def test_a_download_that_starts_over_replaces_what_was_there(folder: PullFolder) -> None:
    list(folder.append(3, 0, [b"much longer than what comes after it"]))
    list(folder.append(3, 0, [SNAPSHOT]))
    assert folder.bytes_of(3) == len(SNAPSHOT)


def test_a_download_is_whole_by_its_md5_or_else_by_its_brackets(folder: PullFolder) -> None:
    md5 = hashlib.md5(SNAPSHOT).hexdigest()
    assert not folder.is_whole(3, md5)
    list(folder.append(3, 0, [SNAPSHOT[:-1]]))
    assert (folder.is_whole(3, md5), folder.is_whole(3, None)) == (False, False)
    list(folder.append(3, len(SNAPSHOT) - 1, [SNAPSHOT[-1:]]))
    assert (folder.is_whole(3, md5), folder.is_whole(3, None)) == (True, True)
    assert not folder.is_whole(3, hashlib.md5(b"[]").hexdigest())


def test_a_published_snapshot_replaces_the_one_before(folder: PullFolder) -> None:
    for name in ("project_7_snapshot_2.json", "project_70_snapshot_2.json", "mine.json"):
        (folder.path / name).write_text("[]")
    folder.remember(Asked.now())
    list(folder.append(3, 0, [SNAPSHOT]))
    export = folder.publish(3, b'{"id": 7}')
    assert export.read_bytes() == SNAPSHOT
    assert sorted(path.name for path in folder.path.iterdir()) == [
        ".pull.json",
        "mine.json",
        "project.json",
        "project_70_snapshot_2.json",
        "project_7_snapshot_3.json",
    ]


def test_what_was_asked_for_is_remembered(folder: PullFolder) -> None:
    assert folder.asked() is None
    asked = Asked.now()
    folder.remember(asked)
    assert folder.asked() == asked
    (folder.path / ".pull.json").write_text("{")
    assert folder.asked() is None


def test_two_pulls_do_not_meet(folder: PullFolder) -> None:
    with folder.locked(), pytest.raises(HarvestError, match="Another harvest pull is at work in"):
        folder.locked().__enter__()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_full_disk(folder: PullFolder) -> None:
    (folder.path / ".project_7_snapshot_3.json.part").symlink_to("/dev/full")
    with pytest.raises(HarvestError, match=r"is full\. Free some space"):
        list(folder.append(3, 0, [SNAPSHOT]))
