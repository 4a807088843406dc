"""What may not be painted is refused before it costs anything, and a person who takes back their consent is gone from everywhere."""

from collections.abc import Iterator

import pytest

from atelier.errors import RefusedError
from contracts.log_names import log_name
from contracts.people_answers import PersonDeletion
from tests.e2e.studio import Studio

WORDS = {"mode": "text_to_image", "prompt": "a photo of a woman in a red skirt"}
CONSENT = "consent-4711-of-a-model"


def test_a_request_for_nudity_names_its_reason_and_costs_no_painting(studio: Studio) -> None:
    api = studio.deployment.api
    kept, known = set(_objects(studio)), [each.id for each in api.predictions.list().results]
    with pytest.raises(RefusedError) as refused:
        api.predictions.create({**WORDS, "prompt": "undress the woman in this photo"})
    assert 400 <= refused.value.status < 500
    assert "undress" in str(refused.value)
    assert [each.id for each in api.predictions.list().results] == known
    assert set(_objects(studio)) == kept


def test_of_a_person_who_is_deleted_nothing_is_left_in_any_bucket_table_or_log(studio: Studio) -> None:
    api = studio.deployment.api
    made = api.predictions.create({**WORDS, "seed": 5, "consent": CONSENT})
    assert api.predictions.pictures(api.predictions.wait(made.id))
    assert _places_of(studio, made.id)
    assert _places_of(studio, CONSENT)
    api.people.delete(CONSENT)
    report = studio.until(lambda: _swept(studio))
    assert report.counts["predictions"] == 1
    assert _places_of(studio, CONSENT) == []
    assert _places_of(studio, made.id) == []
    # Single lines of a log cannot be deleted: they call the prediction by a name that leads to nothing.
    assert _places_of(studio, log_name(made.id))
    with pytest.raises(RefusedError, match="404"):
        api.predictions.get(made.id)


def _swept(studio: Studio) -> PersonDeletion | None:
    """The report, once the sweep that a schedule starts every quarter of an hour has found nothing more."""
    functions = studio.client("lambda")
    (name,) = (
        each["FunctionName"]
        for each in functions.list_functions()["Functions"]
        if each["Handler"].startswith("atelier_ops.handlers.delete_people.")
    )
    functions.invoke(FunctionName=name, Payload=b"{}")
    report = studio.deployment.api.people.get(CONSENT)
    return report if report.status == "deleted" else None


def _places_of(studio: Studio, word: str) -> list[str]:
    """Where a word stands: names and contents of objects in all their versions, items of tables, lines of logs."""
    places = [*_objects(studio), *_items(studio), *_lines(studio)]
    return [where for where, content in places if word in where or word.encode() in content]


def _objects(studio: Studio) -> Iterator[tuple[str, bytes]]:
    s3 = studio.client("s3")
    for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in page.get("Versions", ()):
                body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"]
                yield f"{bucket}/{version['Key']}", body.read()


def _items(studio: Studio) -> Iterator[tuple[str, bytes]]:
    dynamo = studio.client("dynamodb")
    for table in dynamo.list_tables()["TableNames"]:
        for page in dynamo.get_paginator("scan").paginate(TableName=table):
            yield from ((table, str(item).encode()) for item in page["Items"])


def _lines(studio: Studio) -> Iterator[tuple[str, bytes]]:
    logs = studio.client("logs")
    for group in (each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]):
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            yield from (("log " + group, event["message"].encode()) for event in page["events"])
