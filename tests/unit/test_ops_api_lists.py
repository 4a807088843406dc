"""GET of what a client made: pages, the newest first, its own only."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from atelier_ops.logic import paging, training_list
from tests.unit.ops_api import Answered, Api
from tests.unit.ops_fakes import NOW
from tests.unit.ops_stage import put_dataset

BODY = {"input": {"prompt": "a red skirt", "mode": "text_to_image"}}


@pytest.fixture
def api() -> Api:
    return Api()


def read(api: Api, address: str) -> Answered:
    """GET of a path with a query, or of a page's next."""
    parts = urlsplit(address)
    return api.call("GET", parts.path.removeprefix("/live"), None, dict(parse_qsl(parts.query)))


def pages(api: Api, address: str | None) -> list[list[dict[str, Any]]]:
    """The results of a page and of every one that follows."""
    found = []
    while address:
        answered = read(api, address)
        assert answered.status == 200
        assert answered.body["previous"] is None
        found.append(answered.body["results"])
        address = answered.body["next"]
    return found


def paint(api: Api, count: int) -> list[str]:
    """Predictions, a second apart; their ids, the newest first."""
    made = []
    for _ in range(count):
        made.append(api.call("POST", "/v1/predictions", BODY).body["id"])
        api.now += 1
    return made[::-1]


def test_predictions_are_listed_the_newest_first_page_by_page(api: Api) -> None:
    made = paint(api, 7)
    read_pages = pages(api, "/v1/predictions?limit=3")
    assert [[each["id"] for each in page] for page in read_pages][:3] == [made[:3], made[3:6], made[6:]]
    one = api.call("GET", f"/v1/predictions/{made[0]}").body
    # How far one is, only asking for it tells.
    of_one = {name: read_pages[0][0][name] for name in ("stage", "progress", "eta_seconds", "queue_position")}
    assert read_pages[0][0] == one | of_one
    (whole,) = pages(api, "/v1/predictions")
    assert [each["id"] for each in whole] == made


def test_what_is_made_while_a_list_is_read_moves_nothing(api: Api) -> None:
    made = paint(api, 4)
    first = read(api, "/v1/predictions?limit=2").body
    paint(api, 2)
    assert [each["id"] for each in read(api, first["next"]).body["results"]] == made[2:]


def test_nobody_lists_what_is_another_s(api: Api) -> None:
    paint(api, 2)
    api.key = "key-2"
    assert pages(api, "/v1/predictions") == [[]]
    mine = paint(api, 1)
    assert [each["id"] for each in pages(api, "/v1/predictions")[0]] == mine


def test_a_cursor_of_another_client_leads_into_the_own_list(api: Api) -> None:
    paint(api, 3)
    following = read(api, "/v1/predictions?limit=1").body["next"]
    api.key = "key-2"
    mine = paint(api, 1)
    api.now = NOW
    assert {each["id"] for each in read(api, following).body["results"]} <= set(mine)


def test_what_is_deleted_is_not_listed_and_leaves_no_gap(api: Api) -> None:
    made = paint(api, 5)
    for name in made[1:3]:
        api.call("POST", f"/v1/predictions/{name}/cancel")
    api.call("DELETE", f"/v1/predictions/{made[1]}")
    record = api.records.items[f"prediction#{made[2]}"]
    api.records.items[record.key] = replace(record, status="deleting")
    assert [each["id"] for each in read(api, "/v1/predictions?limit=3").body["results"]] == [made[0], *made[3:]]


def test_a_page_is_no_larger_than_an_answer_can_be(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = paint(api, 3)
    monkeypatch.setattr(paging, "LARGEST_PAGE", 1)
    assert [[each["id"] for each in page] for page in pages(api, "/v1/predictions")] == [[name] for name in made]


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ({"limit": "0"}, "query.limit"),
        ({"limit": "101"}, "query.limit"),
        ({"limit": "many"}, "query.limit"),
        ({"limit": "1e3"}, "query.limit"),
        ({"limit": "9" * 5_000}, "query.limit"),
        ({"cursor": "?"}, "query.cursor"),
        ({"cursor": "e30"}, "query.cursor"),
        ({"cursor": "é"}, "query.cursor"),
        ({"cursor": "W10"}, "query.cursor"),
        ({"page": "2"}, "query: unknown key"),
    ],
)
def test_a_query_that_says_something_else_is_refused(api: Api, query: dict[str, str], what: str) -> None:
    answered = api.call("GET", "/v1/predictions", None, query)
    assert answered.status == 422, json.dumps(answered.body)
    assert [each["what"] for each in answered.body["errors"]] == [what]


def start(api: Api, style: str, count: int = 1) -> list[str]:
    """Trainings of a style, a second apart; their ids, the newest first."""
    claimed = {"name": "a.png", "content_type": "image/png", "purpose": "dataset", "style": style, "size": 9}
    assert api.call("POST", "/v1/files", claimed).status == 201
    put_dataset(api.buckets, style)
    made = []
    body = {"destination": style, "input": {"dataset": f"datasets/{style}/", "target": "a skirt"}}
    for _ in range(count):
        name = api.call("POST", "/v1/trainings", body).body["id"]
        begun = datetime.fromtimestamp(api.now, UTC)
        api.executions.started[name] = replace(api.executions.started[name], started=begun)
        api.now += 1
        made.append(name)
    return made[::-1]


def test_trainings_are_listed_the_newest_first_page_by_page(api: Api) -> None:
    made = start(api, "skirt", 5)
    read_pages = pages(api, "/v1/trainings?limit=2")
    assert [[each["id"] for each in page] for page in read_pages] == [made[:2], made[2:4], made[4:]]
    shown, one = read_pages[0][0], api.call("GET", f"/v1/trainings/{made[0]}").body
    assert {name: one[name] for name in shown} | {"status": shown["status"]} == shown
    assert shown["input"]["dataset"] == "datasets/skirt/"


def test_a_training_that_took_long_is_listed_where_it_began(api: Api) -> None:
    made, executions = start(api, "skirt", 5), api.executions.started
    # As Step Functions lists them, the oldest is now the first.
    executions[made[-1]] = replace(executions[made[-1]], stopped=datetime.fromtimestamp(NOW + 9_999, UTC))
    read_pages = [[each["id"] for each in page] for page in pages(api, "/v1/trainings?limit=2")]
    assert read_pages == [made[:2], made[2:4], made[4:]]


def test_trainings_of_one_moment_are_each_listed_once(api: Api) -> None:
    made = start(api, "skirt", 5)
    for name in made:
        api.executions.started[name] = replace(api.executions.started[name], started=datetime.fromtimestamp(NOW, UTC))
    found = [each["id"] for page in pages(api, "/v1/trainings?limit=2") for each in page]
    assert sorted(found) == sorted(made)


def test_another_client_s_trainings_are_not_listed_and_make_pages_short(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = start(api, "skirt", 2)
    api.key = "key-2"
    theirs = start(api, "coat", 5)
    assert [each["id"] for each in pages(api, "/v1/trainings")[0]] == theirs
    api.key = "key-1"
    monkeypatch.setattr(training_list, "MOST_LOOKED_AT", 3)
    read_pages = pages(api, "/v1/trainings?limit=2")
    assert [each["id"] for page in read_pages for each in page] == mine
    assert read_pages[0] == []
