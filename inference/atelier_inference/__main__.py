"""``python -m atelier_inference serve``: the container's one command."""

import gc
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import uvicorn

from atelier_inference import journal
from atelier_inference.measures import MEASURES
from atelier_inference.settings import Settings
from contracts.errors import InvalidInputError
from diffusion.driver import prefer_own_library
from diffusion.unquantised import leave_out

T = TypeVar("T")

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Serve until a signal comes. 0: drained and ended; 1: bad settings or model; 2: wrong usage."""
    if arguments != ["serve"]:
        print("usage: python -m atelier_inference serve", file=sys.stderr)
        return 2
    journal.configure()
    try:
        settings = Settings.from_environment(os.environ)
    except InvalidInputError as error:
        log.error(str(error))
        return 1
    with tempfile.TemporaryDirectory(prefix="atelier-") as scratch:
        return serve(settings, Path(scratch))


def serve(settings: Settings, scratch: Path) -> int:
    """Run the server; uvicorn finishes open requests on SIGTERM."""
    # Imported late: torch and diffusers take seconds, and wrong settings should be reported at once. They make a million objects,
    # none of them garbage: looking for some meanwhile is a quarter of the time.
    gc.disable()
    from atelier_inference.arriving import Arriving
    from atelier_inference.store import Store

    store = Store([uri for uri in settings.prefixes if uri])
    arriving = Arriving(settings, store, scratch)
    from atelier_inference.loading import load
    from atelier_inference.server import make_app
    from atelier_inference.telling import Teller
    from atelier_inference.waiting import Tickets

    journal.take_over_libraries()
    MEASURES.service = settings.service
    broke = False

    def broken() -> None:
        nonlocal broke
        broke = server.should_exit = True

    app = make_app(
        partial(_end_haste, partial(load, settings, store, arriving)),
        broken=broken,
        tickets=Tickets(store, settings.requests),
        teller=Teller(store, settings.progress),
        disclosure=settings.disclosure,
        consent=settings.consent,
    )
    config = uvicorn.Config(app, host=settings.host, port=settings.port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    # uvicorn raises the signal again once it has drained; that must end in an orderly exit, not in a kill.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    server.run()
    return 1 if broke else 0


def _end_haste(load: Callable[[], T]) -> T:
    """What was imported and loaded stays: only what comes after is looked through for garbage."""
    try:
        return load()
    finally:
        gc.freeze()
        gc.enable()


if __name__ == "__main__":
    prefer_own_library()
    leave_out()
    sys.exit(main(sys.argv[1:]))
