"""The local cloud's server process: ministack with our services, on one loopback port."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from local.errors import LocalCloudError
from local.supervisor import kill

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework

READY_NAME = "server.json"
_LOOK_SECONDS = 0.02
_GRACE_SECONDS = 0.7  # for jobs and model servers to end by themselves before they are killed


def main(run_dir: Path, port: int, account: str, region: str) -> None:
    """Serve until SIGTERM, or until standard input ends, which it does with the supervisor."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    port = listener.getsockname()[1]
    _set_environment(run_dir, port, account, region)
    from local.seams import names

    names.check()
    from local.composition import build

    try:
        built = build(run_dir, port, account, region, child_environment())
    except LocalCloudError as error:
        sys.exit(str(error))
    threading.Thread(target=_resume, args=(port, built.resume), name="resume", daemon=True).start()
    try:
        asyncio.run(_serve(built.app, listener.detach(), run_dir, port))
    finally:
        built.close()  # before the children: their end is not the end of their jobs
        _end_children()
        shutil.rmtree(run_dir / "tmp", ignore_errors=True)
    os._exit(0)  # threads that wait for a task token or a child would hold the interpreter


def _resume(port: int, resume: Callable[[], None]) -> None:
    """Go on with what was under way when the server ended, as soon as requests are answered: it calls back."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(_LOOK_SECONDS)
    resume()


def _set_environment(run_dir: Path, port: int, account: str, region: str) -> None:
    """ministack reads these when it is imported, and passes them on to every Lambda."""
    os.environ.update(
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        AUTH="true",
        MINISTACK_ACCOUNT_ID=account,
        MINISTACK_REGION=region,
        S3_DATA_DIR=str(run_dir / "s3"),
        S3_PERSIST="1",
        STATE_DIR=str(run_dir / "state"),
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        AWS_EC2_METADATA_DISABLED="true",
        POWERTOOLS_TRACE_DISABLED="true",  # no X-Ray daemon listens on this machine
        LOG_LEVEL="WARNING",
    )


def _end_children() -> None:
    """SIGTERM to every job, model server and Lambda worker, and SIGKILL to those that do not end."""
    children = psutil.Process().children(recursive=True)
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    kill(psutil.wait_procs(children, timeout=_GRACE_SECONDS)[1])


def child_environment() -> dict[str, str]:
    """What a container process inherits: PATH, the locale, thread limits; no credentials, no other paths.

    One thread each, unless the environment says otherwise: a team of threads that waits for a core is slower than one.
    """
    variables = ("LANG", "LC_ALL", "TZ", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "SSL_CERT_FILE")
    return {
        "OMP_NUM_THREADS": "1",
        **{name: os.environ[name] for name in variables if name in os.environ},
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        # A run writes nothing outside its folder, not even byte code beside the sources.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


async def _serve(app: "ASGIFramework", listener: int, run_dir: Path, port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from local.connections import close_with_clients

    close_with_clients()
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def read_standard_input() -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            loop.remove_reader(sys.stdin)
            stop.set()

    loop.add_reader(sys.stdin, read_standard_input)
    config = Config()
    config.bind = [f"fd://{listener}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.2
    config.loglevel = "WARNING"
    staged = run_dir / f"{READY_NAME}.new"
    staged.write_text(json.dumps({"port": port, "pid": os.getpid()}), encoding="utf-8")
    staged.replace(run_dir / READY_NAME)
    await serve(app, config, shutdown_trigger=stop.wait)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
