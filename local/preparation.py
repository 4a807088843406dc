"""Makes the folder of a local cloud ready for a server: what goes on there is whole, and of anything else nothing is left."""

from dataclasses import replace
from pathlib import Path

from local.durable import Durable, damaged, require_whole
from local.errors import LocalCloudError, ServiceError
from local.holding import end_leftovers, require_free
from local.room import require_room
from local.server import READY_NAME
from local.sizes import CONTENTS, remove
from local.stamp import NAME, Stamp

_STATE = "state"
_EMPTY_AT_START = ("tmp", "home", "endpoints", "images")


def prepare(folder: Path, new: Stamp, *, port: int | None, fresh: bool) -> tuple[Stamp, int]:
    """The stamp of the cloud that is in ``folder`` from now on, ``new`` where none goes on, and its port: ``port``, that of before, or 0.

    To be called by who holds the folder. Raises LocalCloudError, and has changed nothing, where folder or port cannot be used.
    """
    _require_room(folder)
    kept = None
    if fresh:
        _require_passing(folder)
    else:
        kept = _kept(folder, new)
    port = (kept.port if kept else 0) if port is None else port
    require_free(port)
    end_leftovers(folder)
    stamp = kept or replace(new, port=0, lasting=not fresh, half_deployed=False)
    if kept is None:
        replace(stamp, half_deployed=True).write(folder)  # should this be interrupted, the next one begins anew, too
        for name in CONTENTS:
            remove(folder / name)
    stamp.write(folder)
    Durable(folder / _STATE).close()  # what another version wrote is said here, not in the server's log
    for name in _EMPTY_AT_START:
        remove(folder / name)
        (folder / name).mkdir()
    remove(folder / READY_NAME)
    return stamp, port


def _require_room(folder: Path) -> None:
    try:
        require_room(folder, 0)
    except ServiceError as error:
        raise LocalCloudError(error.message) from error


def _require_passing(folder: Path) -> None:
    """Raise LocalCloudError where the folder holds what is there to stay."""
    stamp = Stamp.read(folder)
    if stamp and stamp.lasting:
        got = "got a command that begins in an empty folder"
        raise LocalCloudError(f"{folder} holds what `atelier local` keeps: {got}; allowed: another --out")


def _kept(folder: Path, new: Stamp) -> Stamp | None:
    """The stamp of what goes on, None where nothing does. Raises LocalCloudError where it would not go on as a whole, or elsewhere."""
    stamp = Stamp.read(folder)
    if stamp is None:
        if (folder / _STATE).exists():
            raise damaged(folder / NAME, "no file")
        return None
    stamp.require_place(folder, account=new.account, region=new.region)
    if stamp.port and not stamp.half_deployed:  # it has been up
        require_whole(folder / _STATE)
    return None if stamp.half_deployed else stamp
