"""List operations filter by the members of the listed kind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.sagemaker.listing import list_records
from local.sagemaker.model_check import ApiModel

START = datetime(2026, 1, 1, tzinfo=UTC)
RECORDS: list[dict[str, Any]] = [
    {
        "EndpointArn": f"arn:{name}",
        "EndpointName": name,
        "EndpointConfigName": "shared",
        "EndpointStatus": status,
        "CreationTime": START + timedelta(hours=hours),
    }
    for hours, (name, status) in enumerate([("first", "Failed"), ("second", "InService"), ("third", "InService")])
]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, ["third", "second", "first"]),
        ({"SortOrder": "Ascending"}, ["first", "second", "third"]),
        ({"NameContains": "ir"}, ["third", "first"]),
        ({"NameContains": "shared"}, []),
        ({"StatusEquals": "Failed"}, ["first"]),
        ({"CreationTimeAfter": START}, ["third", "second"]),
        ({"CreationTimeBefore": (START + timedelta(hours=1)).timestamp()}, ["first"]),
    ],
)
def test_a_filter_reads_the_endpoint_s_own_members(params: dict[str, Any], names: list[str]) -> None:
    answer = list_records(ApiModel("sagemaker").operation("ListEndpoints"), "Endpoint", RECORDS, params)

    assert [summary["EndpointName"] for summary in answer["Endpoints"]] == names


def test_pages_follow_each_other() -> None:
    operation = ApiModel("sagemaker").operation("ListEndpoints")
    first = list_records(operation, "Endpoint", RECORDS, {"MaxResults": 2})
    rest = list_records(operation, "Endpoint", RECORDS, {"MaxResults": 2, "NextToken": first["NextToken"]})

    assert [len(page["Endpoints"]) for page in (first, rest)] == [2, 1]
    assert "NextToken" not in rest
