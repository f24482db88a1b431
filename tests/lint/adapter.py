"""What the offline linter sees of dbt's adapter: engine macros come out as plain calls of their own name."""

from collections.abc import Callable


def dispatch(macro: str, package: str) -> Callable[..., str]:
    """Stand in for the engine's variant of `macro`; `explode` is a clause and `explode_together` a query."""
    if macro == "explode_together":
        return lambda relation, kept, lists: f"select {', '.join([*kept, *lists])} from {relation}"
    if macro == "explode":
        return lambda elements, alias, column: f"cross join unnest({elements}) as {alias} ({column})"
    return lambda *arguments: f"{macro}({', '.join(str(argument) for argument in arguments)})"
