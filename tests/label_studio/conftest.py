"""One server for all tests."""

from collections.abc import Iterator

import pytest

from studio import Studio, running


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with running(tmp_path_factory.mktemp("label-studio")) as studio:
        yield studio
