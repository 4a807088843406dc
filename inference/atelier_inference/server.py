"""SageMaker's HTTP contract: ``GET /ping``, ``POST /invocations``, and how errors look."""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Any, TypeVar

from PIL import Image
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from atelier_inference.answer_stream import FinishedAnswer
from atelier_inference.dialects import NATIVE, dialect_of
from atelier_inference.dialects.dialect import Dialect, Invocation
from atelier_inference.mode import Finish, Job
from atelier_inference.modes import Modes
from atelier_inference.queue import BusyError
from atelier_inference.request_body import RequestError, read_call
from atelier_inference.room import Room, Share
from atelier_inference.telling import Teller
from atelier_inference.waiting import CLOSED, CanceledError, Tickets, disconnected, nobody_waits
from atelier_inference.worker import Worker
from contracts.appearance import PaintingMetrics
from contracts.errors import InvalidInputError
from contracts.pictures import MOST_PIXELS
from contracts.prediction import PredictionInput, PredictionOutput
from contracts.work import check_work
from imaging.pictures import encode

INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
"""What the caller of an asynchronous endpoint knows its request by; the log uses it too."""
PREPARING = 4
"""Requests whose pictures are read at a time."""
_RETRY_SECONDS = "5"

T = TypeVar("T")

log = logging.getLogger(__name__)


def make_app(
    load: Callable[[], Modes],
    *,
    broken: Callable[[], None],
    tickets: Tickets | None = None,
    teller: Teller | None = None,
) -> Starlette:
    """The ASGI application. It loads the model in the background; ``broken`` is called where that fails.

    Without ``tickets`` only a closed connection tells that nobody waits for an answer; without ``teller`` nobody hears of progress.
    """
    service = Service(Worker(load, broken=broken), tickets, teller)
    routes = [Route("/ping", service.ping), Route("/invocations", service.invocations, methods=["POST"])]
    return Starlette(routes=routes, lifespan=service.lifespan)


class Service:
    """The two routes over one worker."""

    def __init__(self, worker: Worker, tickets: Tickets | None, teller: Teller | None) -> None:
        self._worker = worker
        self._tickets = tickets
        self._teller = teller
        self._room = Room(MOST_PIXELS)
        # Threads of their own: whoever waits here for room must not keep those from finishing who will make it.
        self._preparing = ThreadPoolExecutor(PREPARING, thread_name_prefix="prepare")

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Start loading; at the end, finish what is queued."""
        self._worker.start()
        yield
        await run_in_threadpool(self._worker.close)

    async def ping(self, _: Request) -> Response:
        """200 once the model is loaded, 503 before and after."""
        ready = self._worker.modes is not None
        return JSONResponse({"status": "ready" if ready else "loading"}, status_code=200 if ready else 503)

    async def invocations(self, request: Request) -> Response:
        """One prediction: JSON in, JSON out. Every request leaves one line in the log."""
        started = time.perf_counter()
        line: dict[str, Any] = {"id": request.headers.get(INFERENCE_ID, uuid.uuid4().hex)[:64]}
        response = await self._respond(request, line)
        line |= {"status": response.status_code, "total": round(time.perf_counter() - started, 3)}
        log.info("request", extra={"fields": line})
        return response

    async def _respond(self, request: Request, line: dict[str, Any]) -> Response:
        dialect: Dialect = NATIVE
        try:
            modes = self._worker.modes
            if modes is None:
                raise BusyError("the model is not loaded")
            call = await read_call(request)
            dialect = await run_in_threadpool(dialect_of, call)
            line["dialect"] = dialect.name
            return await self._predict(modes, dialect, call, request, line)
        except RequestError as error:
            return _refuse(dialect, error.status, error.kind, error.reason, line)
        except InvalidInputError as error:
            return _refuse(dialect, 400, type(error).__name__, error, line)
        except (CanceledError, ClientDisconnect) as error:
            line["canceled"] = str(error) or CLOSED
            reason = InvalidInputError("request", got=line["canceled"], allowed="one whose answer is waited for")
            return _refuse(dialect, 410, "CanceledError", reason, line)
        except BusyError as error:
            line["error"] = "BusyError"
            body = {"error": {"type": "BusyError", "message": str(error), "what": "server", "allowed": "a later try"}}
            return JSONResponse(body, status_code=503, headers={"Retry-After": _RETRY_SECONDS})
        except Exception as error:  # the process's edge: the caller learns where to look, the log learns why
            log.exception("request failed", extra={"fields": line})
            line["error"] = type(error).__name__
            message = f"unexpected failure; the server's log has it as request {line['id']}"
            body = {"error": {"type": "InternalError", "message": message, "what": "server", "allowed": ""}}
            return JSONResponse(body, status_code=500)

    async def _predict(
        self, modes: Modes, dialect: Dialect, call: Invocation, request: Request, line: dict[str, Any]
    ) -> Response:
        """Have everything answered that a call asks for."""
        leaving, share = asyncio.ensure_future(nobody_waits(*self._signs(request))), self._room.share()
        answering: list[asyncio.Task[FinishedAnswer]] = []
        try:
            # Only who decodes may wait for room here; all else is refused at once where it is wrong.
            pool = self._preparing if dialect.decodes else None
            reading = asyncio.get_running_loop().run_in_executor(pool, dialect.read, call, share.take)
            asked = await _unless_left(reading, leaving)
            call.let_go()
            _check_together(asked.requests, modes)
            answering += [
                asyncio.ensure_future(self._answer(modes, body, line, leaving, share)) for body in asked.requests
            ]
            return await run_in_threadpool(asked.respond, await asyncio.gather(*answering))
        finally:
            for each in answering:  # where one of them failed, nobody waits for the others
                each.cancel()
            share.leave()
            leaving.cancel()

    def _signs(self, request: Request) -> Iterator[Awaitable[str]]:
        yield disconnected(request)
        if self._tickets and (inference_id := request.headers.get(INFERENCE_ID)):
            yield self._tickets.removed(inference_id)

    async def _answer(
        self, modes: Modes, body: PredictionInput, line: dict[str, Any], leaving: "asyncio.Future[str]", share: Share
    ) -> FinishedAnswer:
        """Have a request answered, unless everybody is ``leaving`` who waits for it. Raises CanceledError then."""
        line |= {"mode": body.mode, "outputs": body.num_outputs, "adapter": body.adapter}
        mode = modes[body.mode]
        loop = asyncio.get_running_loop()
        prepared = loop.run_in_executor(self._preparing, mode.affordable, body, share.take)
        job = await _unless_left(prepared, leaving)
        if ignored := mode.ignores(body):
            line["ignored"] = ignored
            job.notes.append(f"not used in mode {body.mode}: {', '.join(ignored)}")
        line |= {"adapter": job.adapter, "size": job.size}
        with self._teller.telling(line["id"], job.steps) if self._teller else nullcontext():
            finish = await self._run(job, leaving)
            answer = await run_in_threadpool(make_answer, job, finish)
        line["seconds"] = answer.output.seconds
        return answer

    async def _run(self, job: Job, leaving: "asyncio.Future[str]") -> Finish:
        self._worker.submit(job)
        try:
            return await _unless_left(asyncio.wrap_future(job.future), leaving)
        except (CanceledError, asyncio.CancelledError):
            self._worker.abandon(job)
            raise


async def _unless_left(work: "asyncio.Future[T]", leaving: "asyncio.Future[str]") -> T:
    """What work comes to. Raises CanceledError once everybody has left who waits for it."""
    either: list[asyncio.Future[Any]] = [work, leaving]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if leaving.done():
        work.cancel()
        raise CanceledError(leaving.result())
    return await work


def _check_together(requests: Sequence[PredictionInput], modes: Modes) -> None:
    """Raises InvalidInputError where several requests of one call are too much work in all, though none of them is alone."""
    pictures = sum(request.num_outputs for request in requests)
    if pictures > requests[0].num_outputs:
        whole = requests[0].model_copy(update={"num_outputs": pictures})
        check_work(whole, modes[whole.mode].dependencies.pace, None)


def _refuse(dialect: Dialect, status: int, kind: str, error: InvalidInputError, line: dict[str, Any]) -> Response:
    line["error"] = kind
    return dialect.refuse(status, kind, error)


def make_answer(job: Job, finish: Finish) -> FinishedAnswer:
    """Finish a job that the model is done with, and encode its pictures; any thread may do this."""
    with job.watch.measure("finish"):
        result = finish()
        pictures = restore_transparency(job, result.images)
    files = list(map(partial(_encoded, job), _made(job, pictures)))
    with job.watch.measure("encode"):
        mask = encode(result.mask, "png") if job.request.return_mask and result.mask else b""
    output = PredictionOutput(
        images=[""] * len(files),
        output_format=job.request.output_format,
        seed=job.seeds[0],
        model=job.model,
        adapter=job.adapter,
        seconds=job.watch.seconds(),
        metrics=PaintingMetrics(**job.metrics, pictures=job.appearances),
        # A job that failed beside others in its batch ran twice.
        notes=list(dict.fromkeys(job.notes)),
    )
    return FinishedAnswer(output=output, pictures=files, mask=mask)


def _made(job: Job, pictures: Iterable[Image.Image]) -> Iterator[Image.Image]:
    """The pictures, each made when it is its turn, and not kept: a large one is as much memory as a request may take."""
    remaining = iter(pictures)
    while True:
        with job.watch.measure("finish"):
            picture = next(remaining, None)
        if picture is None:
            return
        yield picture
        del picture


def _encoded(job: Job, picture: Image.Image) -> bytes:
    with job.watch.measure("encode"):
        return encode(picture, job.request.output_format)


def restore_transparency(job: Job, pictures: Iterable[Image.Image]) -> Iterable[Image.Image]:
    """An answer's pictures with the transparency of the request's picture, or a note in the answer where its format has none."""
    if job.cutout is None:
        return pictures
    if job.request.output_format == "jpeg":
        job.notes.append(
            "input.image is transparent in places, which a JPEG cannot be: white there; use png or webp to keep it"
        )
        return pictures
    return map(job.cutout.restored, pictures)
