"""How long it takes to compare two versions of 10 million rows each.

    python benchmarks/diff_versions.py [ROWS SAMPLES]

Set A gets the rows, B the samples of 21 points each. The second version differs in the weights of one episode
in a hundred and in one sample in a thousand (one point moved by 2 px), has new annotations, and every
confidence moved.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/python"))

from harvest.layout import Version
from harvest.versions.compare import compare
from harvest.versions.verify import verify
from releases import publish

FRAMES_PER_EPISODE = 3000
SAMPLES_PER_EPISODE = 50


def queries(rows: int, samples: int, *, is_second: bool) -> dict[str, str]:
    """The rows of a version, as queries."""
    second = int(is_second)
    return {
        "a": f"""
            select
                format('{{:05d}}', i // {FRAMES_PER_EPISODE}) as episode_key,
                'ego' as view,
                'videos/ego/' || (i // {FRAMES_PER_EPISODE}) || '.mp4' as media,
                cast(i % {FRAMES_PER_EPISODE} as integer) as frame_idx,
                'label ' || (i // 60 % 8) as label,
                0.5 + (i % 60) / 120e0
                - case when {second} = 1 and i // {FRAMES_PER_EPISODE} % 100 = 7 then 0.01 else 0 end
                    as weight,
                1e0 as agreement,
                1 as label_rank,
                2 as reviewer_count,
                cast(i % {FRAMES_PER_EPISODE} // 60 * 60 as integer) as segment_start,
                cast(i % {FRAMES_PER_EPISODE} // 60 * 60 + 59 as integer) as segment_end,
                [i // {FRAMES_PER_EPISODE} * 2, i // {FRAMES_PER_EPISODE} * 2 + 1] as annotation_ids,
                0.9 + {second} * 1e-3 as confidence,
                0.99 as label_posterior
            from range({rows}) as t(i)
        """,
        "b": f"""
            select
                format('{{:05d}}', i // {SAMPLES_PER_EPISODE}) as episode_key,
                'ego' as view,
                'frames/' || i || '.jpg' as media,
                cast(i % {SAMPLES_PER_EPISODE} * 60 as integer) as frame_idx,
                1920 as image_width,
                1080 as image_height,
                'hi' as quality_tier,
                false as needs_spot_check,
                (i % 500) / 100e0 as disagreement_px,
                2 as reviewer_count,
                [i] as annotation_ids,
                [i % 7] as annotator_ids,
                'edited' as label_source,
                list_transform(range(21), lambda k: {{
                    'label': 'point ' || k, 'instance': '',
                    'x': (i * 37 + k * 91) % 1920 + 0.25
                        + case when {second} = 1 and i % 1000 = 3 and k = 5 then 2 else 0 end,
                    'y': (i * 53 + k * 17) % 1080 + 0.5
                }}) as keypoints,
                [] as boxes,
                0.9 + {second} * 1e-3 as confidence
            from range({samples} + {second} * 500) as t(i)
        """,
        "annotation_lineage": f"""
            select
                'b' as project, i as task_id, 'annotation' as kind, i as annotation_id,
                format('{{:05d}}', i // {SAMPLES_PER_EPISODE}) as episode_key, 'ego' as view,
                cast(i % {SAMPLES_PER_EPISODE} * 60 as integer) as frame_idx, i % 7 as annotator_id,
                timestamp '2026-01-01' as submitted_at,
                timestamp '2026-01-01'
                + to_seconds(case when {second} = 1 and i % 1000 = 3 then 60 else 0 end) as revised_at,
                'edited' as label_source, true as is_ground_truth, null as exclusion_reason
            from range({samples} + {second} * 500) as t(i)
        """,
        "frame_reviews": f"""
            select
                'b' as project, format('{{:05d}}', i // {SAMPLES_PER_EPISODE}) as episode_key, 'ego' as view,
                cast(i % {SAMPLES_PER_EPISODE} * 60 as integer) as frame_idx, 'hi' as quality_tier
            from range({samples} + {second} * 500) as t(i)
        """,
    }


def timed(what: str, call, *arguments):
    """Run a call and print its wall and CPU time."""
    started, used = time.perf_counter(), time.process_time()
    result = call(*arguments)
    print(f"{what:<32}{time.perf_counter() - started:8.2f} s wall {time.process_time() - used:8.2f} s CPU")
    return result


def report(rows: int, samples: int) -> None:
    """Make two versions, compare them, verify one; print times, peak memory and file sizes."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    print(f"{os.cpu_count()} cores, {memory:.0f} GiB; A {rows:,} rows, B {samples:,} samples")
    with tempfile.TemporaryDirectory() as folder:
        versions: list[Version] = [
            timed(
                f"publish version {number}",
                publish,
                Path(folder),
                number,
                queries(rows, samples, is_second=number == 2),
            )
            for number in (1, 2)
        ]
        size = sum(file.bytes for file in versions[1].files())
        print(f"{'files of a version':<32}{size / 2**20:8.0f} MiB")
        comparison = timed("compare", compare, *versions)
        print(
            f"{'peak memory so far':<32}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:8.0f} MiB"
        )
        for row in comparison.relation("changes_by_cause").fetchall():
            print("   ", *row)
        timed("compare, hashes not checked", lambda: compare(*versions, check=False))
        timed("compare with itself", compare, versions[0], versions[0])
        assert timed("verify", verify, versions[0]) == []


if __name__ == "__main__":
    report(*([int(number) for number in sys.argv[1:]] or [10_000_000, 500_000]))
