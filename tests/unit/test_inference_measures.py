"""The model server's metrics: CloudWatch's embedded format, bounded in lines and dimensions, without a word of a request."""

import json
import logging
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from atelier_inference.measures import MEASURES, MOST_VALUES, STAGES, Measure, Measures
from atelier_inference.remembering import Remembered
from infra.gate.published import OURS

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Dimensions": {"type": "array", "items": {"type": "array", "maxItems": 30}},
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {"Unit": {"enum": ["Seconds", "Count"]}},
                                },
                            },
                        },
                    },
                },
            },
        }
    },
}


def written(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines, each checked to be of the format."""
    found = [record.__dict__["fields"] for record in caplog.records if record.getMessage() == "metrics"]
    for line in found:
        jsonschema.validate(json.loads(json.dumps(line)), SCHEMA)
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], directive["Dimensions"], line["service"]) == (OURS, [["service"]], "atelier-x")
        names = [metric["Name"] for metric in directive["Metrics"]]
        assert set(names) == set(line) - {"_aws", "service"}
        assert set(names) <= set(get_args(Measure))
        assert all(1 <= len(line[name]) <= MOST_VALUES for name in names)
    return found


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="atelier_inference.measures")


def test_values_are_kept_until_they_are_written_and_counts_are_sums(caplog: pytest.LogCaptureFixture) -> None:
    measures = Measures("atelier-x")
    for rows in (2, 8):
        measures.add("CallRows", rows)
        measures.count("RequestsAnswered")
    assert written(caplog) == []
    measures.write()
    measures.write()
    (line,) = written(caplog)
    assert (line["CallRows"], line["RequestsAnswered"]) == ([2, 8], [2.0])


def test_a_line_holds_no_more_values_than_the_format_allows(caplog: pytest.LogCaptureFixture) -> None:
    measures = Measures("atelier-x")
    for number in range(2 * MOST_VALUES + 1):
        measures.add("PaintSeconds", number)
    assert [len(line["PaintSeconds"]) for line in written(caplog)] == [MOST_VALUES] * 2


def test_without_a_service_nothing_is_kept_or_written(caplog: pytest.LogCaptureFixture) -> None:
    measures = Measures()
    for _ in range(2 * MOST_VALUES):
        measures.add("CallRows", 1)
        measures.count("CacheHits")
    measures.write()
    assert written(caplog) == []


def test_what_is_remembered_is_counted(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MEASURES, "service", "atelier-x")
    remembered = Remembered(100)
    for key in "aba":
        remembered.get(key, lambda: 1, lambda _: 1)
    MEASURES.write()
    assert [(line["CacheHits"], line["CacheMisses"]) for line in written(caplog)] == [([1.0], [2.0])]


def test_the_metrics_of_the_page_are_those_that_are_written_somewhere(root: Path) -> None:
    page = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| metric of the model server |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([A-Z]\w+)`", table)) == set(get_args(Measure))
    sources = [path.read_text(encoding="utf-8") for path in (root / "inference").rglob("*.py")]
    used = set(re.findall(r'"([A-Z]\w+)"', "".join(text for text in sources if "MEASURES" in text)))
    assert set(get_args(Measure)) <= used | set(STAGES.values())
