"""Deleting all that belongs to a person: what goes, what stays, and what the report says."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from atelier_ops.errors import NotPurgedError
from atelier_ops.gateways.logs import LogLine
from atelier_ops.logic.batches.preparing import read_items
from atelier_ops.logic.batches.records import ended
from atelier_ops.logic.batches.reporting import report_batch, settle_execution
from atelier_ops.logic.batches.showing import NOT_BEGUN
from atelier_ops.logic.deleted_styles import Dependencies as Deleting
from atelier_ops.logic.deleted_styles import sweep_all
from atelier_ops.logic.people.erased_batches import STOPPED_AFTER
from atelier_ops.logic.people.erasure import KEEP_REPORT, Erasing
from atelier_ops.logic.people.sweep import erase_all
from contracts.batches import BatchPlan
from contracts.disclosure import TEXTS
from contracts.layout import before_key, before_prefix, dataset_prefix
from tests.unit.ops_batches import Studio
from tests.unit.ops_stage import put_dataset, put_promoted, put_version
from tests.unit.test_ops_people import PAINTED, REFERENCE, paint, train, upload
from tests.unit.test_ops_submission import notify

OTHER = "release-2026-0999"


def refused(*_: object, **__: object) -> int:
    """S3 that deletes nothing."""
    raise NotPurgedError("AccessDenied")


@dataclass
class House(Studio):
    """A stage, and the sweeps that end deletions."""

    def erasing(self) -> Erasing:
        store = self.buckets.store
        parts: dict[str, Any] = {"records": self.records, "inference": self.inference, "tokens": self.tokens}
        return Erasing(
            **parts,
            media=store("media"),
            data=store("data"),
            models=store("model"),
            due=self.due,
            packages=self.packages,
            executions=self.executions,
            batches=self.batches,
            logs=self.logs,
            name_prefix="atelier-test",
            instance="ml.g5.xlarge",
            disclosure=TEXTS,
            now=self.now,
        )

    def sweep(self, times: int = 5) -> None:
        """The sweeps of an hour and a quarter."""
        for _ in range(times):
            self.now += 900
            erase_all(self.erasing(), lambda: True)
            self.sweep_styles()

    def sweep_styles(self) -> None:
        store = self.buckets.store
        parts: dict[str, Any] = {"records": self.records, "packages": self.packages, "endpoints": self.endpoints}
        sweep_all(Deleting(models=store("model"), data=store("data"), name_prefix="atelier-test", **parts))

    def report_round(self, batch: str) -> None:
        """The last state of a batch's first round."""
        report_batch(batch, 1, "succeeded", self.settling())
        self.batches.end(f"{batch}-1", "SUCCEEDED")

    def delete(self, reference: str = REFERENCE) -> dict[str, Any]:
        answered = self.call("DELETE", f"/v1/people/{reference}")
        assert answered.status == 200
        return dict(answered.body)

    def told_of(self, reference: str = REFERENCE) -> dict[str, Any]:
        return dict(self.call("GET", f"/v1/people/{reference}").body)

    def everything(self) -> str:
        """All that is stored, in one text."""
        records = [[key, vars(record)] for key, record in self.records.items.items()]
        objects = [[place, body.decode(errors="replace")] for place, body in self.buckets.objects.items()]
        return json.dumps([records, objects], default=str)


@pytest.fixture
def house() -> House:
    house = House()
    put_dataset(house.buckets, "skirt")
    put_dataset(house.buckets, "other")
    return house


def test_a_prediction_goes_with_its_pictures_and_its_upload(house: House) -> None:
    made = paint(house).body
    notify(house, 0)
    assert house.call("GET", f"/v1/predictions/{made['id']}").body["status"] == "succeeded"
    kept = paint(house, consent=OTHER).body
    house.delete()
    house.sweep()
    assert house.call("GET", f"/v1/predictions/{made['id']}").status == 404
    assert made["input"]["image"] not in house.buckets.store("media").names()
    assert REFERENCE not in house.everything()
    assert made["id"] not in house.everything()
    assert house.call("GET", f"/v1/predictions/{kept['id']}").body["status"] == "starting"
    report = house.told_of()
    assert report["status"] == "deleted"
    assert report["counts"] == {"predictions": 1, "pictures": 1, "uploads": 1}


def test_what_is_under_way_is_canceled_and_its_late_answer_is_dropped(house: House) -> None:
    made = paint(house).body
    house.delete()
    house.sweep()
    notify(house, 0)
    assert made["id"] not in house.everything()
    assert house.told_of()["counts"]["predictions"] == 1


def test_a_client_deletes_its_own_and_one_that_manages_all(house: House) -> None:
    house.key = "key-2"
    theirs = paint(house).body["id"]
    house.key = "key-1"
    own = paint(house).body["id"]
    house.key = "key-2"
    assert house.delete()["scope"] == "client"
    house.sweep()
    assert f"prediction#{theirs}" not in house.records.items
    assert f"prediction#{own}" in house.records.items
    house.key = "key-1"
    assert house.delete()["scope"] == "stage"
    house.sweep()
    assert f"prediction#{own}" not in house.records.items


def test_a_reference_of_which_nothing_is_there_is_deleted_and_refused(house: House) -> None:
    assert house.call("GET", f"/v1/people/{REFERENCE}").status == 404
    house.delete()
    house.sweep(1)
    assert (house.told_of()["status"], house.told_of()["counts"]) == ("deleted", {})
    assert paint(house).status == 422


def test_asking_again_changes_nothing_and_a_report_is_kept_for_three_years(house: House) -> None:
    paint(house)
    first = house.delete()
    house.sweep()
    again = house.delete()
    assert (again["requested_at"], again["status"]) == (first["requested_at"], "deleted")
    (erasure,) = [each for key, each in house.records.items.items() if key.startswith("erasure#")]
    assert erasure.expires_at - house.now < KEEP_REPORT
    assert REFERENCE not in str(vars(erasure))


def test_it_does_not_end_before_the_index_has_what_came_last(house: House) -> None:
    house.delete()
    house.now += 30
    erase_all(house.erasing(), lambda: True)
    assert house.told_of()["status"] == "deleting"


def test_one_thing_that_fails_keeps_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = paint(house).body["id"], paint(house).body["id"]
    house.delete()
    store = type(house.buckets.store("media"))
    delete = store.delete

    def failing(self: Any, key: str) -> None:
        if first in key:
            raise ConnectionError("the network broke")
        delete(self, key)

    house.now += 900
    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", failing)
        with pytest.raises(ExceptionGroup):
            erase_all(house.erasing(), lambda: True)
    assert f"prediction#{second}" not in house.records.items
    house.sweep()
    assert house.told_of()["counts"]["predictions"] == 2


def test_of_a_batch_the_person_s_rows_go_and_the_others_stay(house: House) -> None:
    rows = [{"image": upload(house, f"{number}.png"), "who": who} for number, who in enumerate((REFERENCE, OTHER))]
    batch = house.post(input=PAINTED, items=rows)["id"]
    plan = house.prepare(f"{batch}-1")
    for item in house.items(plan):
        house.paint(item)
    for number in range(2):
        notify(house, number)
    house.report_round(batch)
    house.delete()
    house.sweep()
    assert REFERENCE not in house.everything()
    assert rows[0]["image"] not in house.everything()
    media = house.buckets.store("media")
    lines = media.json(f"batches/{batch}/report.json")["items"]
    assert [line["row"]["who"] for line in lines] == [OTHER]
    assert not media.names(f"batches/{batch}/rounds/")
    assert house.told_of()["counts"]["batch_rows"] == 1
    assert house.get(batch)["status"] == "succeeded"


def test_a_batch_of_one_person_goes_whole(house: House) -> None:
    rows = [{"image": upload(house), "who": REFERENCE}]
    batch = house.post(input=PAINTED, items=rows)["id"]
    plan = house.prepare(f"{batch}-1")
    house.paint(house.items(plan)[0])
    notify(house, 0)
    house.report_round(batch)
    house.delete()
    house.sweep()
    assert batch not in house.everything()
    assert house.told_of()["counts"]["batches"] == 1


def under_way(house: House, *people: str) -> tuple[list[dict[str, str]], str, BatchPlan]:
    """A batch whose rows show these people, which paints."""
    rows = [{"image": upload(house, f"{number}.png"), "who": who} for number, who in enumerate(people)]
    batch = house.post(input=PAINTED, items=rows)["id"]
    return rows, batch, house.prepare(f"{batch}-1")


def test_rows_of_a_batch_under_way_are_not_painted_any_more_and_count_as_no_failures(house: House) -> None:
    _, batch, plan = under_way(house, REFERENCE, OTHER)
    house.delete()
    mine, other = house.items(plan)
    house.paint(mine)
    house.paint(other)
    assert house.told(mine) == ("success", {"prediction": ""})
    house.sweep(2)
    assert house.told_of()["status"] == "deleting"
    notify(house, 0)
    house.report_round(batch)
    house.sweep()
    assert house.told_of()["status"] == "deleted"
    assert REFERENCE not in house.everything()
    assert house.get(batch)["counts"] == {**NOT_BEGUN, "total": 1, "succeeded": 1}


def test_of_a_batch_under_way_the_rows_go_at_once_and_the_others_are_painted(house: House) -> None:
    rows, batch, plan = under_way(house, REFERENCE, OTHER)
    house.delete()
    house.sweep(1)
    assert rows[0]["image"] not in house.buckets.store("media").names()
    media = house.buckets.store("media")
    assert OTHER not in media.read(plan.key).decode(), "what is mapped names nobody"
    assert [item.row["who"] for item in read_items(media.read(f"batches/{batch}/items.jsonl"))] == [OTHER]
    assert not media.names(f"batches/{batch}/rows.json")
    assert (house.get(batch)["status"], house.batches.started[f"{batch}-1"].status) == ("processing", "RUNNING")


def test_a_batch_that_shows_one_person_only_is_stopped_at_once(house: House) -> None:
    _, batch, _ = under_way(house, REFERENCE, REFERENCE)
    house.delete()
    house.sweep(1)
    assert house.batches.started[f"{batch}-1"].status == "ABORTED"
    house.sweep(2)
    assert house.told_of()["counts"] == {"batch_rows": 2, "batches": 1}
    assert batch not in house.everything()


def test_a_batch_that_is_longer_than_a_day_is_stopped_in_time_and_goes_on_without_the_person(house: House) -> None:
    _, batch, plan = under_way(house, REFERENCE, OTHER)
    house.delete()
    house.sweep(1)
    house.now += STOPPED_AFTER
    house.sweep(1)
    assert house.batches.started[f"{batch}-1"].status == "ABORTED"
    shown = house.get(batch)
    assert shown["status"] == "canceled"
    assert "resume it" in shown["error"]
    settle_execution(f"{batch}-1", house.settling())
    house.sweep(2)
    told = house.told_of()
    assert told["status"] == "deleted"
    assert told["completed_at"] < told["due_by"]
    assert not house.buckets.store("media").names(plan.key), "what was mapped"
    assert house.call("POST", f"/v1/batches/{batch}/resume").status == 201
    (left,) = house.items(house.prepare(f"{batch}-2"))
    assert left.line == 2
    house.paint(left)
    notify(house, 0)
    assert house.told(left)[0] == "success"


def test_a_batch_that_says_this_moment_what_became_of_it_is_not_stopped(house: House) -> None:
    _, batch, plan = under_way(house, REFERENCE, OTHER)
    for item in house.items(plan):
        house.paint(item)
    for number in range(2):
        notify(house, number)
    report_batch(batch, 1, "succeeded", house.settling())  # its execution has not ended yet
    house.delete()
    house.sweep(1)
    assert house.batches.started[f"{batch}-1"].status == "RUNNING"
    house.batches.end(f"{batch}-1", "SUCCEEDED")
    house.sweep()
    assert house.told_of()["status"] == "deleted"
    assert house.get(batch)["status"] == "succeeded"


def test_a_batch_that_is_stopped_while_its_execution_lives_is_stopped_again(house: House) -> None:
    _, batch, _ = under_way(house, REFERENCE, OTHER)
    record = house.records.items[f"batch#{batch}"]
    house.records.put(ended(record, "canceled", house.now))  # by somebody who died before the execution was stopped
    house.delete()
    house.sweep(1)
    assert house.batches.started[f"{batch}-1"].status == "ABORTED"
    assert house.told_of()["status"] == "deleting"
    house.sweep()
    assert house.told_of()["status"] == "deleted"


def test_a_style_that_was_learnt_from_the_person_goes_whole_with_what_its_runs_left(house: House) -> None:
    run = train(house, consent=REFERENCE).body["id"]
    data = house.buckets.store("data")
    for name in (
        f"runs/{run}/segment/a.png",
        f"checkpoints/{run}/1",
        before_prefix(run) + "1.png",
        before_key("skirt"),
    ):
        house.buckets.put("data", name, b"a person")
    house.logs.written[f"atelier-test-{run}-train/algo-1"] = [LogLine(at=house.now, text="a.png")]
    house.executions.end(run, "SUCCEEDED")
    manifest = put_version(house.buckets, 1)
    house.packages.decisions[manifest.model_package] = ("Approved", "")
    put_promoted(house.buckets, 1)
    house.delete()
    house.sweep()
    assert not data.names(dataset_prefix("skirt")) + data.names(f"runs/{run}/") + data.names(f"checkpoints/{run}/")
    assert not house.buckets.store("model").names("styles/skirt/") + data.names(before_key("skirt"))
    assert not house.logs.written
    assert data.names(dataset_prefix("other"))
    report = house.told_of()
    assert report["status"] == "deleted"
    assert [report["counts"][name] for name in ("styles", "versions", "log_streams")] == [1, 1, 1]
    assert not [key for key in house.records.items if key.startswith(("theirs#", "people#"))]


def test_a_run_of_the_style_is_stopped_first(house: House) -> None:
    run = train(house, consent=REFERENCE).body["id"]
    house.delete()
    house.sweep(1)
    assert house.executions.started[run].status == "ABORTED"
    assert house.told_of()["status"] == "deleting"
    house.sweep()
    assert house.told_of()["status"] == "deleted"


def test_of_a_style_that_its_client_deleted_goes_what_its_runs_left(house: House) -> None:
    run, data = train(house, consent=REFERENCE).body["id"], house.buckets.store("data")
    for name in (f"runs/{run}/segment/a.png", f"checkpoints/{run}/1"):
        house.buckets.put("data", name, b"a person")
    house.logs.written[f"atelier-test-{run}-train/algo-1"] = [LogLine(at=house.now, text="a.png")]
    house.executions.end(run, "SUCCEEDED")
    manifest = put_version(house.buckets, 1)
    house.packages.decisions[manifest.model_package] = ("Approved", "")
    assert house.call("DELETE", "/v1/styles/skirt").status == 204
    house.sweep()
    put_dataset(house.buckets, "skirt")
    house.delete()
    house.sweep()
    assert data.names(dataset_prefix("skirt")), "pictures that were brought afterwards"
    assert not data.names(f"runs/{run}/") + data.names(f"checkpoints/{run}/")
    assert not house.logs.written
    assert house.told_of()["status"] == "deleted"
    assert house.told_of()["counts"]["log_streams"] == 1
    assert "styles" not in house.told_of()["counts"]


def test_a_style_of_which_something_could_not_be_removed_is_not_said_to_be_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(house, consent=REFERENCE).body["id"]
    house.executions.end(run, "SUCCEEDED")

    with monkeypatch.context() as patched:
        patched.setattr(type(house.buckets.store("data")), "purge", refused)
        house.delete()
        for _ in range(3):
            with pytest.raises(ExceptionGroup):
                house.sweep(1)
            house.sweep_styles()
    assert house.told_of()["status"] == "deleting"
    house.buckets.put("data", f"runs/{run}/segment/a.png", b"a person")
    house.sweep()
    assert not house.buckets.store("data").names(f"runs/{run}/")
    assert [house.told_of()["status"], house.told_of()["counts"]["styles"]] == ["deleted", 1]


def test_nothing_is_begun_when_there_is_no_time(house: House) -> None:
    made = paint(house).body["id"]
    house.delete()
    house.now += 900
    erase_all(house.erasing(), lambda: False)
    assert f"prediction#{made}" in house.records.items
