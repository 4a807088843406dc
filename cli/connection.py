"""The API that a command asks: of a stage, of the environment, of the local cloud that runs, or of one that is started for the command."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atelier import Atelier
from atelier.places import API_URL, LOCAL_FOLDER, NoPlaceError, clients_of_local_cloud
from cli.account import Client, account_client
from contracts.errors import InvalidInputError
from infra.config import stage_named
from infra.settings.stage import Stage

LOCAL = "local"


@contextmanager
def connected(stage: str = "", *, cloud: Path = LOCAL_FOLDER, start: bool = False) -> Iterator[Atelier]:
    """A client of the ``stage`` in the account of the current credentials or, without one, of the API that the environment names.

    Else it is the local cloud in the folder ``cloud``; where none runs there, one is started for as long as the block lasts, if ``start``
    is true. Raises InvalidInputError, NoPlaceError, LocalCloudError, and botocore's errors.
    """
    if stage not in ("", LOCAL):
        with Atelier.from_stage(stage, signed=stage_named(stage).api.signed) as client:
            yield client
        return
    if not stage and os.environ.get(API_URL):
        with Atelier.from_environment() as client:
            yield client
        return
    try:
        running = Atelier.from_local(cloud)
    except NoPlaceError:
        if not start:
            raise
    else:
        with running:
            yield running
        return
    with _started(cloud) as client:
        yield client


def services(stage: str = "", *, cloud: Path = LOCAL_FOLDER) -> Client:
    """Makes boto3 clients of the account or the local cloud that ``connected`` means, with the rights of whoever asks.

    Raises InvalidInputError, NoPlaceError.
    """
    if stage not in ("", LOCAL):
        return account_client
    if not stage and os.environ.get(API_URL):
        raise InvalidInputError(
            "--stage", got=None, allowed=f"a stage: {API_URL} names an API, and not whose account it is in"
        )
    return clients_of_local_cloud(cloud)[0]


@contextmanager
def _started(cloud: Path) -> Iterator[Atelier]:
    """The client of a local cloud that ends with the block; what it holds is kept."""
    from cli.progress import Progress
    from cli.session import deployed

    progress = Progress(sys.stderr)
    progress.say(f"No local cloud runs in {cloud}: one is started for this command. `atelier up` keeps one.")
    with deployed((cloud / "run").resolve(), progress, fresh=False) as deployment, deployment.api as client:
        yield client


def settings_of(stage: str) -> Stage | None:
    """The settings of the stage that ``connected`` means; None where only an address in the environment is known."""
    if not stage and os.environ.get(API_URL):
        return None
    return stage_named(stage or LOCAL)
