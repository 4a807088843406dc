"""Layers and tracing of functions: their configuration is the stage's, their packages are those of this Python."""

import json
from collections.abc import Iterator
from typing import Any

import pydantic
import pytest

from local.cloud import LocalCloud
from tests.integration import local_toy
from tests.integration.local_toy import allow, role

FUNCTION = """
import os
import pydantic


def handler(event, context):
    names = ("POWERTOOLS_TRACE_DISABLED", "_X_AMZN_TRACE_ID")
    return {"pydantic": pydantic.__file__, **{name: os.environ.get(name) for name in names}}
"""


def template() -> dict[str, Any]:
    """A traced function with a layer, allowed to send its traces."""
    function = local_toy.lambda_function("code", "functions.handler", "FunctionRole")
    function["Properties"] |= {"Layers": [{"Ref": "Packages"}], "TracingConfig": {"Mode": "Active"}}
    base = local_toy.base_template()
    base["Resources"] |= {
        "FunctionRole": role("lambda.amazonaws.com", [allow("xray:PutTraceSegments", "xray:PutTelemetryRecords")]),
        "Packages": {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {
                "Content": function["Properties"]["Code"] | {"S3Key": "layer"},
                "CompatibleRuntimes": ["python3.13"],
                "CompatibleArchitectures": ["arm64"],
            },
        },
        "Function": function,
    }
    base["Outputs"] |= {"Function": {"Value": {"Ref": "Function"}}, "Packages": {"Value": {"Ref": "Packages"}}}
    return base


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with the template above; the layer's pydantic cannot be imported here."""
    folder = tmp_path_factory.mktemp("layers")
    package = folder / "layer" / "python" / "pydantic"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('built for another processor')", encoding="utf-8")
    (folder / "code").mkdir()
    (folder / "code" / "functions.py").write_text(FUNCTION, encoding="utf-8")
    lambdas = {"code": folder / "code", "layer": folder / "layer"}
    with LocalCloud(folder / "run") as started:
        started.deploy(local_toy.write_assembly(folder / "out", {"Toy": template()}, lambdas=lambdas))
        yield started


@pytest.fixture(scope="module")
def answer(cloud: LocalCloud) -> dict[str, Any]:
    """What the function returns."""
    response = cloud.client("lambda").invoke(FunctionName=cloud.outputs("Toy")["Function"])
    content: dict[str, Any] = json.loads(response["Payload"].read())
    return content


def test_a_function_with_a_layer_imports_the_packages_of_this_python(answer: dict[str, Any]) -> None:
    assert answer.get("pydantic") == pydantic.__file__, answer


def test_the_layer_and_the_function_that_has_it_are_as_the_template_says(cloud: LocalCloud) -> None:
    lambdas, outputs = cloud.client("lambda"), cloud.outputs("Toy")
    configuration = lambdas.get_function_configuration(FunctionName=outputs["Function"])
    layer = lambdas.get_layer_version_by_arn(Arn=outputs["Packages"])

    assert [attached["Arn"] for attached in configuration["Layers"]] == [outputs["Packages"]]
    assert outputs["Packages"].startswith(f"arn:aws:lambda:us-east-1:{local_toy.ACCOUNT}:layer:")
    assert outputs["Packages"].endswith(":1")
    assert configuration["TracingConfig"] == {"Mode": "Active"}
    assert layer["CompatibleArchitectures"] == ["arm64"]
    assert layer["Content"]["CodeSize"] > 0


def test_a_traced_function_gets_a_trace_and_sends_none(answer: dict[str, Any]) -> None:
    assert answer["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert answer["POWERTOOLS_TRACE_DISABLED"] == "true"
