"""Ctrl-C and SIGTERM end a session in the same way, also where the shell has let it ignore Ctrl-C, as it does behind ``&`` and nohup."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def interrupted_by_signals(say: Callable[[str], None]) -> Iterator[None]:
    """Raise KeyboardInterrupt in the block at either signal, once, and ``say`` that the session stops; then both are ignored."""

    def stop(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        say(f"\nStopping ({signal.Signals(number).name}).")
        raise KeyboardInterrupt

    before: dict[signal.Signals, Any] = {each: signal.signal(each, stop) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
