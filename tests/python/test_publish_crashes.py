"""A version exists as a whole or not at all, whatever ends the build: a kill at any moment, a full disk."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from builds import EXAMPLES, Workshop, build_command
from harvest.versions.verify import verify

KILLS = 30
CHAINS = 2  # at once, on 2 cores
SECONDS = 400  # a bound for a busy machine; about 70 on 2 idle cores


def check_what_a_reader_sees(workshop: Workshop) -> str:
    """Whole or none; the database opens. Returns what was there for the record."""
    numbers = workshop.training_sets.numbers()
    assert numbers in ([], [1])
    if numbers:
        assert verify(workshop.training_sets.version(1)) == []
    with duckdb.connect(str(workshop.database)) as connection:
        connection.execute("select count(*) from label_studio.annotations").fetchone()
    if numbers:
        return "published"
    return "building" if list(workshop.training_sets.root.glob(".building-*/*")) else "nothing"


def kill_and_recover(workshop: Workshop, moment: float, phase: str, deadline: float) -> str:
    """Kill a load and build at a moment, look, run the same command to its end, and look again.

    Args:
        workshop: Where to build; version 1 is removed afterwards.
        moment: Seconds from the start of the phase to the kill.
        phase: `any` counts from the start, `publish` from the first sign of the version being put together.
        deadline: Give up after this time (`time.monotonic`).
    """
    commands = [["load", str(EXAMPLES)], build_command(1)]
    process = workshop.start(*commands)
    building = workshop.training_sets.root / ".building-v_1"
    while phase == "publish" and process.is_alive() and not (building / "lineage").exists():
        time.sleep(0.002)
        assert time.monotonic() < deadline
    process.join(moment)
    process.kill()
    process.join()
    seen = check_what_a_reader_sees(workshop)

    outcome = workshop.run(*commands)[-1]
    assert outcome.succeeded, outcome.output
    assert check_what_a_reader_sees(workshop) == "published"
    assert not building.exists()
    shutil.rmtree(workshop.training_sets.root)
    assert time.monotonic() < deadline
    return seen


def test_killed_at_any_moment(lean: Workshop, tmp_path: Path) -> None:
    dice = random.Random(20261121)
    started = time.monotonic()
    rehearsal = lean.copy_to(tmp_path / "rehearsal")
    assert rehearsal.run(["load", str(EXAMPLES)], build_command(1))[-1].succeeded
    length = time.monotonic() - started

    def chain(number: int) -> list[str]:
        workshop = lean.copy_to(tmp_path / f"chain-{number}")
        seen = []
        for kill in range(KILLS // CHAINS):
            # half of the kills fall into the short time in which the files are written and renamed
            phase = "any" if kill % 2 else "publish"
            seen.append(kill_and_recover(workshop, moments[number].pop(), phase, started + SECONDS))
        return seen

    moments = {
        number: [dice.random() * (0.15 if kill % 2 == 0 else 1.0) * length for kill in range(KILLS // CHAINS)]
        for number in range(CHAINS)
    }
    with ThreadPoolExecutor(CHAINS) as chains:
        seen = [outcome for outcomes in chains.map(chain, range(CHAINS)) for outcome in outcomes]
    assert len(seen) == KILLS
    # the moments were spread: some before, some in the midst of publishing
    assert "nothing" in seen
    assert "building" in seen


PAGE = 4096

SMALL_DISK = """
mount -t tmpfs -o size=$1 tmpfs "$HARVEST_TRAINING_SETS" || exit 77
shift
"$@"
echo "exit code $?"
ls -A "$HARVEST_TRAINING_SETS" | sed 's/^/left over: /'
"""


def build_on_a_small_disk(workshop: Workshop, size: int) -> str:
    """Build version 1 where the training sets lie on a disk of `size` bytes; returns what was printed."""
    root = workshop.training_sets.root
    root.mkdir()
    places = [
        "--project-dir",
        workshop.project,
        "--profiles-dir",
        workshop.project,
        "--target-path",
        workshop.folder / "target",
    ]
    build = [
        Path(sys.executable).with_name("dbt"),
        *build_command(1)[1:],
        *places,
        "--log-path",
        workshop.folder,
    ]
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", SMALL_DISK, "sh", str(size), *map(str, build)],
        env={
            **os.environ,
            "HARVEST_DATABASE": str(workshop.database),
            "HARVEST_TRAINING_SETS": str(root),
        },
        capture_output=True,
        text=True,
    )
    if "exit code" not in done.stdout:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    return done.stdout


@pytest.mark.parametrize("moment", ["in the first set", "in the manifest"])
def test_disk_full(moment: str, workshop: Workshop, tmp_path: Path) -> None:
    size = 2 * PAGE
    if moment == "in the manifest":
        rehearsal = workshop.copy_to(tmp_path / "rehearsal")
        assert rehearsal.build(1).succeeded
        sizes = [file.bytes for file in rehearsal.training_sets.version(1).files()]
        size = sum(-(-size // PAGE) for size in sizes) * PAGE + PAGE
    output = build_on_a_small_disk(workshop, size)
    assert "exit code 1" in output
    assert "No space left on device" in output
    assert output.count(" Error in model ") == 1
    assert "Version 1 is published" not in output
    assert "left over" not in output
    assert check_what_a_reader_sees(workshop) == "nothing"
    assert workshop.build(1).succeeded
    assert check_what_a_reader_sees(workshop) == "published"
