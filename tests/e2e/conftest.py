"""One local cloud for the whole ring: the ``local`` stage, synthesized and deployed once."""

import io
from collections.abc import Iterator

import pytest

from cli.progress import Progress
from cli.session import deployed
from tests.e2e.studio import Studio


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Studio]:
    """The ``local`` stage, deployed once. Raises FileExistsError where the ring's tests are dealt out to several processes."""
    if worker_id != "master":
        (tmp_path_factory.getbasetemp().parent / "end-to-end-ring").mkdir()
    with deployed(tmp_path_factory.mktemp("cloud"), Progress(io.StringIO())) as deployment:
        yield Studio(deployment=deployment)
