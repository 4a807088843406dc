"""Two properties of every route and handler that writes, tried at each call that it makes.

A fault there (the call is refused, its answer is lost, or the process dies) is repaired by the repetition that such a request or event
gets, or by the sweep: then the world is as if nothing had happened. And somebody else who comes there makes no other world than the one
in which they came before or after. Imports have the same in ``test_ops_api_versions.py``: each of theirs takes a tenth of a second.
"""

import base64
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from atelier_ops.errors import ApiUnavailableError, EndpointUnavailableError, SubmissionUnclearError
from atelier_ops.gateways.endpoints import EndpointState
from atelier_ops.gateways.functions import Function
from atelier_ops.gateways.records import NEVER, Record
from atelier_ops.logic import approval, endpoint, lost_events, webhook_delivery
from atelier_ops.logic.api import ANSWERS
from atelier_ops.logic.batches.items import Asking, paint
from atelier_ops.logic.batches.preparing import BatchPreparation, prepare_batch
from atelier_ops.logic.batches.reporting import Reporting, report_batch
from atelier_ops.logic.deleted_styles import Dependencies as Deleting
from atelier_ops.logic.deleted_styles import sweep_all
from atelier_ops.logic.http import ProblemError, Request
from atelier_ops.logic.late_answers import reconcile
from atelier_ops.logic.people.erasure import Erasing
from atelier_ops.logic.people.persons import SECRET, person_of
from atelier_ops.logic.people.sweep import erase_all
from atelier_ops.logic.promotion import promote
from atelier_ops.logic.publish import publish
from atelier_ops.logic.stored_files import dataset_file_id
from atelier_ops.logic.submission import OPEN, Ending, attempts
from atelier_ops.logic.taking_up import take_up
from contracts.batches import BatchItem
from contracts.disclosure import TEXTS
from contracts.errors import InvalidInputError
from contracts.mark import mark_of
from contracts.routes.table import ROUTES
from tests.unit.ops_api import CLIENTS, KEEP, OWN, SHARED, Api, form_of
from tests.unit.ops_fakes import (
    NOW,
    PNG,
    MemoryBuckets,
    MemoryEndpoints,
    MemoryExecutions,
    MemoryInference,
    MemoryLogs,
    MemoryPackages,
    MemoryReceivers,
    MemoryRecords,
    MemoryStore,
    MemoryTokens,
    MemoryTopic,
)
from tests.unit.ops_stage import make_stage, plan_of, put_artifact, put_dataset, put_promoted, put_version
from tests.unit.test_ops_submission import ANSWER, BODY, BUSY, SWEEP, Death, notify

CALLS: Mapping[type, tuple[str, ...]] = {
    MemoryRecords: (
        "get",
        "get_each",
        "made_by",
        "add",
        "put",
        "replace",
        "remove",
        "exchange",
        "expiring",
        "count",
        "first",
    ),
    MemoryStore: (
        "listing",
        "has",
        "folders",
        "read",
        "read_tagged",
        "uploaded",
        "write",
        "write_if",
        "copy",
        "delete",
        "purge",
    ),
    MemoryInference: ("submit",),
    MemoryExecutions: ("start", "stop", "describe", "events", "map_run"),
    MemoryLogs: ("streams", "tail", "delete"),
    MemoryPackages: ("exists", "approval", "find", "decide"),
    MemoryTokens: ("succeed", "fail"),
    MemoryEndpoints: ("state",),
    MemoryReceivers: ("post",),
    MemoryTopic: ("publish",),
}
"""Every call to a service."""

THROTTLED: Any = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
RAISED = (Death, ClientError, ReadTimeoutError, EndpointUnavailableError, ApiUnavailableError, ExceptionGroup)


class Answering(Function):
    """The API's function. The router, which answers one at a time, is left out."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def ask(self, event: Mapping[str, Any]) -> Any:
        path = event["path"]
        (route,) = [each for each in ROUTES if each.method == "GET" and each.matches(path)]
        request, one = Request(dict(event), self._world.dependencies().clients), path.rpartition("/")[2]
        try:
            answered = ANSWERS[route.name](request, self._world.dependencies(), one)
        except ProblemError as problem:
            return {"statusCode": problem.status, "body": ""}
        return {"statusCode": answered.status_code, "body": answered.body}


Fault = Callable[[str, Callable[[], Any]], Any]


def refused(name: str, _: Callable[[], Any]) -> Any:
    raise EndpointUnavailableError("no") if name == "submit" else ClientError(THROTTLED, "Any")


def unanswered(name: str, call: Callable[[], Any]) -> Any:
    """It is done, and nobody hears of it."""
    call()
    raise SubmissionUnclearError("?") if name == "submit" else ReadTimeoutError(endpoint_url="https://service.test")


def fatal(_: str, __: Callable[[], Any]) -> Any:
    raise Death


@contextmanager
def at_call(number: int, fault: Fault) -> Iterator[list[str]]:
    """Let the call of that number be ``fault``'s; the names of all calls. What a call calls itself, and what a fault does, is none."""
    made, inside = list[str](), [False]

    def watched(name: str, original: Any) -> Any:
        def method(*args: Any, **kwargs: Any) -> Any:
            if inside[0]:
                return original(*args, **kwargs)
            inside[0] = True
            try:
                made.append(f"{original.__qualname__}, call {len(made)}")
                return _made(name, lambda: original(*args, **kwargs))
            finally:
                inside[0] = False

        return method

    def _made(name: str, call: Callable[[], Any]) -> Any:
        return fault(name, call) if len(made) == number + 1 else call()

    with pytest.MonkeyPatch.context() as patch:
        for cls, names in CALLS.items():
            for name in names:
                patch.setattr(cls, name, watched(name, getattr(cls, name)))
        yield made


@cache
def _stored() -> MemoryBuckets:
    buckets = MemoryBuckets()
    put_dataset(buckets, "skirt")
    for version in (1, 2):
        put_version(buckets, version)
    put_promoted(buckets, 2)
    put_artifact(buckets, RUN_3)
    return buckets


@dataclass
class World(Api):
    """A stage with a dataset, two versions of a style, and what a run has trained."""

    receivers: MemoryReceivers = field(default_factory=MemoryReceivers)
    made: str = ""
    """The id of what requests are about."""

    def __post_init__(self) -> None:
        self.buckets.objects |= _stored().objects
        self.buckets.hashes |= _stored().hashes
        # Else a person would be called otherwise in each world.
        self.records.put(Record(key=SECRET, status="kept", expires_at=NEVER, data={"secret": "c2VjcmV0"}))

    def facts(self) -> dict[str, Any]:
        """What there is; of predictions not how often their requests were handed over."""
        bodies = {place: body for place, body in self.buckets.objects.items() if place[1].endswith("latest.json")}
        return {
            "records": {
                self._called(key): "open" if each.status in OPEN else (each.status, each.data.get("client", ""))
                for key, each in self.records.items.items()
                if not self._is_nobodys(each)
            },
            "heard": {parcel.headers["webhook-id"].rpartition("_")[2] for parcel in self.receivers.heard},
            "objects": {**dict.fromkeys(self.buckets.objects), **bodies},
            "executions": {
                each.name: each.status for each in (*self.executions.started.values(), *self.batches.started.values())
            },
            "answers": self.tokens.answers,
        }

    def _called(self, key: str) -> str:
        """A webhook's record by what it tells of, and of a batch whether of its newest round: its own name is drawn."""
        kind, one = self.records.items[key].data.get("of", ("", "")) if key.startswith("webhook#") else ("", "")
        if kind == "batch":
            one += " now" if self.records.items[f"batch#{one}"].data["webhook"] == key else " before"
        return f"webhook of {kind} {one}" if kind else key

    def _is_nobodys(self, record: Record) -> bool:
        """Whether it is a webhook's of a request that another with the same key was faster than, or that broke off."""
        kind, one = record.data.get("of", ("", "")) if record.key.startswith("webhook#") else ("", "")
        made = self.records.items.get(f"{kind}#{one}")
        is_named = made is not None and record.key == made.data.get("webhook")
        # What a round of a batch left untold that was gone on with is no more than that.
        is_over = kind == "batch" and record.status != "undelivered"
        return kind in ("prediction", "batch") and not is_named and not is_over


class Taking(Function):
    """The API's function, which an item of a batch is asked of. The router is left out."""

    def __init__(self, world: World) -> None:
        self._world = world

    def ask(self, event: Mapping[str, Any]) -> Any:
        cancels = event["path"].endswith("/cancel")
        names = event["path"].split("/")[3:4] if cancels else []
        route = "cancel_prediction" if cancels else "create_prediction"
        try:
            answered = ANSWERS[route](Request(dict(event), CLIENTS), self._world.dependencies(), *names)
        except ProblemError as problem:
            return {"statusCode": problem.status, "body": json.dumps({"detail": problem.detail})}
        return {"statusCode": answered.status_code, "body": answered.body}


Act = Callable[[World], Any]


def ask(method: str, path: str, body: Any = None, key: str = "key-1") -> Act:
    """A request of the client of ``key`` with an Idempotency-Key, whose path may name what was made. The router is left out."""
    route = next(each for each in ROUTES if each.method == method and each.matches(path.format(made="x")))

    def act(world: World) -> None:
        place = path.format(made=world.made)
        names = [each for each, part in zip(place.split("/"), route.path.split("/"), strict=True) if part[:1] == "{"]
        is_form = route.body is None and route.form is not None
        kind, sent = form_of(body) if is_form else ("application/json", json.dumps(body).encode())
        carried = {"body": base64.b64encode(sent).decode() if is_form else sent.decode(), "isBase64Encoded": is_form}
        headers = {"Content-Type": kind, "Idempotency-Key": "k"}
        event = {"path": place, "headers": headers, **carried, "requestContext": {"identity": {"apiKeyId": key}}}
        with suppress(ProblemError):  # such as that what is to be deleted is not there any more
            answered = ANSWERS[route.name](Request(event, CLIENTS), world.dependencies(), *names)
            world.made = world.made or json.loads(answered.body or "{}").get("id", "")

    return act


def then(*acts: Act) -> Act:
    return lambda world: [act(world) for act in acts]


def tried(act: Act) -> Act:
    """Whether or not it is refused."""

    def attempt(world: World) -> None:
        with suppress(InvalidInputError):
            act(world)

    return attempt


def told(failure: Any = None) -> Act:
    """The notification of the first run of the model."""
    return lambda world: notify(world, 0, failure)


def sweep(world: World) -> None:
    world.now += SWEEP
    media = world.buckets.store("media")
    settling = Ending(records=world.records, media=media, inference=world.inference, tokens=world.tokens, due=world.due)
    reconcile(settling, KEEP, lambda: world.now, lambda: True)


def tell(world: World) -> None:
    """The sweep that sends webhooks."""
    dependencies = webhook_delivery.Dependencies(
        records=world.records, api=Answering(world), receivers=world.receivers, clock=lambda: world.now
    )
    webhook_delivery.deliver(webhook_delivery.overdue(world.records, world.now), dependencies, lambda: True)


def look(kind: str, name: str) -> Act:
    """The event that says that something has changed."""

    def act(world: World) -> str:
        parts: dict[str, Any] = {"records": world.records, "tokens": world.tokens, "packages": world.packages}
        return lost_events.settle(kind, name, lost_events.Dependencies(endpoints=world.endpoints, **parts))

    return act


def nothing(_: World) -> None:
    pass


def asleep(world: World) -> None:
    world.endpoints.endpoints[SHARED] = EndpointState(name=SHARED, status="InService", instances=0)


def later(world: World) -> None:
    world.now += SWEEP


def answered(world: World) -> None:
    """The model's answer lies there, and nobody tells of it."""
    place = f"responses/1-of-{world.made}.out"
    world.buckets.put("media", place, json.dumps(ANSWER).encode())
    later(world)


def failed(world: World) -> None:
    world.executions.end(world.made, "FAILED")


def waits(decision: str = "PendingManualApproval") -> Act:
    def act(world: World) -> None:
        world.records.put(approval.waiting(PACKAGE, "token", RUN_3, int(NOW)))
        world.packages.decisions[PACKAGE] = (decision, "")

    return act


def decided(decision: str) -> Act:
    return lambda world: world.packages.decisions.update({PACKAGE: (decision, "")})


def deployed(world: World) -> None:
    world.records.put(endpoint.waiting("e", "token", RUN_3, int(NOW)))
    world.endpoints.endpoints["e"] = EndpointState(name="e", status="InService")


def publishes(world: World) -> Any:
    artifact = f"s3://data/runs/{RUN_3}/train/job/output/model/"
    event = {"plan": PLAN, "artifact": artifact, "package": PACKAGE, "version": "3", "metrics": {}}
    return publish(event, world.buckets.store("data"), world.buckets.store("model"), "atelier-test")


def promotes(world: World) -> Any:
    return promote("skirt", 3, world.buckets.store("model"))


def removes(world: World) -> None:
    """The sweep that finishes deletions of styles."""
    store = world.buckets.store
    parts: dict[str, Any] = {"records": world.records, "packages": world.packages, "endpoints": world.endpoints}
    sweep_all(Deleting(models=store("model"), data=store("data"), name_prefix="atelier-test", **parts))


def erases(world: World) -> None:
    """The sweep that removes what belongs to people."""
    world.now += SWEEP
    store = world.buckets.store
    parts: dict[str, Any] = {"records": world.records, "packages": world.packages, "executions": world.executions}
    parts["batches"] = world.batches
    places: dict[str, Any] = {"media": store("media"), "data": store("data"), "models": store("model")}
    waiting: dict[str, Any] = {"inference": world.inference, "tokens": world.tokens, "due": world.due}
    named: dict[str, Any] = {"name_prefix": "atelier-test", "instance": "ml.g5.xlarge", "now": world.now}
    named["disclosure"] = TEXTS
    erase_all(Erasing(logs=world.logs, **parts, **places, **waiting, **named), lambda: True)


def registered(world: World) -> None:
    for number in (1, 2):
        world.packages.decisions[PACKAGE.replace("/3", f"/{number}")] = ("Approved", "")


def put_upload(world: World) -> None:
    world.buckets.put("media", f"{OWN}{'a' * 26}/a.png", b"picture")


def takes_up(execution: str) -> Act:
    def act(world: World) -> None:
        with suppress(InvalidInputError):
            take_up("run-1", execution, world.buckets.store("data"), world.executions)

    return act


RUN_3 = "run-3"
PLAN = plan_of(make_stage()[1], RUN_3)
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test-skirt/3"
REFUSED = {"error": {"type": "InvalidInputError", "message": "no"}}
post = ask("POST", "/v1/predictions", BODY)
WISH = {"webhook": "https://example.com/", "webhook_events_filter": ["start", "completed"]}
post_wish = ask("POST", "/v1/predictions", {**BODY, **WISH})
post_end = ask("POST", "/v1/predictions", {**BODY, "webhook": "https://example.com/"})
get = ask("GET", "/v1/predictions/{made}")
cancel = ask("POST", "/v1/predictions/{made}/cancel")
delete = ask("DELETE", "/v1/predictions/{made}")


def mark(world: World) -> None:
    """Ask whose pictures hold the prediction's mark."""
    ask("GET", f"/v1/marks/{mark_of(world.made)}")(world)


SHOWN = {**BODY, "input": {**BODY["input"], "consent": "release-17"}}
post_shown = ask("POST", "/v1/predictions", SHOWN)
upload = ask("POST", "/v1/files", {"name": "a.png", "content_type": "image/png", "purpose": "upload", "size": 9})
PICTURE = {"name": "a.png", "content_type": "image/png", "purpose": "dataset", "style": "new", "size": 9}
upload_new = ask("POST", "/v1/files", PICTURE)
train = ask(
    "POST",
    "/v1/trainings",
    {"destination": "skirt", "input": {"dataset": "datasets/skirt/", "target": "a skirt"}},
)


def train_new(key: str = "key-1") -> Act:
    """A style that nobody has, on the pictures of one of the house's."""
    inputs = {"dataset": "datasets/skirt/", "target": "a skirt"}
    return ask("POST", "/v1/trainings", {"destination": "new", "input": inputs}, key)


train_wish = ask(
    "POST",
    "/v1/trainings",
    {"destination": "skirt", "input": {"dataset": "datasets/skirt/", "target": "a skirt"}, **WISH},
)
LEARNT = {"dataset": "datasets/skirt/", "target": "a skirt", "consent": "release-17"}
train_shown = ask("POST", "/v1/trainings", {"destination": "skirt", "input": LEARNT})
erase = ask("DELETE", "/v1/people/release-17")
erased = then(erases, removes, erases, removes, erases, erases)
stop = ask("POST", "/v1/trainings/{made}/cancel")
resume = ask("POST", "/v1/trainings/{made}/resume", {})
put_captions = ask(
    "POST", "/v1/trainings/{made}/captions", {"captions": [{"file_name": "a.png", "text": "a sks skirt"}]}
)
draw = ask("POST", "/v1/images/generations", {"prompt": "a red skirt"})
edit = ask("POST", "/v1/images/edits", {"prompt": "a red skirt", "image": PNG, "mask_prompt": "a skirt"})
SEARCHED = {"prompt": "a red skirt", "image": PNG, "search_prompt": "a skirt"}
replace_found = ask("POST", "/v2beta/stable-image/edit/search-and-replace", SEARCHED)
secret = ask("GET", "/v1/webhooks/default/secret")
approve_3 = ask("POST", "/v1/styles/skirt/versions/3/approve", {"reason": "good"})
reject_3 = ask("POST", "/v1/styles/skirt/versions/3/reject", {})
evaluate_1 = ask(
    "POST", "/v1/styles/skirt/versions/1/evaluate", {"dataset": "datasets/skirt/", "consent": "release-17"}
)
roll_back = ask("POST", "/v1/styles/skirt/rollback", {})
drop_picture = ask("DELETE", f"/v1/files/{dataset_file_id('skirt', 'datasets/skirt/a.png')}")
drop_1 = ask("DELETE", "/v1/styles/skirt/versions/1")
drop_style = ask("DELETE", "/v1/styles/skirt")
promote_1 = ask("POST", "/v1/styles/skirt/versions/1/promote")
promote_2 = ask("POST", "/v1/styles/skirt/versions/2/promote")
approved = look("approval", PACKAGE)

post_batch = ask("POST", "/v1/batches", {"input": BODY["input"], "items": [{}]})
post_batch_wish = ask("POST", "/v1/batches", {"input": BODY["input"], "items": [{}], **WISH})
cancel_batch = ask("POST", "/v1/batches/{made}/cancel")
resume_batch = ask("POST", "/v1/batches/{made}/resume", {})


def prepares(world: World) -> Any:
    """The first state of a batch."""
    store = world.buckets.store
    return prepare_batch(
        {"batch": world.made, "round": 1},
        f"{world.made}-1",
        BatchPreparation(
            records=world.records,
            media=store("media"),
            models=store("model"),
            shared_endpoint=SHARED,
            name_prefix="atelier-test",
            pace=world.pace,
            consent=world.consent,
            commercial=True,
            clients=CLIENTS,
            instance="ml.g5.xlarge",
            keep_seconds=KEEP,
            due=world.due,
            now=world.now,
        ),
    )


def paints(world: World) -> None:
    """The state of its one item, where the batch goes on."""
    item = BatchItem(batch=world.made, line=1, attempt=1, row={}, input=BODY["input"])
    asking = Asking(records=world.records, tokens=world.tokens, api=Taking(world), now=world.now)
    paint(item, "token", asking)


def reports(world: World) -> None:
    """The last state of a batch."""
    report(world, "succeeded")


def report(world: World, state: str) -> None:
    parts: dict[str, Any] = {"records": world.records, "media": world.buckets.store("media"), "due": world.due}
    report_batch(world.made, 1, state, Reporting(instance="ml.g5.xlarge", disclosure=TEXTS, now=world.now, **parts))


def batch_failed(world: World) -> None:
    world.batches.end(f"{world.made}-1", "FAILED")
    report(world, "failed")


def stopped_batch(world: World) -> None:
    """The event of an execution that a cancel has stopped."""
    report(world, "canceled")


taken_on = then(post_batch, prepares)
wished = then(post_batch_wish, prepares)
wish_ended = then(wished, paints, told(), reports, later)

post_batch_shown = ask("POST", "/v1/batches", {"input": {**BODY["input"], "consent": "release-17"}, "items": [{}]})


def paints_shown(world: World) -> None:
    person = person_of("release-17", world.records)
    item = BatchItem(batch=world.made, line=1, attempt=1, row={}, input={**BODY["input"], "consent": person})
    paint(item, "token", Asking(records=world.records, tokens=world.tokens, api=Taking(world), now=world.now))


shown_ended = then(post_batch_shown, prepares, paints_shown, told(), reports, later)


def ran(world: World) -> None:
    world.executions.end(world.made, "SUCCEEDED")


BROKEN_OFF: Mapping[str, tuple[Act, Act, Act]] = {
    "create_prediction": (nothing, post, then(later, post)),
    "create_prediction, of a person": (nothing, post_shown, then(later, post_shown)),
    "delete_prediction, of a person": (then(post_shown, told()), delete, delete),
    "create_prediction, asleep": (asleep, post, then(later, post)),
    "generate_images": (nothing, draw, then(later, draw)),
    "search_and_replace": (nothing, replace_found, then(later, replace_found)),
    "edit_images": (nothing, edit, then(later, edit)),
    "create_prediction, with a webhook": (nothing, post_wish, then(later, post_wish)),
    "deliver_webhooks": (then(post_wish, told(), later), tell, then(later, tell)),
    "deliver_webhooks, of a start": (then(post_wish, later), tell, then(later, tell)),
    "deliver_webhooks, of a training": (then(train_wish, failed, later), tell, then(later, tell)),
    "inference_result, with a webhook": (post_wish, told(), then(told(), later, tell)),
    "get_mark": (post, mark, mark),
    "get_webhook_secret": (nothing, secret, secret),
    "get_prediction": (then(post, later), get, get),
    "get_prediction, answered": (then(post, answered), get, then(get, told())),
    "cancel_prediction": (post, cancel, cancel),
    "delete_prediction": (then(post, told()), delete, delete),
    "delete_prediction, canceled": (then(post, cancel), delete, delete),
    "create_batch": (nothing, post_batch, post_batch),
    "create_batch, with a webhook": (nothing, post_batch_wish, then(post_batch_wish, later, tell)),
    "resume_batch, with a webhook": (then(wished, batch_failed), resume_batch, then(resume_batch, later, tell)),
    "cancel_batch, with a webhook": (wished, cancel_batch, then(cancel_batch, stopped_batch, later, tell)),
    "report_batch, with a webhook": (then(wished, paints, told()), reports, then(reports, later, tell)),
    "deliver_webhooks, of a batch": (wish_ended, tell, then(later, tell)),
    "cancel_batch": (then(taken_on, paints), cancel_batch, then(cancel_batch, sweep)),
    "resume_batch": (then(taken_on, batch_failed), resume_batch, resume_batch),
    "prepare_batch": (post_batch, prepares, prepares),
    "paint_item": (taken_on, paints, then(later, paints, told(), later)),
    "inference_result, of a batch": (then(taken_on, paints), told(), then(told(), sweep)),
    "report_batch": (then(taken_on, paints, told()), reports, reports),
    "create_file": (nothing, upload, upload),
    "create_file, of a new style": (nothing, upload_new, upload_new),
    "delete_file, an upload": (
        put_upload,
        ask("DELETE", f"/v1/files/{'a' * 26}"),
        ask("DELETE", f"/v1/files/{'a' * 26}"),
    ),
    "delete_file, a dataset's": (nothing, drop_picture, drop_picture),
    "delete_version": (registered, drop_1, then(drop_1, removes)),
    "delete_version, its sweep": (then(registered, drop_1), removes, removes),
    "delete_style": (registered, drop_style, then(drop_style, removes)),
    "delete_style, its sweep": (then(registered, drop_style), removes, removes),
    "delete_person": (then(post_shown, told()), erase, then(erase, erased)),
    "delete_people, of a prediction": (then(post_shown, told(), erase), erases, erased),
    "delete_people, of one under way": (then(post_shown, erase), erases, erased),
    "delete_people, of a batch": (then(shown_ended, erase), erases, erased),
    "delete_people, of a style": (then(registered, train_shown, ran, erase), then(erases, removes, erases), erased),
    "create_training": (nothing, train, train),
    "create_training, of a person": (nothing, train_shown, train_shown),
    "create_training, of a new style": (nothing, train_new(), train_new()),
    "create_training, with a webhook": (nothing, train_wish, train_wish),
    "cancel_training": (train, stop, stop),
    "resume_training": (then(train, failed), resume, resume),
    "put_captions": (train, put_captions, put_captions),
    "promote_version": (nothing, promote_1, promote_1),
    "approve_version": (waits(), approve_3, then(approve_3, approved)),
    "reject_version": (waits(), reject_3, then(reject_3, approved)),
    "evaluate_version": (nothing, evaluate_1, evaluate_1),
    "roll_back_style": (promote_1, roll_back, roll_back),
    "inference_result": (post, told(), told()),
    "inference_result, failure": (post, told(REFUSED), told(REFUSED)),
    "inference_result, resubmission": (post, told(BUSY), then(told(BUSY), sweep)),
    "inference_result, lost": (post, told(), then(sweep, told())),
    "reconcile": (then(post, answered), sweep, then(sweep, told())),
    "settle, approval": (waits("Approved"), approved, approved),
    "settle, endpoint": (deployed, look("endpoint", "e"), look("endpoint", "e")),
    "publish": (nothing, publishes, publishes),
    "promote": (publishes, promotes, promotes),
    "prepare, resumed": (nothing, takes_up("again"), takes_up("again")),
}
"""What was before, what breaks off, and what repairs it."""

AT_ONCE: Mapping[str, tuple[Act, Act, Act]] = {
    "two batches with one key": (nothing, post_batch, post_batch),
    "an item and the cancel of its batch": (taken_on, paints, cancel_batch),
    "an item and itself": (taken_on, paints, paints),
    "an answer and the cancel of its batch": (then(taken_on, paints), told(), cancel_batch),
    "two batches with one key and a webhook": (nothing, post_batch_wish, post_batch_wish),
    "two resumptions of a batch with a webhook": (then(wished, batch_failed), resume_batch, resume_batch),
    "two that send of a batch": (wish_ended, tell, tell),
    "sending and the report of a batch": (
        then(wished, paints, told(), later),
        then(tell, later, tell),
        then(reports, later, tell),
    ),
    "two evaluations with one key": (nothing, evaluate_1, evaluate_1),
    "two resumptions of a batch": (then(taken_on, batch_failed), resume_batch, resume_batch),
    "two POSTs with one key": (nothing, post, post),
    "two POSTs of a person with one key": (nothing, post_shown, post_shown),
    "a POST of a person and the deletion of what it finds": (then(post_shown, told()), post_shown, delete),
    "a POST and the deletion of what it finds": (then(post, told()), post, delete),
    "an answer and a cancel": (post, told(), cancel),
    "an answer and a deletion": (post, told(), then(cancel, delete)),
    "an answer and itself": (post, told(), told()),
    "an answer and a failure": (post, told(), told(REFUSED)),
    "a failure and an answer": (post, told(REFUSED), told()),
    "a resubmission and a cancel": (post, told(BUSY), cancel),
    "a resubmission and a deletion": (post, told(BUSY), then(cancel, delete)),
    "a resubmission and itself": (post, told(BUSY), told(BUSY)),
    "a late look and a deletion": (then(post, answered), get, then(cancel, delete)),
    "a late look and its notification": (then(post, answered), get, told()),
    "two POSTs with one key and a webhook": (nothing, post_wish, then(post_wish, post_wish)),
    "two that send": (then(post_wish, told(), later), tell, tell),
    "sending and a deletion": (then(post_end, told(), later), tell, delete),
    "sending a start and an answer": (then(post_wish, later), then(tell, later, tell), then(told(), later, tell)),
    "two trainings with one key and a webhook": (nothing, train_wish, train_wish),
    "two cancels": (post, cancel, cancel),
    "a cancel and an answer": (post, cancel, told()),
    "two deletions": (then(post, told()), delete, delete),
    "a POST of a person and the deletion of the person": (
        nothing,
        then(tried(post_shown), erased),
        then(erase, erased),
    ),
    "two sweeps of a person": (then(post_shown, told(), erase), erased, erases),
    "two sweeps of a person's batch": (then(shown_ended, erase), erased, erases),
    "two trainings with one key": (nothing, train, train),
    "two clients that claim a name": (nothing, upload_new, ask("POST", "/v1/files", PICTURE, "key-2")),
    "two clients that train a name": (nothing, train_new(), train_new("key-2")),
    "two resumptions with one key": (then(train, failed), resume, resume),
    "two deletions of a version": (registered, drop_1, drop_1),
    "a deletion and a promotion": (registered, drop_1, promote_1),
    "a promotion and a deletion": (registered, promote_1, drop_1),
    "a deletion and a rollback": (then(registered, promote_1, promote_2), drop_1, roll_back),
    "a style's deletion and itself": (registered, drop_style, drop_style),
    "two promotions": (nothing, promote_1, promote_2),
    "a promotion and a run's": (publishes, promote_1, promotes),
    "a rollback and itself": (promote_1, roll_back, roll_back),
    "an approval by name and its event": (waits(), approve_3, approved),
    "a run's promotion and one by name": (publishes, promotes, promote_1),
    "two publications": (nothing, publishes, publishes),
    "two events of one approval": (waits("Approved"), approved, approved),
    "an approval and a rejection": (waits("Approved"), approved, then(decided("Rejected"), approved)),
    "two that take up one run": (nothing, takes_up("one"), takes_up("other")),
}
"""What was before, and the two."""


def world_of(*acts: Act) -> World:
    world = World()
    for act in acts:
        act(world)
    return world


def broken(before: Act, act: Act, number: int, fault: Fault) -> tuple[World, str]:
    """A world in which that call of ``act`` was the fault's, and its name; empty where there was no such call."""
    world = world_of(before)
    with at_call(number, fault) as made, suppress(*RAISED):
        act(world)
    return world, made[number] if number < len(made) else ""


@pytest.mark.parametrize("fault", [refused, unanswered, fatal])
@pytest.mark.parametrize("name", BROKEN_OFF)
def test_what_breaks_off_at_any_call_is_repaired(name: str, fault: Fault) -> None:
    before, act, repair = BROKEN_OFF[name]
    expected = world_of(before, act, repair).facts()
    for number in itertools.count():
        world, call = broken(before, act, number, fault)
        if not call:
            break
        repair(world)
        assert world.facts() == expected, call
        for record in world.records.items.values():
            assert not record.key.startswith("prediction#") or len(world.inference.queue) <= attempts(record), call
    assert number


@pytest.mark.parametrize("name", AT_ONCE)
def test_two_at_once_are_as_one_after_the_other(name: str) -> None:
    before, one, other = AT_ONCE[name]
    allowed = [world_of(before, *acts).facts() for acts in ((one, other), (other, one))]
    for number in itertools.count():
        shared = world_of(before)

        def meanwhile(_: str, call: Callable[[], Any], world: World = shared) -> Any:
            other(world)
            return call()

        with at_call(number, meanwhile) as made:
            one(shared)
        if number >= len(made):
            break
        assert shared.facts() in allowed, made[number]
    assert number
