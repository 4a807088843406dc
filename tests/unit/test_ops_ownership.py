"""Whose a style is: a client's, the house's, nobody's yet."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.gateways.records import NEVER, Record
from atelier_ops.logic.http import Dependencies, ProblemError, Request
from atelier_ops.logic.ownership import (
    CLAIMED,
    claim,
    claim_key,
    may_read,
    owns,
    require_approver,
    require_changeable,
    require_claimable,
    require_readable,
    visible_styles,
)
from contracts.release import ReleaseRules
from tests.unit.ops_api import CLIENTS, Api
from tests.unit.ops_stage import put_dataset, put_version


def request_of(key: str) -> Request:
    return Request({"path": "/v1/styles", "requestContext": {"identity": {"apiKeyId": key}}}, CLIENTS)


MANAGING, OTHER, BY_HAND = map(request_of, ("key-1", "key-2", "key-3"))
"""The client that manages, one that does not, and a key that somebody made in the console."""


@pytest.fixture
def stage() -> Dependencies:
    """The house's ``skirt``, which is published, and ``coat``, of which there are pictures; and ``own``, which is OTHER's."""
    api = Api()
    put_version(api.buckets, 1)
    put_dataset(api.buckets, "coat")
    put_version(api.buckets, 1, style="own")
    api.records.add(Record(key=claim_key("own"), status=CLAIMED, expires_at=NEVER, data={"client": "second"}))
    return api.dependencies()


def status(require: Callable[..., Any], *arguments: Any) -> int:
    """Of the refusal; 0 where there is none."""
    try:
        require(*arguments)
    except ProblemError as error:
        return error.status
    return 0


def test_a_client_is_called_by_its_name_and_a_key_made_by_hand_by_its_id() -> None:
    assert [(each.client, each.manages) for each in (MANAGING, OTHER, BY_HAND)] == [
        ("first", True),
        ("second", False),
        ("key-3", False),
    ]
    assert request_of("").client == ""


def test_records_from_before_clients_had_names_are_still_their_client_s() -> None:
    assert owns({"client": "key-1"}, MANAGING)
    assert not owns({"client": "key-1"}, OTHER)
    assert [owns({}, each) for each in (MANAGING, OTHER, BY_HAND)] == [True, False, False]


@pytest.mark.parametrize(
    ("style", "readable", "changeable", "claimable"),
    # Each for the client that manages, the other one, and a key made by hand.
    [
        ("skirt", (0, 0, 0), (0, 403, 403), (0, 409, 409)),
        ("coat", (0, 0, 0), (0, 403, 403), (0, 409, 409)),
        ("own", (404, 0, 404), (404, 0, 404), (409, 0, 409)),
        ("new", (0, 0, 0), (0, 403, 403), (0, 0, 0)),
    ],
)
def test_who_may_do_what(
    stage: Dependencies,
    style: str,
    readable: tuple[int, ...],
    changeable: tuple[int, ...],
    claimable: tuple[int, ...],
) -> None:
    for require, expected in (
        (require_readable, readable),
        (require_changeable, changeable),
        (require_claimable, claimable),
    ):
        assert tuple(status(require, style, each, stage) for each in (MANAGING, OTHER, BY_HAND)) == expected


def test_who_claims_a_name_first_has_it_for_good(stage: Dependencies) -> None:
    claim("new", BY_HAND, stage)
    claim("new", BY_HAND, stage)
    assert stage.records.get(claim_key("new")) == Record(
        key="style#new", status=CLAIMED, expires_at=NEVER, data={"client": "key-3"}
    )
    assert [status(claim, "new", each, stage) for each in (MANAGING, OTHER)] == [409, 409]
    assert not may_read("new", MANAGING, stage)


def test_what_is_the_house_s_stays_the_house_s_whoever_works_on_it(stage: Dependencies) -> None:
    claim("skirt", MANAGING, stage)
    assert stage.records.get(claim_key("skirt")) is None


def test_another_client_s_style_is_refused_in_the_words_for_one_that_is_not_there(stage: Dependencies) -> None:
    with pytest.raises(ProblemError) as hidden:
        require_readable("own", MANAGING, stage)
    assert hidden.value.detail == "style: got own; allowed: skirt"


def test_a_client_sees_its_own_styles_and_the_house_s(stage: Dependencies) -> None:
    assert visible_styles(MANAGING, stage) == ["skirt"]
    assert visible_styles(OTHER, stage) == ["own", "skirt"]


def test_where_a_person_approves_it_is_a_client_that_manages(stage: Dependencies) -> None:
    manual = replace(stage, rules=ReleaseRules(approval="manual"))
    asked = [("skirt", MANAGING), ("skirt", OTHER), ("own", OTHER), ("own", MANAGING)]
    assert [status(require_approver, *each, stage) for each in asked] == [0, 403, 0, 404]
    assert [status(require_approver, *each, manual) for each in asked] == [0, 403, 403, 404]
