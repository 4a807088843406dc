"""A queue outlives the local cloud, however that ends: what waits keeps its place, and every end is told."""

import json
from pathlib import Path

from local.cloud import LocalCloud
from tests.integration.local_endpoint import answer, deploy, find, invoke
from tests.integration.local_toy import until
from tests.integration.test_local_restart import kill

MANY = 7


def told(cloud: LocalCloud) -> list[str]:
    """The notifications that have come since the last look, each as "id status"."""
    queue, found = cloud.outputs("Toy")["Queue"], []
    while messages := cloud.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        bodies = [json.loads(message["Body"]) for message in messages]
        found += [f"{body['inferenceId']} {body['invocationStatus']}" for body in bodies]
    return found


def test_a_queue_goes_on_after_kill_9_and_after_a_stop(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with LocalCloud(run) as cloud:
        deploy(cloud, tmp_path)
        queued = [invoke(cloud, {"seconds": 0.3, "number": n}, InferenceId=f"n-{n}") for n in range(MANY)]
        answer(cloud, queued[0])  # others are being answered
        heard = told(cloud)
        kill(cloud)

    with LocalCloud(run) as cloud:
        queued += [invoke(cloud, {"seconds": 0.3, "number": MANY}, InferenceId=f"n-{MANY}")]
        answer(cloud, queued[3])
        heard += told(cloud)

    with LocalCloud(run) as cloud:
        assert [answer(cloud, item)["echo"]["number"] for item in queued] == [*range(MANY + 1)]
        everybody = {f"n-{n} Completed" for n in range(MANY + 1)}
        until(lambda: heard.extend(told(cloud)) or {*heard} == everybody, cloud)  # type: ignore[func-returns-value]
        assert [find(cloud, item["FailureLocation"]) for item in queued] == [None] * (MANY + 1)
