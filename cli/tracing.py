"""The stage that a picture is traced in: its services, its outputs, and its API."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from atelier import Atelier
from atelier.errors import NotFoundError
from cli.account import Client, stage_outputs
from cli.connection import LOCAL, connected, services


@contextmanager
def tracing(stage: str, cloud: Path) -> Iterator[tuple[Client, Callable[[], dict[str, str]], Callable[[str], str]]]:
    """Clients of the stage's services, what gives the outputs of its storage, and what finds the prediction of a mark.

    Raises what ``connected`` does.
    """
    client = services(stage, cloud=cloud)
    with connected(stage, cloud=cloud) as api:
        yield client, partial(stage_outputs, client, stage or LOCAL, ["storage"]), partial(prediction_of, api)


def prediction_of(api: Atelier, mark: str) -> str:
    """The id of the client's own prediction whose pictures hold a mark; empty where there is none. Raises ApiError."""
    try:
        return api.marks.get(mark).prediction
    except NotFoundError:
        return ""
