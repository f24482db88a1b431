"""The dbt-duckdb plugin of the project: what a macro asks of Python, named in profiles.yml.

A macro calls `adapter.store_relation('harvest', none, [], '', verb, arguments)`; the verb is one of

    prepare   before any model: check and lock the folder of the version to be published
    finish    at the end of the run: unlock it and remove what an unfinished build left
    stop      end the run with a message of the project's own
"""

from __future__ import annotations

from pathlib import Path

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt_common.exceptions import DbtRuntimeError

from harvest.layout import VersionError
from harvest.publishing import PublishError, Request, finish, prepare


class Plugin(BasePlugin):
    """Passes the verbs on; a refusal ends the dbt run with its text and no traceback."""

    def store(self, target_config: TargetConfig) -> None:
        """Run one verb with its arguments.

        Raises:
            DbtRuntimeError: The verb refused; dbt prints the text and ends the run.
        """
        assert target_config.location is not None
        verb, arguments = target_config.location.format, target_config.config
        if verb == "stop":
            raise DbtRuntimeError(arguments["message"])
        request = Request(Path(arguments["root"]), arguments["version"])
        try:
            {"prepare": prepare, "finish": finish}[verb](request)
        except (PublishError, VersionError) as error:
            raise DbtRuntimeError(str(error)) from None
