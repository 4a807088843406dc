"""What a finished request changes: pictures and record of a prediction, or the run whose smoke test it was."""

import base64
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.gateways.records import Record
from atelier_ops.logic import model_answer, smoke
from atelier_ops.logic.notification import Outcome, model_message, read_outcome
from atelier_ops.logic.results import prediction_key, settle
from atelier_ops.logic.submission import Ending
from atelier_ops.logic.timestamps import rfc3339
from contracts.errors import InvalidInputError
from contracts.pictures import format_of
from contracts.plan import FineTuningPlan
from contracts.prediction import PredictionInput
from tests.unit.ops_fakes import JPEG, NOW, MemoryBuckets, MemoryInference, MemoryRecords, MemoryTokens, MemoryTopic
from tests.unit.ops_stage import make_stage, plan_of

ID = "0123456789abcdef0123456789"
GREY = base64.b64decode(smoke.PICTURE)


def answer(**changes: Any) -> dict[str, Any]:
    pictures = [base64.b64encode(GREY).decode(), base64.b64encode(JPEG).decode()]
    seconds = {"paint": 1.5, "paste": 0.5}
    return {"images": pictures, "output_format": "png", "seed": 7, "model": "tiny@v1", "seconds": seconds, **changes}


@pytest.fixture
def dependencies() -> Ending:
    records = MemoryRecords()
    data = {"id": ID, "created_at": rfc3339(NOW - 10), "endpoint": "shared"}
    records.put(Record(key=prediction_key(ID), status="starting", expires_at=int(NOW) + 100, data=data))
    media = MemoryBuckets().store("media")
    return Ending(records=records, media=media, inference=MemoryInference(), tokens=MemoryTokens(), due=MemoryTopic())


def told(inference_id: str, **message: Any) -> Outcome:
    body = {"invocationStatus": "Completed", "inferenceId": inference_id, "eventName": "InferenceResult", **message}
    return read_outcome(json.dumps(body))


def succeeded(dependencies: Ending, inference_id: str, body: object) -> str:
    dependencies.media.write("responses/1.out", json.dumps(body).encode(), "application/json")
    return settle_written(dependencies, inference_id)


def settle_written(dependencies: Ending, inference_id: str) -> str:
    where = {"responseParameters": {"contentType": "application/json", "outputLocation": "s3://media/responses/1.out"}}
    outcome = told(inference_id, **where)
    return settle(outcome, dependencies, NOW)


def broke(dependencies: Ending, inference_id: str, failure: bytes | None = None) -> str:
    where = {"failureReason": "ClientError: Received client error (400) from model"}
    if failure is not None:
        dependencies.media.write("failures/1.out", failure, "text/plain")
        where["responseParameters"] = {"failureLocation": "s3://media/failures/1.out"}  # type: ignore[assignment]
    outcome = told(inference_id, invocationStatus="Failed", **where)
    return settle(outcome, dependencies, NOW)


def record(dependencies: Ending) -> Record:
    found = dependencies.records.get(prediction_key(ID))
    assert found is not None
    return found


def test_a_predictions_pictures_become_files_named_by_their_real_format(dependencies: Ending) -> None:
    succeeded(dependencies, ID, answer())
    assert dependencies.media.read(f"outputs/{ID}/0.png") == GREY
    assert dependencies.media.read(f"outputs/{ID}/1.jpg") == JPEG
    assert record(dependencies).status == "succeeded"
    assert record(dependencies).data["outputs"] == [f"outputs/{ID}/0.png", f"outputs/{ID}/1.jpg"]
    assert record(dependencies).data["metrics"] == {"total_time": 10.0, "predict_time": 2.0}
    assert record(dependencies).data["completed_at"] == rfc3339(NOW)
    assert record(dependencies).data["started_at"] == rfc3339(NOW - 2)
    assert record(dependencies).data["logs"] == "Using seed: 7\npaint: 1.500 s\npaste: 0.500 s\n"


@pytest.mark.parametrize(("mode", "drawn"), [("text_to_image", True), ("upscale", True), ("segment", False)])
def test_a_seed_is_said_where_one_was_used(dependencies: Ending, mode: str, drawn: bool) -> None:
    asked = record(dependencies)
    dependencies.records.replace(asked, replace(asked, data={**asked.data, "input": {"mode": mode}}))
    succeeded(dependencies, ID, answer())
    assert ("Using seed: 7\n" in record(dependencies).data["logs"]) is drawn


def test_how_each_picture_looks_is_in_the_metrics(dependencies: Ending) -> None:
    colour = {"lightness": 41.2, "red": 50.1, "yellow": 30.0, "share": 1.0}
    look = {"palette": [colour], "light": 41.2, "light_spread": 0.0, "frame_light": 60.0, "frame_light_spread": 9.5}
    succeeded(dependencies, ID, answer(metrics={"mask_area": 0.12, "pictures": [look, look]}))
    assert record(dependencies).data["metrics"]["pictures"] == [look, look]


def test_what_was_masked_and_what_was_not_used_is_in_the_metrics_and_the_logs(dependencies: Ending) -> None:
    notes = ["prompt: too long for the text encoder, not used: red\n\u2028skirt", "mask_prompt: masked 'a skirt'"]
    succeeded(dependencies, ID, answer(metrics={"mask_score": 0.91, "mask_area": 0.12}, notes=notes))
    data = record(dependencies).data
    assert data["metrics"] == {"total_time": 10.0, "predict_time": 2.0, "mask_score": 0.91, "mask_area": 0.12}
    first, second = data["logs"].splitlines()[:2]
    assert first == "note: prompt: too long for the text encoder, not used: red skirt"
    assert second == "note: mask_prompt: masked 'a skirt'"


def test_a_mask_that_was_asked_for_is_the_last_picture(dependencies: Ending) -> None:
    succeeded(dependencies, ID, answer(mask=base64.b64encode(GREY).decode()))
    painted = [f"outputs/{ID}/{name}" for name in ("0.png", "1.jpg")]
    assert record(dependencies).data["outputs"] == [*painted, f"outputs/masks/{ID}/2.png"]
    assert dependencies.media.read(f"outputs/masks/{ID}/2.png") == GREY


def test_what_was_asked_for_as_a_mask_lies_with_masks(dependencies: Ending) -> None:
    asked = record(dependencies)
    dependencies.records.replace(asked, replace(asked, data={**asked.data, "input": {"mode": "segment"}}))
    succeeded(dependencies, ID, answer())
    assert record(dependencies).data["outputs"] == [f"outputs/masks/{ID}/0.png", f"outputs/masks/{ID}/1.jpg"]


def test_large_pictures_are_stored_with_little_more_memory_than_their_text(dependencies: Ending) -> None:
    files = [GREY + bytes([number]) * 3_000_000 for number in range(3)]
    pictures = [base64.b64encode(file).decode() for file in files]
    body = answer(images=[*pictures[:2], base64.b64encode(JPEG).decode()], mask=pictures[2], notes=["picture 0"])
    dependencies.media.write("responses/1.out", json.dumps(body).encode(), "application/json")
    tracemalloc.start()
    try:
        assert settle_written(dependencies, ID).endswith("succeeded")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    stored = [dependencies.media.read(key) for key in record(dependencies).data["outputs"]]
    assert stored == [*files[:2], JPEG, files[2]]
    assert peak < sum(map(len, files)) + 2 * len(files[0])  # what the test's store keeps, and one picture


def test_a_failed_prediction_tells_the_models_own_words(dependencies: Ending) -> None:
    words = {"error": {"type": "InvalidInputError", "message": "input.image: got text; allowed: a picture"}}
    broke(
        dependencies, ID, b'Received client error (400) from model with message "' + json.dumps(words).encode() + b'"'
    )
    assert record(dependencies).status == "failed"
    assert record(dependencies).data["error"] == "InvalidInputError: input.image: got text; allowed: a picture"


DEEP: Any = json.loads('{"images": ' * 900 + "1" + "}" * 900)
ODD_ANSWERS: list[Any] = [
    *({}, [], None, 7, "text", DEEP, {"images": []}, {"images": [5]}, {"images": ["치마"]}, {"images": {"0": "x"}}),
    {"images": ["bm90IGEgcGljdHVyZQ=="], "output_format": "png"},
    *({**answer(), name: 5} for name in ("images", "output_format", "model", "adapter", "mask", "notes", "metrics")),
    *({k: v for k, v in answer().items() if k != name} for name in ("output_format", "seed", "model")),
    answer(seconds={"paint": "long"}),
    answer(mask="bm90IGEgcGljdHVyZQ=="),
]


@pytest.mark.parametrize("body", ODD_ANSWERS, ids=lambda body: str(body)[:60])
def test_an_answer_that_lacks_something_or_has_it_wrong_ends_the_prediction_with_the_reason(
    dependencies: Ending, body: Any
) -> None:
    succeeded(dependencies, ID, body)
    assert record(dependencies).status == "failed"
    assert "allowed" in record(dependencies).data["error"]


@pytest.mark.parametrize("total", [1e300, -5.0])
def test_whatever_an_answer_says_that_it_took_it_began_after_it_was_asked_for(
    dependencies: Ending, total: float
) -> None:
    succeeded(dependencies, ID, answer(seconds={"total": total}))
    assert record(dependencies).status == "succeeded"
    assert rfc3339(NOW - 10) <= record(dependencies).data["started_at"] <= rfc3339(NOW)


@pytest.mark.parametrize(
    "message", ["", "{", "[]", "null", "{}", '{"inferenceId": "1"}', "[" * 99_999, '{"responseParameters": 5}']
)
def test_a_message_that_is_no_notification_is_named(message: str) -> None:
    with pytest.raises(InvalidInputError, match="notification"):
        read_outcome(message)


def test_a_second_notification_changes_nothing(dependencies: Ending) -> None:
    succeeded(dependencies, ID, answer())
    before = record(dependencies)
    broke(dependencies, ID)
    succeeded(dependencies, ID, answer(seed=8))
    assert record(dependencies) == before


def test_the_answer_to_a_canceled_prediction_is_thrown_away(dependencies: Ending) -> None:
    canceled = Record(key=prediction_key(ID), status="canceled", expires_at=int(NOW), data=record(dependencies).data)
    dependencies.records.put(canceled)
    succeeded(dependencies, ID, answer())
    assert record(dependencies) == canceled
    assert dependencies.media.listing("outputs/") == []


def test_a_notification_for_a_record_that_is_gone_is_ignored(dependencies: Ending) -> None:
    assert "deleted" in succeeded(dependencies, "f" * 26, answer())
    assert dependencies.media.listing("outputs/") == []


def test_an_answer_in_a_foreign_bucket_is_refused(dependencies: Ending) -> None:
    outcome = told(ID, responseParameters={"outputLocation": "s3://elsewhere/x"})
    settle(outcome, dependencies, NOW)
    assert "elsewhere" in record(dependencies).data["error"]


def test_an_answer_too_large_for_a_handler_ends_the_prediction(
    dependencies: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_answer, "LARGEST_ANSWER", 1_000)
    succeeded(dependencies, ID, answer(notes=["x" * 1_000]))
    assert "at most 1,000 bytes: fewer or smaller pictures" in record(dependencies).data["error"]


@pytest.mark.parametrize("wrong", [{"notes": ["x" * 10**6]}, {"x" * 10**6: 1}, {"seconds": {"y" * 10**6: "long"}}])
def test_whatever_an_answer_says_its_record_fits_into_the_table(dependencies: Ending, wrong: dict[str, Any]) -> None:
    """DynamoDB takes 400 KB of an item: a record that is refused would stay open for ever."""
    succeeded(dependencies, ID, answer(**wrong))
    ended = record(dependencies)
    assert ended.status in ("succeeded", "failed")
    assert len(json.dumps(ended.data)) < 100_000


def waiting_smoke_test(dependencies: Ending) -> str:
    inference = smoke.inference_id("run-1", 3)
    dependencies.records.put(smoke.waiting(inference, "token", "run-1", "shared", NOW, {"seed": 0}))
    return inference


def tokens(dependencies: Ending) -> MemoryTokens:
    assert isinstance(dependencies.tokens, MemoryTokens)
    return dependencies.tokens


def test_a_good_smoke_test_lets_the_run_go_on_once(dependencies: Ending) -> None:
    inference = waiting_smoke_test(dependencies)
    succeeded(dependencies, inference, answer())
    broke(dependencies, inference)
    result, output = tokens(dependencies).answers["token"]
    assert result == "success"
    assert output["pictures"] == 2
    assert output["bytes"] == len(GREY)


@pytest.mark.parametrize(
    "settled", [lambda ending, name: succeeded(ending, name, answer()), lambda ending, name: broke(ending, name, b"no")]
)
def test_nothing_of_a_smoke_test_is_kept(dependencies: Ending, settled: Callable[[Ending, str], str]) -> None:
    settled(dependencies, waiting_smoke_test(dependencies))
    assert list(dependencies.media.listing("")) == []


def test_a_smoke_test_needs_a_picture_of_the_format_it_says(dependencies: Ending) -> None:
    succeeded(dependencies, waiting_smoke_test(dependencies), answer(output_format="webp"))
    assert tokens(dependencies).answers["token"][0] == smoke.FAILED


def test_a_failed_smoke_test_tells_the_models_words(dependencies: Ending) -> None:
    broke(
        dependencies,
        waiting_smoke_test(dependencies),
        b'{"error": {"type": "AdapterError", "message": "sha256 differs"}}',
    )
    assert tokens(dependencies).answers["token"] == (smoke.FAILED, "AdapterError: sha256 differs")


def test_a_failure_file_that_is_gone_leaves_the_notifications_reason(dependencies: Ending) -> None:
    reason = Outcome(inference_id=waiting_smoke_test(dependencies), succeeded=False, reason="ClientError: no")
    settle(reason, dependencies, NOW)
    assert tokens(dependencies).answers["token"] == (smoke.FAILED, "ClientError: no")


def test_a_smoke_test_nobody_waits_for_is_ignored(dependencies: Ending) -> None:
    assert "no run waits" in succeeded(dependencies, "smoke-unknown", answer())


@pytest.mark.parametrize("text", ["plain words", "{broken", '{"error": "text"}', "[1]"])
def test_words_that_are_no_error_body_stay_as_they_are(text: str) -> None:
    assert model_message(text) == text


def test_an_inpainting_smoke_test_repaints_a_drawn_picture() -> None:
    body = smoke.smoke_request(FineTuningPlan.from_json(plan_of(make_stage()[1])), 3, dedicated=False)
    asked = PredictionInput.from_json(body)
    assert (asked.mode, asked.adapter, asked.prompt) == ("inpaint", "skirt@3", "a photo of sks skirt")
    assert format_of(base64.b64decode(asked.image)) == "png"
    assert base64.b64decode(asked.image) != base64.b64decode(asked.mask)


def test_a_text_to_image_smoke_test_needs_no_picture() -> None:
    plan = FineTuningPlan.from_json(plan_of(make_stage()[1], task="text-to-image"))
    body = smoke.smoke_request(plan, 3, dedicated=True)
    assert body["mode"] == "text_to_image"
    assert "image" not in body
    assert "adapter" not in body


def test_a_repeated_smoke_test_has_the_same_id() -> None:
    assert smoke.inference_id("run-1", 3) == smoke.inference_id("run-1", 3)
    assert smoke.inference_id("run-1", 3) != smoke.inference_id("run-2", 3)
    assert len(smoke.inference_id("run-1", 3)) <= 64


@pytest.mark.parametrize(("drawn", "around", "middle"), [(smoke.PICTURE, 128, 96), (smoke.MASK, 0, 255)])
def test_a_drawn_picture_is_a_real_png(drawn: str, around: int, middle: int) -> None:
    from io import BytesIO

    from PIL import Image

    picture = Image.open(BytesIO(base64.b64decode(drawn)))
    assert (picture.size, picture.mode) == ((64, 64), "L")
    assert picture.getpixel((0, 0)) == around
    assert picture.getpixel((32, 32)) == middle
    assert picture.getpixel((16, 47)) == middle
    assert picture.getpixel((15, 32)) == around


def test_formats_are_told_by_their_first_bytes() -> None:
    assert [format_of(start) for start in (GREY[:12], JPEG[:12], b"RIFF\0\0\0\0WEBP", b"GIF89a")] == [
        "png",
        "jpeg",
        "webp",
        None,
    ]
