"""Processes that train together, forked from the test's own and told about each other as torchrun would."""

import contextlib
import multiprocessing
import os
import socket
import sys
import traceback
from collections.abc import Callable

import torch


class Team:
    """Forked processes that train together; `output` is what the leading one prints."""

    def __init__(self, work: Callable[[int], None], size: int) -> None:
        reader, self._writer = os.pipe()
        self.output = os.fdopen(reader, "rb")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        context, self._size = multiprocessing.get_context("fork"), size
        self.processes = [context.Process(target=self._run, args=(work, rank)) for rank in range(size)]
        for process in self.processes:
            process.start()
        os.close(self._writer)

    def finish(self) -> tuple[list[int | None], str]:
        """Wait for the end; return the exit codes and what the leading process printed."""
        with self.output:
            printed = self.output.read().decode()
        for process in self.processes:
            process.join()
        return [process.exitcode for process in self.processes], printed

    def _run(self, work: Callable[[int], None], rank: int) -> None:
        torch.set_num_threads(1)
        os.environ.update(RANK=str(rank), WORLD_SIZE=str(self._size))
        os.environ.update(LOCAL_RANK=str(rank), LOCAL_WORLD_SIZE=str(self._size))
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(self._port))
        self.output.close()
        with os.fdopen(self._writer, "w") as output, contextlib.redirect_stdout(output if rank == 0 else sys.stderr):
            try:
                work(rank)
            except Exception:  # noqa: BLE001  the edge of the process: the test reads what happened
                traceback.print_exc(file=output)
                output.flush()
                os._exit(1)
