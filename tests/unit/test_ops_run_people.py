"""Runs that somebody starts by hand: whom their pictures show is asked, noted and deleted as where the API is asked."""

from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.gateways.records import NEVER, Record
from atelier_ops.logic.ownership import claim_key
from atelier_ops.logic.people.persons import erasure_keys, person_of
from atelier_ops.logic.plan import Dependencies
from contracts.errors import InvalidInputError
from contracts.layout import dataset_prefix
from contracts.people import ConsentRule
from tests.unit.ops_stage import make_stage, plan_of, put_dataset
from tests.unit.test_ops_people import REFERENCE, train
from tests.unit.test_ops_people_erasure import House


@pytest.fixture
def house() -> House:
    house = House()
    put_dataset(house.buckets, "skirt")
    return house


def of_stage(house: House, rule: ConsentRule = "required") -> Dependencies:
    """What Prepare has in a stage with this rule."""
    buckets, dependencies = make_stage()
    house.buckets.objects.update({place: body for place, body in buckets.objects.items() if place[0] == "model"})
    store = house.buckets.store
    changes: dict[str, Any] = {"data": store("data"), "models": store("model"), "records": house.records}
    return replace(dependencies, consent=rule, **changes)


def test_a_run_that_is_started_by_hand_is_asked_before_anything_is_read(house: House) -> None:
    house.buckets.objects.clear()
    with pytest.raises(InvalidInputError, match=r"input\.consent: got nothing; allowed: 3 to 64 letters"):
        plan_of(of_stage(house), execution="by-hand")
    assert not [key for key in house.records.items if key.startswith(("theirs#", "people#"))]


def test_a_stage_that_demands_nothing_asks_for_nothing(house: House) -> None:
    assert plan_of(of_stage(house, "optional"), execution="by-hand")


def test_a_run_of_the_api_is_not_asked_again(house: House) -> None:
    house.consent = "required"
    run = train(house, consent=REFERENCE).body["id"]
    assert plan_of(of_stage(house), execution=run)
    with pytest.raises(InvalidInputError, match=r"input\.consent"):
        plan_of(of_stage(house), execution="another-by-hand")


def test_the_plan_does_not_name_the_person(house: House) -> None:
    assert REFERENCE not in str(plan_of(of_stage(house), execution="by-hand", consent=REFERENCE))


def test_a_run_that_cannot_begin_notes_nobody(house: House) -> None:
    with pytest.raises(InvalidInputError):
        plan_of(of_stage(house), execution="by-hand", consent=REFERENCE, base_model="none")
    assert not [key for key in house.records.items if key.startswith("theirs#")]


def test_whose_data_are_deleted_is_not_learnt_by_hand_either(house: House) -> None:
    person = person_of(REFERENCE, house.records)
    house.records.put(Record(key=erasure_keys(person, "")[0], status="erased", expires_at=NEVER))
    with pytest.raises(InvalidInputError, match="whose data were deleted"):
        plan_of(of_stage(house), execution="by-hand", consent=REFERENCE)


@pytest.mark.parametrize("owner", ["", "second"])
def test_a_style_that_was_learnt_by_hand_goes_with_the_person(house: House, owner: str) -> None:
    if owner:
        house.records.put(Record(key=claim_key("skirt"), status="claimed", expires_at=NEVER, data={"client": owner}))
    plan_of(of_stage(house), execution="by-hand", consent=REFERENCE)
    house.buckets.put("data", "runs/by-hand/segment/a.png", b"a person")
    house.key = "key-2"
    house.delete()
    house.sweep()
    left = house.buckets.store("data").names(dataset_prefix("skirt"))
    assert bool(left) is not bool(owner), "a client deletes its own"
    house.key = "key-1"
    house.delete()
    house.sweep()
    data = house.buckets.store("data")
    assert not data.names(dataset_prefix("skirt")) + data.names("runs/by-hand/")
    assert house.told_of()["status"] == "deleted"
    assert house.records.items[claim_key("skirt")].data["client"]


def test_the_api_does_not_show_whom_an_execution_names(house: House) -> None:
    given = {"style": "skirt", "dataset": "s3://data/datasets/skirt/", "target": "a skirt", "consent": REFERENCE}
    house.executions.start("by-hand", given)
    shown = house.call("GET", "/v1/trainings/by-hand")
    assert (shown.status, REFERENCE in str(shown.body)) == (200, False)
