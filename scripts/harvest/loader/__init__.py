"""Label Studio exports into the staging tables of a DuckDB file."""

from harvest.loader.report import LoadReport
from harvest.loader.stage import load

__all__ = ["LoadReport", "load"]
