"""The content fingerprint against a slow restatement of its definition in plain Python."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest.fingerprint import content_of, quick_checksum, type_text

POINT = pyarrow.struct([("label", pyarrow.string()), ("x", pyarrow.float64())])
SCHEMA = pyarrow.schema(
    [
        ("key", pyarrow.string()),
        ("frame", pyarrow.int32()),
        ("weight", pyarrow.float64()),
        ("flag", pyarrow.bool_()),
        ("at", pyarrow.timestamp("us")),
        ("ids", pyarrow.list_(pyarrow.int64())),
        ("points", pyarrow.list_(POINT)),
    ]
)

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
number = st.floats(allow_nan=False)
row = st.fixed_dictionaries(
    {
        "key": st.none() | text,
        "frame": st.none() | st.integers(-(2**31), 2**31 - 1),
        "weight": st.none() | number,
        "flag": st.none() | st.booleans(),
        "at": st.none() | st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1)),
        "ids": st.none() | st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=3),
        "points": st.none()
        | st.lists(
            st.none() | st.fixed_dictionaries({"label": st.none() | text, "x": st.none() | number}),
            max_size=3,
        ),
    }
)
rows = st.lists(row, max_size=6)


def reference_text(value: Any) -> str:
    match value:
        case None:
            return "n"
        case bool():
            return "t" if value else "f"
        case int():
            return f"i{value}"
        case float():
            return f"d{struct.unpack('<q', struct.pack('<d', value))[0]}"
        case str():
            return f"s{len(value.encode())}:{value}"
        case datetime():
            return f"i{(value - datetime(1970, 1, 1)) // timedelta(microseconds=1)}"
        case list():
            return f"[{''.join(map(reference_text, value))}]"
        case dict():
            return "{" + reference_text(value["label"]) + reference_text(value["x"]) + "}"
    raise TypeError(value)


def reference_fingerprint(table: Iterable[dict]) -> str:
    upper = lower = 0
    for values in table:
        digits = hashlib.md5(
            "".join(reference_text(values[name]) for name in SCHEMA.names).encode()
        ).hexdigest()
        upper += int(digits[:16], 16)
        lower += int(digits[16:], 16)
    return f"md5-sum-1:{upper % 2**64:016x}{lower % 2**64:016x}"


def relation(table: list[dict], connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    connection.register("rows", pyarrow.Table.from_pylist(table, SCHEMA))
    return connection.table("rows")


@given(rows)
def test_fingerprint_is_as_defined(table: list[dict]) -> None:
    with duckdb.connect() as connection:
        content = content_of(relation(table, connection))
    assert (content.rows, content.fingerprint) == (len(table), reference_fingerprint(table))


@given(rows, st.randoms())
def test_order_does_not_matter(table: list[dict], random: Any) -> None:
    shuffled = random.sample(table, len(table))
    with duckdb.connect() as connection:
        first = content_of(relation(table, connection)), quick_checksum(relation(table, connection))
        second = content_of(relation(shuffled, connection)), quick_checksum(relation(shuffled, connection))
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"key": "a"}, {"key": "b"}),
        ({"key": ""}, {"key": None}),
        ({"key": "1:a"}, {"key": "a"}),
        ({"weight": 1.0}, {"weight": 1.0000000000000002}),
        ({"weight": 0.0}, {"weight": -0.0}),
        ({"ids": [1, 2]}, {"ids": [12]}),
        ({"ids": []}, {"ids": None}),
        ({"ids": []}, {"ids": [None]}),
        ({"points": [{"label": "a", "x": 1.0}]}, {"points": [{"label": "a", "x": None}]}),
        ({"points": [{"label": None, "x": None}]}, {"points": [None]}),
    ],
)
def test_other_values_have_other_fingerprints(one: dict, other: dict) -> None:
    with duckdb.connect() as connection:
        assert content_of(relation([one], connection)) != content_of(relation([other], connection))
        assert content_of(relation([one, one], connection)) != content_of(relation([one, other], connection))


def test_a_file_has_the_fingerprint_of_its_relation(tmp_path: Path) -> None:
    table = [
        {"key": f"ключ {i}", "frame": i, "weight": i / 7, "ids": [i], "points": [{"label": "p", "x": i / 3}]}
        for i in range(1000)
    ]
    with duckdb.connect() as connection:
        mart = relation(table, connection)
        mart.write_parquet(str(tmp_path / "file.parquet"))
        file = connection.read_parquet(str(tmp_path / "file.parquet"))
        assert content_of(file) == content_of(mart)
        assert quick_checksum(file) == quick_checksum(mart)


def test_fingerprint_of_no_rows() -> None:
    with duckdb.connect() as connection:
        content = content_of(relation([], connection))
    assert (content.rows, content.fingerprint) == (0, "md5-sum-1:" + 32 * "0")


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ('struct("label" varchar, x double)[]', "list<struct<label: varchar, x: double>>"),
        ("decimal(18, 6)", "decimal(18, 6)"),
        ("bigint[]", "list<bigint>"),
        ("timestamp", "timestamp"),
        ("integer", "integer"),
    ],
)
def test_types_in_words(type_: str, expected: str) -> None:
    assert type_text(duckdb.sqltype(type_)) == expected


def test_a_type_without_a_text_is_refused() -> None:
    with duckdb.connect() as connection, pytest.raises(TypeError, match="has no canonical text"):
        content_of(connection.sql("select interval 1 day as x"))
