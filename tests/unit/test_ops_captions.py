"""What a training's pictures are learnt by: shown with where the words are from, and mended."""

import json
from typing import Any

import pytest

from atelier_ops.gateways.records import NEVER, Record
from atelier_ops.logic.ownership import CLAIMED, claim_key
from contracts.captions import TrainingCaptions
from contracts.dataset_texts import caption_lines, read_caption_lines
from tests.unit.ops_api import Answered, Api
from tests.unit.ops_fakes import execution
from tests.unit.ops_stage import put_dataset

PROMPT = "a photo of sks skirt"
RUN = "skirt-run"
PLACE = "datasets/skirt/captions.jsonl"


@pytest.fixture
def api() -> Api:
    api = Api()
    put_dataset(api.buckets, "skirt")
    api.executions.started[RUN] = execution(RUN, {"style": "skirt", "dataset": "s3://data/datasets/skirt/"})
    return api


def get(api: Api, training: str = RUN) -> Answered:
    return api.call("GET", f"/v1/trainings/{training}/captions")


def put(api: Api, *captions: tuple[str, str]) -> Answered:
    body = {"captions": [{"file_name": name, "text": text} for name, text in captions]}
    return api.call("POST", f"/v1/trainings/{RUN}/captions", body)


def shown(answered: Answered) -> dict[str, tuple[str, str]]:
    assert answered.status == 200
    TrainingCaptions.model_validate(answered.body)
    return {each["file_name"]: (each["text"], each["source"]) for each in answered.body["captions"]}


def test_each_picture_says_by_what_it_is_learnt_and_from_where_that_is(api: Api) -> None:
    api.buckets.put("data", "datasets/skirt/a.txt", b"sks skirt on a chair")
    made = {"a.png": "not this", "b.jpg": f"{PROMPT} with a white shirt"}
    api.buckets.put("data", f"runs/{RUN}/segment/captions.jsonl", caption_lines(made))
    assert shown(get(api)) == {
        "a.png": ("sks skirt on a chair", "own"),
        "b.jpg": (f"{PROMPT} with a white shirt", "automatic"),
        "c.jpeg": (PROMPT, "prompt"),
        "d.PNG": (PROMPT, "prompt"),
    }


def test_a_run_that_takes_up_another_has_the_captions_of_that(api: Api) -> None:
    api.buckets.put("data", f"runs/{RUN}/segment/captions.jsonl", caption_lines({"b.jpg": "made"}))
    api.executions.started["skirt-again"] = execution("skirt-again", {"resume": RUN})
    assert shown(get(api, "skirt-again"))["b.jpg"] == ("made", "automatic")


def test_captions_that_were_put_are_the_data_sets_own(api: Api) -> None:
    api.buckets.put("data", PLACE, caption_lines({"d.PNG": "goes away"}))
    words = (("a.png", "sks skirt, seen from behind"), ("b.jpg", "치마 sks"))
    for _ in range(2):
        told = shown(put(api, *words))
        assert told == shown(get(api))
        assert (told["a.png"], told["b.jpg"]) == tuple((text, "own") for _, text in words)
        assert told["d.PNG"] == (PROMPT, "prompt")
        assert read_caption_lines(api.buckets.objects["data", PLACE]) == dict(words)


@pytest.mark.parametrize(
    ("captions", "what", "words"),
    [
        ([("A.png", "sks skirt")], "captions[0].file_name", "a picture of the data set; nearest: a.png"),
        ([("a.png", "sks"), ("a.png", "skirt")], "captions[1].file_name", "each picture once"),
        ([("masks/a.png", "sks skirt")], "captions[0].file_name", "a picture of the data set"),
        ([("a.png", "  ")], "captions[0].text", ""),
        ([], "captions", ""),
    ],
)
def test_words_that_fit_no_picture_are_refused_and_nothing_is_written(
    api: Api, captions: list[tuple[str, str]], what: str, words: str
) -> None:
    answered = put(api, *captions)
    assert (answered.status, answered.body["what"]) == (422, what)
    assert words in answered.body["detail"]
    assert ("data", PLACE) not in api.buckets.objects


def test_another_file_that_says_other_words_is_named_before_anything_is_written(api: Api) -> None:
    api.buckets.put("data", "datasets/skirt/a.txt", b"sks skirt on a chair")
    answered = put(api, ("a.png", "sks skirt on a table"))
    assert (answered.status, answered.body["what"]) == (422, "captions of a.png")
    assert "a.txt" in answered.body["detail"]
    assert ("data", PLACE) not in api.buckets.objects
    assert put(api, ("a.png", "sks skirt on a chair")).status == 200


def test_refused_words_are_refused_in_captions_too(api: Api) -> None:
    answered = put(api, ("a.png", "a nude woman"))
    assert answered.status == 422
    assert answered.body["reason"] == "words-nudity"
    assert ("data", PLACE) not in api.buckets.objects


def test_captions_of_a_data_set_that_is_gone_or_anothers_are_not_found(api: Api) -> None:
    inputs: list[dict[str, Any]] = [{"style": "skirt"}, {"style": "skirt", "dataset": "s3://data/datasets/none/"}]
    for inner in inputs:
        api.executions.started[RUN] = execution(RUN, inner)
        assert get(api).status == 404
    put_dataset(api.buckets, "theirs")
    claimed = Record(key=claim_key("theirs"), status=CLAIMED, expires_at=NEVER, data={"client": "key-3"})
    api.records.add(claimed)
    api.executions.started[RUN] = execution(RUN, {"style": "skirt", "dataset": "s3://data/datasets/theirs/"})
    assert get(api).status == 404
    assert put(api, ("a.png", "sks skirt")).status == 404


def test_what_is_shown_can_be_sent_back(api: Api) -> None:
    told = shown(get(api))
    assert shown(put(api, *((name, text) for name, (text, _) in told.items()))) == {
        name: (text, "own") for name, (text, _) in told.items()
    }
    line = json.loads(api.buckets.objects["data", PLACE].decode().splitlines()[0])
    assert line == {"file_name": "a.png", "text": PROMPT}
