"""The content fingerprint of a relation: the same for the same rows, whatever their order, file or engine.

Each row becomes one text, its MD5 is taken as two 64-bit halves, and each half is summed over all rows modulo
2^64. Equal fingerprints and equal row counts mean equal content, duplicates included. MD5 is meant against
accident and bugs; against tampering there is the SHA-256 of every published file.

The text of a row is the texts of its values, in the order of the columns:

    null        n
    text        s<bytes of its UTF-8>:<the text>
    integer     i<decimal digits>
    boolean     t or f
    double      d<its IEEE 754 bits as a signed 64-bit integer>
    decimal     m<all digits of its scale>
    date        i<days since 1970-01-01>
    timestamp   i<microseconds since 1970-01-01, UTC>
    list        [<texts of its elements>]
    struct      {<texts of its fields>}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import duckdb

METHOD: Final = "md5-sum-1"
"""Name of this way to compute a fingerprint; another one gets another name."""

_INTEGERS: Final = frozenset(
    ["tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint"]
)


@dataclass(frozen=True)
class Content:
    """What a relation holds.

    Attributes:
        rows: Number of rows.
        fingerprint: `md5-sum-1:` and 32 hex digits.
        columns: Name and type of each column, in order.
    """

    rows: int
    fingerprint: str
    columns: tuple[tuple[str, str], ...]


def content_of(relation: duckdb.DuckDBPyRelation) -> Content:
    """Row count, fingerprint and columns of a relation.

    Raises:
        TypeError: A column has a type without a canonical text.
    """
    columns = list(zip(relation.columns, relation.types, strict=True))
    row_text = ", ".join(_text_sql(_quoted(name), type_) for name, type_ in columns)
    sums = relation.project(f"md5(concat({row_text})) as row_md5").aggregate(
        """
        count(*),
        coalesce(sum(cast('0x' || substr(row_md5, 1, 16) as ubigint)), 0),
        coalesce(sum(cast('0x' || substr(row_md5, 17, 16) as ubigint)), 0)
        """
    )
    rows, upper, lower = sums.fetchall()[0]
    digits = "".join(f"{int(half) % 2**64:016x}" for half in (upper, lower))
    return Content(rows, f"{METHOD}:{digits}", tuple((name, type_text(type_)) for name, type_ in columns))


def quick_checksum(relation: duckdb.DuckDBPyRelation) -> tuple[int, int]:
    """Row count, and a checksum that is cheap but only comparable within one process."""
    columns = ", ".join(_quoted(name) for name in relation.columns)
    return relation.aggregate(f"count(*), coalesce(sum(hash({columns})), 0)").fetchall()[0]


def type_text(type_: Any) -> str:
    """A DuckDB type in words of our own, such as `list<struct<label: varchar, x: double>>`.

    DuckDB's own text for a type differs between its versions.
    """
    if type_.id in ("list", "array"):
        return f"list<{type_text(dict(type_.children)['child'])}>"
    if type_.id == "struct":
        return f"struct<{', '.join(f'{name}: {type_text(child)}' for name, child in type_.children)}>"
    if type_.id == "decimal":
        scale = dict(type_.children)
        return f"decimal({scale['precision']}, {scale['scale']})"
    return str(type_.id)


def _text_sql(value: str, type_: Any, depth: int = 0) -> str:
    """SQL expression for the canonical text of `value`."""
    if type_.id == "varchar":
        text = f"'s' || strlen({value}) || ':' || {value}"
    elif type_.id in _INTEGERS:
        text = f"'i' || {value}"
    elif type_.id == "boolean":
        text = f"case when {value} then 't' when not {value} then 'f' end"
    elif type_.id == "double":
        text = f"'d' || cast(cast({value} as bit) as bigint)"
    elif type_.id == "decimal":
        text = f"'m' || {value}"
    elif type_.id == "date":
        text = f"'i' || ({value} - date '1970-01-01')"
    elif type_.id in ("timestamp", "timestamp with time zone"):
        text = f"'i' || epoch_us({value})"
    elif type_.id == "list":
        element = f"e{depth}"
        element_text = _text_sql(element, dict(type_.children)["child"], depth + 1)
        text = f"'[' || array_to_string(list_transform({value}, lambda {element}: {element_text}), '') || ']'"
    elif type_.id == "struct":
        fields = ", ".join(
            _text_sql(f"{value}.{_quoted(name)}", child, depth) for name, child in type_.children
        )
        text = f"case when {value} is not null then concat('{{', {fields}, '}}') end"
    else:
        raise TypeError(f"A column of type {type_} has no canonical text, so it cannot be published.")
    return f"coalesce({text}, 'n')"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
