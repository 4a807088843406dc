"""SageMaker's HTTP contract: ``GET /ping``, ``POST /invocations``, and how errors look."""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from atelier_inference.answer_stream import FinishedAnswer
from atelier_inference.answering import make_answer
from atelier_inference.checking import checked
from atelier_inference.custom_attributes import CUSTOM_ATTRIBUTES
from atelier_inference.dialects import NATIVE, dialect_of
from atelier_inference.dialects.dialect import Dialect, Invocation
from atelier_inference.disclosing import Disclosing
from atelier_inference.json_answer import AsciiJSONResponse
from atelier_inference.measures import MEASURES, SECONDS_BETWEEN_LINES, STAGES, Outcome
from atelier_inference.mode import Finish, Job
from atelier_inference.modes import Modes
from atelier_inference.queue import BusyError
from atelier_inference.request_body import RequestError, read_call
from atelier_inference.room import Room, Share
from atelier_inference.telling import Teller
from atelier_inference.waiting import CLOSED, CanceledError, Tickets, disconnected, nobody_waits, unless_left
from atelier_inference.worker import Worker
from contracts.disclosure import TEXTS, Texts
from contracts.errors import InvalidInputError
from contracts.log_names import by_log_names
from contracts.people import ConsentRule
from contracts.pictures import MOST_PIXELS
from contracts.prediction import PredictionInput
from contracts.safety.refusal import MASKS, PAINTED

INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
"""What the caller of an asynchronous endpoint knows its request by; the log uses it too."""
PREPARING = 4
"""Requests whose pictures are read at a time."""
MOST_OPEN = 64
"""Requests in the server at a time, queued or not; each may hold a body of two pictures."""
_RETRY_SECONDS = "5"
_OUTCOMES: Mapping[int, Outcome] = {
    200: "RequestsAnswered",
    410: "RequestsCanceled",
    500: "RequestsFailed",
    503: "RequestsBusy",
}
"""Of statuses; all others are refusals."""

log = logging.getLogger(__name__)


def make_app(
    load: Callable[[], Modes],
    *,
    broken: Callable[[], None],
    tickets: Tickets | None = None,
    teller: Teller | None = None,
    disclosure: Texts = TEXTS,
    consent: ConsentRule = "optional",
) -> Starlette:
    """The ASGI application. It loads the model in the background; ``broken`` is called where that fails.

    ``consent`` says whether pictures of people are taken without a reference.
    Without ``tickets`` only a closed connection tells that nobody waits for an answer; without ``teller`` nobody hears of progress.
    ``disclosure`` is what people are told who see pictures.
    """
    service = Service(load, broken, tickets, teller, disclosure, consent)
    routes = [Route("/ping", service.ping), Route("/invocations", service.invocations, methods=["POST"])]
    return Starlette(routes=routes, lifespan=service.lifespan)


class Service:
    """The two routes over one worker."""

    def __init__(
        self,
        load: Callable[[], Modes],
        broken: Callable[[], None],
        tickets: Tickets | None,
        teller: Teller | None,
        disclosure: Texts,
        consent: ConsentRule,
    ) -> None:
        self._consent = consent
        self._worker = Worker(load, broken=self._break)
        self._broken = broken
        self._reason = "the model is being loaded"
        self._open = 0
        self._tickets = tickets
        self._teller = teller
        self._disclosure = disclosure
        self._room = Room(MOST_PIXELS)
        # Threads of their own: whoever waits here for room must not keep those from finishing who will make it.
        self._preparing = ThreadPoolExecutor(PREPARING, thread_name_prefix="prepare")

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Start loading; at the end, finish what is queued."""
        self._worker.start()
        measuring = asyncio.ensure_future(self._measure())
        yield
        await run_in_threadpool(self._worker.close)
        measuring.cancel()
        MEASURES.write()

    async def _measure(self) -> None:
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LINES)
            MEASURES.add("QueueDepth", self._worker.waiting)
            MEASURES.write()

    def _break(self) -> None:
        """In the model's thread: it has ended, and with it what this process is for."""
        self._reason = "the model could not be loaded, or is lost: this process ends"
        self._broken()

    async def ping(self, _: Request) -> Response:
        """200 once the model is loaded; before and after, 503 with the reason."""
        if self._worker.modes is not None:
            return AsciiJSONResponse({"status": "ready"})
        return AsciiJSONResponse({"status": "unavailable", "reason": self._reason}, status_code=503)

    async def invocations(self, request: Request) -> Response:
        """One prediction: JSON in, JSON out. Every request leaves one line in the log."""
        started = time.perf_counter()
        line: dict[str, Any] = {"id": request.headers.get(INFERENCE_ID, uuid.uuid4().hex)[:64]}
        self._open += 1
        try:
            response = await self._respond(request, line)
        finally:
            self._open -= 1
        seconds = time.perf_counter() - started
        line |= {"status": response.status_code, "total": round(seconds, 3)}
        MEASURES.count(_OUTCOMES.get(response.status_code, "RequestsRefused"))
        MEASURES.add("RequestSeconds", seconds)
        log.info("request", extra={"fields": line})
        return response

    async def _respond(self, request: Request, line: dict[str, Any]) -> Response:
        dialect: Dialect = NATIVE
        try:
            modes = self._worker.modes
            if modes is None:
                raise BusyError(self._reason)
            if self._open > MOST_OPEN:
                raise BusyError(f"{MOST_OPEN} requests are open, and no more may be")
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
            reason = InvalidInputError("server", got=str(error), allowed="a later try")
            response = _refuse(dialect, 503, type(error).__name__, reason, line)
            response.headers["Retry-After"] = _RETRY_SECONDS
            return response
        except Exception as error:  # the process's edge: the caller learns where to look, the log learns why
            log.exception("request failed", extra={"fields": line})
            got = f"an unexpected failure, which the log has as request {by_log_names(line['id'])}"
            reason = InvalidInputError("server", got=got, allowed="none")
            response = _refuse(dialect, 500, "InternalError", reason, line)
            line["error"] = type(error).__name__
            return response

    async def _predict(
        self, modes: Modes, dialect: Dialect, call: Invocation, request: Request, line: dict[str, Any]
    ) -> Response:
        """Have everything answered that a call asks for."""
        leaving, share = asyncio.ensure_future(nobody_waits(*self._signs(request))), self._room.share()
        answering: list[asyncio.Task[FinishedAnswer]] = []
        try:
            loop = asyncio.get_running_loop()
            asked = await unless_left(loop.run_in_executor(None, dialect.read, call), leaving)
            asked = checked(asked, request.headers.get(CUSTOM_ATTRIBUTES, ""), modes, self._consent)
            if asked.pictures:  # only who decodes may wait for room; all else was refused at once where it is wrong
                asked = await unless_left(loop.run_in_executor(self._preparing, asked.decoded, share.take), leaving)
            call.let_go()
            answering += [
                asyncio.ensure_future(self._answer(modes, body, line, leaving, share)) for body in asked.requests
            ]
            disclosing = Disclosing.of(request, asked.requests, self._disclosure)
            answers = [disclosing.said(each) for each in await asyncio.gather(*answering)]
            return disclosing.head(await run_in_threadpool(asked.respond, answers))
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
        job = await unless_left(prepared, leaving)
        if ignored := mode.ignores(body):
            line["ignored"] = ignored
            job.notes.append(f"not used in mode {body.mode}: {', '.join(ignored)}")
        line |= {"adapter": job.adapter, "size": job.size}
        with self._teller.telling(line["id"], job.steps) if self._teller else nullcontext():
            finish = await self._run(job, leaving)
            answer = await run_in_threadpool(make_answer, job, finish, line["id"])
        line["seconds"] = answer.output.seconds
        for stage, measure in STAGES.items():
            if stage in answer.output.seconds:
                MEASURES.add(measure, answer.output.seconds[stage])
        return answer

    async def _run(self, job: Job, leaving: "asyncio.Future[str]") -> Finish:
        MEASURES.add("QueueDepth", self._worker.waiting)
        self._worker.submit(job)
        try:
            return await unless_left(asyncio.wrap_future(job.future), leaving)
        except (CanceledError, asyncio.CancelledError):
            self._worker.abandon(job)
            raise


def _count_refusal(kind: str) -> None:
    """For the operator: how often each gate refused, and nothing of whom or what."""
    if kind in MASKS:
        MEASURES.count("MasksRefused")
    elif kind in PAINTED:
        MEASURES.count("PaintingsRefused")


def _refuse(dialect: Dialect, status: int, kind: str, error: InvalidInputError, line: dict[str, Any]) -> Response:
    line["error"] = kind
    _count_refusal(kind)
    return dialect.refuse(status, kind, error, line["id"])
