"""What may not be painted is refused before it costs anything, and a person who takes back their consent is gone from everywhere."""

from collections.abc import Iterator

import pytest

from atelier.errors import RefusedError
from contracts.log_names import log_name
from contracts.people_answers import PersonDeletion
from tests.e2e.studio import FEW_STEPS, OPEN_GATE, Studio
from tests.e2e.twice import styled

WORDS = {"mode": "text_to_image", "prompt": "a photo of a woman in a red skirt"}
CONSENT = "consent-4711-of-a-model"
JOBS = tuple(f"log /aws/sagemaker/{kind}Jobs" for kind in ("Training", "Processing"))


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
    kept = _everything(studio)
    assert _places_of(made.id, kept)
    assert _places_of(CONSENT, kept)
    api.people.delete(CONSENT)
    report = studio.until(lambda: _swept(studio, CONSENT))
    assert report.counts["predictions"] == 1
    left = _everything(studio)
    assert _places_of(CONSENT, left) == []
    assert _places_of(made.id, left) == []
    # Single lines of a log cannot be deleted: they call the prediction by a name that leads to nothing.
    assert _places_of(log_name(made.id), left)
    with pytest.raises(RefusedError, match="404"):
        api.predictions.get(made.id)


def test_of_a_style_that_shows_a_person_who_is_deleted_no_object_and_no_job_s_line_is_left(studio: Studio) -> None:
    api, style, consent = studio.deployment.api, "of-a-model", "consent-4712-of-another-model"
    given = {"dataset": studio.upload_by_name(style), "target": "a skirt", "hyperparameters": FEW_STEPS}
    made = api.trainings.create(style, {**given, "gate": OPEN_GATE, "baseline": "none", "consent": consent})
    studio.wait(studio.execution(made.id))
    assert styled(studio, version=style, consent=consent)
    assert len(studio.published(style)) > 1
    told = _places_of(made.id, _everything(studio))
    assert all(any(place.startswith(group) for place in told) for group in JOBS)
    api.people.delete(consent)
    report = studio.until(lambda: _swept(studio, consent))
    assert [report.counts[name] for name in ("predictions", "styles", "versions", "runs")] == [1, 1, 1, 1]
    left = _everything(studio)
    assert _places_of(consent, left) == []
    assert not [place for place in _places_of(made.id, left) if not place.startswith("log /aws/")]
    assert not [place for place in _places_of(made.id, left) if place.startswith(JOBS)]
    assert not [place for place in _places_of(style, left) if place.startswith(JOBS)]
    # Whose the name of the style is stays, so that nobody else is told of its trainings.
    assert [place for place in _places_of(style, left) if not place.startswith("log /aws/")] == [_table(studio)]


def _table(studio: Studio) -> str:
    (name,) = studio.client("dynamodb").list_tables()["TableNames"]
    return str(name)


def _swept(studio: Studio, consent: str) -> PersonDeletion | None:
    """The report, once the sweeps that a schedule starts every quarter of an hour have found nothing more."""
    functions = studio.client("lambda")
    for each in functions.list_functions()["Functions"]:
        if each["Handler"].startswith(("atelier_ops.handlers.delete_styles.", "atelier_ops.handlers.delete_people.")):
            functions.invoke(FunctionName=each["FunctionName"], Payload=b"{}")
    report = studio.deployment.api.people.get(consent)
    return report if report.status == "deleted" else None


def _everything(studio: Studio) -> list[tuple[str, bytes]]:
    """All that is kept: names and contents of objects in all their versions, items of tables, lines of logs."""
    return [*_objects(studio), *_items(studio), *_lines(studio)]


def _places_of(word: str, kept: list[tuple[str, bytes]]) -> list[str]:
    """Where a word stands in what is kept."""
    return [where for where, content in kept if word in where or word.encode() in content]


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
            yield from ((f"log {group} {each['logStreamName']}", each["message"].encode()) for each in page["events"])
