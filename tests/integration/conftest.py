"""One model server for all tests that ask it over HTTP."""

from collections.abc import Iterator

import pytest

from tests.integration.inference_server import Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that holds every model it can."""
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running
