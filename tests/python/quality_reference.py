"""Dawid & Skene's algorithm, written out in Python."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

# who said what, by person
Pattern = tuple[tuple[str, str], ...]


def dawid_skene(
    counted: Counter[Pattern], *, smoothing: float = 1, tolerance: float = 1e-12
) -> dict[Pattern, dict[str, float]]:
    """Probability of each category under each pattern of votes, begun with the share of the votes."""
    known = sorted({category for pattern in counted for _, category in pattern})
    posterior = {
        pattern: {c: sum(said == c for _, said in pattern) / len(pattern) for c in known}
        for pattern in counted
    }
    moved = 1.0
    while moved > tolerance:
        prior: dict[str, float] = defaultdict(float)
        said_when: dict[tuple[str, str, str], float] = defaultdict(float)
        seen: dict[tuple[str, str], float] = defaultdict(float)
        for pattern, frames in counted.items():
            for category in known:
                share = frames * posterior[pattern][category]
                prior[category] += share
                for person, said in pattern:
                    said_when[person, category, said] += share
                    seen[person, category] += share
        whole = sum(counted.values()) + smoothing * len(known)
        moved = 0.0
        for pattern in counted:
            logs = {
                category: math.log((prior[category] + smoothing) / whole)
                + sum(
                    math.log(
                        (said_when[person, category, said] + smoothing)
                        / (seen[person, category] + smoothing * len(known))
                    )
                    for person, said in pattern
                )
                for category in known
            }
            top = max(logs.values())
            total = sum(math.exp(value - top) for value in logs.values())
            renewed = {category: math.exp(value - top) / total for category, value in logs.items()}
            moved = max(moved, *(abs(renewed[c] - posterior[pattern][c]) for c in known))
            posterior[pattern] = renewed
    return posterior
