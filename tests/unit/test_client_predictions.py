"""WaitingOptions for pictures: how often the client looks, when it gives up, and what an interruption leaves behind."""

from typing import Any

import pytest

from atelier import painting, predictions, trainings
from atelier.errors import PredictionFailedError, StillRunningError, TrainingFailedError
from contracts.answers import Prediction
from tests.unit.client_network import Network, Served, reply
from tests.unit.ops_fakes import JPEG, PNG
from tests.unit.ops_stage import put_dataset


def made(kind: str) -> dict[str, Any]:
    """A prediction or training as the API tells of it now."""
    served = Served()
    put_dataset(served.api.buckets, "skirt")
    inputs = {"dataset": "datasets/skirt/", "target": "a skirt"}
    with served.client() as client:
        if kind == "training":
            return client.trainings.create("skirt", inputs).model_dump(mode="json")
        return client.predictions.create({"mode": "text_to_image", "prompt": "x"}).model_dump(mode="json")


LOOK, TRAINING = {**made("prediction"), "id": "1"}, {**made("training"), "id": "skirt-1"}


def look(status: str, **more: Any) -> Any:
    return reply(200, {**LOOK, "output": None, "status": status, **more})


DONE = {"output": ["https://media.test/0.png?sig", "https://media.test/mask.png?sig"]}


def test_pictures_are_waited_for_and_fetched() -> None:
    network = Network(
        [look("starting"), look("starting"), look("succeeded", **DONE), reply(200, PNG), reply(200, JPEG)]
    )
    heard: list[str] = []
    files = network.run(
        predictions.predict({"prompt": "x"}, version="skirt", heard=lambda now: heard.append(now.status))
    )
    assert files == [PNG, JPEG]
    assert heard == ["starting", "starting", "succeeded"]
    post, get, *_, picture = network.calls
    assert post.body == {"version": "skirt", "input": {"prompt": "x"}}
    assert (get.address, picture.address) == ("/v1/predictions/1", "https://media.test/mask.png?sig")


def test_looks_come_at_growing_distances() -> None:
    network = Network([*[look("starting")] * 60, look("succeeded", output=[])])
    network.run(predictions.predict({}, every=3))
    assert network.pauses == sorted(network.pauses)
    assert (network.pauses[0], network.pauses[-1]) == (0.2, 3)


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_prediction_without_pictures_is_an_error(status: str) -> None:
    network = Network([look("starting"), look(status, error="no adapter")])
    with pytest.raises(PredictionFailedError, match=f"prediction 1 {status}: no adapter") as raised:
        network.run(predictions.predict({}))
    assert raised.value.prediction.status == status


def test_waiting_ends_in_time_and_the_prediction_goes_on() -> None:
    network = Network([look("starting")] * 100)
    with pytest.raises(StillRunningError, match="prediction 1 is still starting after 60 s") as raised:
        network.run(predictions.predict({}, seconds=60, cancel_when_interrupted=True))
    assert raised.value.id == "1"
    assert not any(call.address.endswith("cancel") for call in network.calls)


@pytest.mark.parametrize("told", [True, False])
def test_an_interruption_cancels_where_told_to(told: bool) -> None:
    network = Network([look("starting"), look("canceled")], interrupted=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        network.run(predictions.predict({}, cancel_when_interrupted=told))
    assert [call.address for call in network.calls[1:]] == (["/v1/predictions/1/cancel"] if told else [])


def test_a_prediction_that_has_ended_is_not_asked_for_again() -> None:
    ended = Prediction.model_validate_json(look("succeeded", output=[]).content)
    assert Network([]).run(predictions.wait(ended)) == ended
    assert Network([look("failed")]).run(predictions.wait("1")).status == "failed"


def test_the_mask_comes_apart_from_the_pictures() -> None:
    network = Network([look("succeeded", **DONE), reply(200, PNG), reply(200, JPEG)])
    painted = network.run(painting.style(PNG, "a skirt", "a red skirt", style="skirt@2", return_mask=True, seed=7))
    assert (painted.pictures, painted.mask) == ([PNG], JPEG)
    body: Any = network.calls[0].body
    assert body["version"] == "skirt@2"
    assert body["input"].pop("image").startswith("data:image/png;base64,iVBORw0KGgo")
    fields = {"mode": "style", "mask_prompt": "a skirt", "prompt": "a red skirt", "return_mask": True, "seed": 7}
    assert body["input"] == fields


def test_a_training_is_followed_to_its_end() -> None:
    looks = [reply(200, {**TRAINING, "status": status}) for status in ("starting", "processing", "succeeded")]
    network, heard = Network(looks), list[str]()
    assert network.run(trainings.wait("skirt-1", heard=lambda now: heard.append(now.status))).status == "succeeded"
    assert heard == ["starting", "processing", "succeeded"]


def test_a_training_that_fails_is_an_error_and_an_interrupted_one_is_stopped_where_told_to() -> None:
    failed = reply(200, {**TRAINING, "status": "failed", "error": "Segment: no skirt"})
    with pytest.raises(TrainingFailedError, match="training skirt-1 failed: Segment: no skirt"):
        Network([failed]).run(trainings.wait("skirt-1"))
    running = reply(200, {**TRAINING, "status": "processing"})
    for told, addresses in ((False, []), (True, ["/v1/trainings/skirt-1/cancel"])):
        network = Network([running, running], interrupted=KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            network.run(trainings.wait("skirt-1", cancel_when_interrupted=told))
        assert [call.address for call in network.calls[1:]] == addresses
    with pytest.raises(StillRunningError):
        Network([running] * 9).run(trainings.wait("skirt-1", seconds=10))
