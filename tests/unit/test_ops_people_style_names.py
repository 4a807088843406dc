"""The name of a style that is deleted for a person: nobody has another of it before all is gone, which would be taken for the first."""

from typing import Any

import pytest

from atelier_ops.errors import NotPurgedError
from atelier_ops.logic.people.sweep import erase_all
from contracts.layout import dataset_prefix
from tests.unit.ops_api import Answered
from tests.unit.ops_stage import put_dataset
from tests.unit.test_ops_people import REFERENCE, train
from tests.unit.test_ops_people_erasure import OTHER, House, refused


@pytest.fixture
def house() -> House:
    house = House()
    put_dataset(house.buckets, "skirt")
    return house


def train_anew(house: House) -> Answered:
    """Ask for a style of the same name, which is learnt from another person's pictures."""
    put_dataset(house.buckets, "skirt")
    return train(house, consent=OTHER)


def sweep_until_the_name_is_free(house: House) -> str:
    """Ask for another style of the name between any two sweeps; the training that is taken on."""
    for _ in range(5):
        house.now += 900
        erase_all(house.erasing(), lambda: True)
        if (asked := train_anew(house)).status == 409:
            house.sweep_styles()
            asked = train_anew(house)
        if asked.status != 409:
            assert asked.status == 201
            return str(asked.body["id"])
        assert "is being deleted" in asked.body["detail"]
    raise AssertionError("the name is never free")


@pytest.mark.parametrize("broken_off", [0, 2])
def test_a_new_style_of_the_same_name_is_not_taken_for_the_one_that_goes(
    house: House, monkeypatch: pytest.MonkeyPatch, broken_off: int
) -> None:
    run, data = train(house, consent=REFERENCE).body["id"], house.buckets.store("data")
    house.executions.end(run, "SUCCEEDED")
    house.delete()
    with monkeypatch.context() as patched:
        patched.setattr(type(data), "purge", refused)
        for _ in range(broken_off):
            house.now += 900
            with pytest.raises(ExceptionGroup):
                erase_all(house.erasing(), lambda: True)
            house.sweep_styles()
            assert train_anew(house).status == 409
    new = sweep_until_the_name_is_free(house)
    house.sweep()
    assert house.executions.started[new].status == "RUNNING"
    assert data.names(dataset_prefix("skirt"))
    assert [house.told_of()["status"], house.told_of()["counts"]["styles"]] == ["deleted", 1]
    house.executions.end(new, "SUCCEEDED")
    house.delete(OTHER)
    house.sweep()
    assert not data.names(dataset_prefix("skirt")), "whom the new style shows is still known"


def test_the_name_is_free_once_a_style_is_gone_for_everybody_whom_it_shows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in (REFERENCE, OTHER):
        house.executions.end(train(house, consent=person).body["id"], "SUCCEEDED")
        house.delete(person)
    data, purge, purged = type(house.buckets.store("data")), type(house.buckets.store("data")).purge, list[str]()

    def only_for_one(store: Any, prefix: str, **options: Any) -> int:
        if any(each.startswith("styles/") for each in purged):  # the last thing that goes for the first of them
            raise NotPurgedError("AccessDenied")
        purged.append(prefix)
        return purge(store, prefix, **options)

    with monkeypatch.context() as patched:
        patched.setattr(data, "purge", only_for_one)
        for _ in range(4):
            house.now += 900
            with pytest.raises(ExceptionGroup):
                erase_all(house.erasing(), lambda: True)
            house.sweep_styles()
            put_dataset(house.buckets, "skirt")
            assert train(house).status == 409
    told = [house.told_of(person)["status"] for person in (REFERENCE, OTHER)]
    assert sorted(told) == ["deleted", "deleting"]
    house.sweep()
    put_dataset(house.buckets, "skirt")
    assert train(house).status == 201
    assert [house.told_of(person)["status"] for person in (REFERENCE, OTHER)] == ["deleted", "deleted"]
