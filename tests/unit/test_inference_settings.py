"""The server's environment, and the log's lines."""

import contextvars
import json
import logging
from pathlib import Path

import pytest

from atelier_inference.journal import JsonLines, keep_private, take_over_libraries
from atelier_inference.settings import Settings
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri
from contracts.safety.rules import SafetyRules


def test_an_empty_environment_is_sagemakers_own_layout() -> None:
    assert Settings.from_environment({}) == Settings(
        model=Path("/opt/ml/model"),
        port=8080,
        host="0.0.0.0",
        adapter_mib=1_024,
        host_adapter_mib=2_048,
    )


def test_every_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "ATELIER_ML_ROOT": "/somewhere",
            "SAGEMAKER_BIND_TO_PORT": "9000",
            "ATELIER_HOST": "127.0.0.1",
            "ATELIER_SEGMENTER_URI": "s3://model/base/clipseg@1/",
            "ATELIER_UPSCALER_URI": "s3://model/base/upscaler@1/",
            "ATELIER_STYLES_URI": "s3://model/styles/",
            "ATELIER_UPLOADS_URI": "s3://media/uploads/",
            "ATELIER_REQUESTS_URI": "s3://media/requests/",
            "ATELIER_PROGRESS_URI": "s3://media/progress/",
            "ATELIER_SERVICE": "atelier-dev",
            "ATELIER_SAFETY": '{"sells": ["swimwear"]}',
            "ATELIER_PIXELS_PER_SECOND": "80000",
            "ATELIER_TILE_PIXELS_PER_SECOND": "30000",
            "ATELIER_REAL_TIME": "true",
            "ATELIER_DISCLOSURE": '{"en": "AI made it."}',
            "ATELIER_ADAPTER_MIB": "70",
            "ATELIER_HOST_ADAPTER_MIB": "700",
            "ATELIER_SIGNING_KEY": "arn:aws:kms:eu-west-1:1:key/k",
            "ATELIER_CERTIFICATES_URI": "s3://model/certificates/",
            "ATELIER_PROMPT_IN_PICTURES": "true",
            "ATELIER_MARK_KEY": "arn:aws:kms:eu-west-1:1:key/m",
        }
    )
    assert settings == Settings(
        model=Path("/somewhere/model"),
        port=9000,
        host="127.0.0.1",
        segmenter=S3Uri(bucket="model", key="base/clipseg@1/"),
        upscaler=S3Uri(bucket="model", key="base/upscaler@1/"),
        styles=S3Uri(bucket="model", key="styles/"),
        uploads=S3Uri(bucket="media", key="uploads/"),
        requests=S3Uri(bucket="media", key="requests/"),
        progress=S3Uri(bucket="media", key="progress/"),
        service="atelier-dev",
        disclosure={"en": "AI made it."},
        safety=SafetyRules(sells=("swimwear",)),
        pixels_per_second=80_000,
        tile_pixels_per_second=30_000,
        real_time=True,
        adapter_mib=70,
        host_adapter_mib=700,
        signing_key="arn:aws:kms:eu-west-1:1:key/k",
        certificates=S3Uri(bucket="model", key="certificates/"),
        prompt_in_pictures=True,
        mark_key="arn:aws:kms:eu-west-1:1:key/m",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAGEMAKER_BIND_TO_PORT", "http"),
        ("SAGEMAKER_BIND_TO_PORT", "70000"),
        ("ATELIER_HOST", "localhost"),
        ("ATELIER_ADAPTER_MIB", "15"),
        ("ATELIER_HOST_ADAPTER_MIB", "-1"),
        ("ATELIER_UPSCALER_URI", "s3://model/base/upscaler"),
        ("ATELIER_STYLES_URI", "/styles/"),
        ("ATELIER_UPLOADS_URI", "s3://media/uploads"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidInputError, match=name):
        Settings.from_environment({name: value})


def test_a_log_line_is_one_json_object_with_its_fields_and_its_traceback() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        record = logging.LogRecord(
            "a", logging.ERROR, "f", 1, "it %s", ("broke",), (ValueError, error, error.__traceback__)
        )
    record.__dict__["fields"] = {"status": 500}
    text = JsonLines().format(record)
    line = json.loads(text)
    assert "\n" not in text
    assert (line["level"], line["message"], line["status"]) == ("ERROR", "it broke", 500)
    assert "ValueError: two" in line["traceback"]


WORDS = 'a "red" skirt\nin rain'


def test_what_a_request_says_is_left_out_of_the_log_while_it_is_answered() -> None:
    def line() -> str:
        try:
            raise ValueError({"prompt": WORDS})
        except ValueError as error:
            failure = ValueError, error, error.__traceback__
        return JsonLines().format(logging.LogRecord("a", logging.ERROR, "f", 1, "no %s", (WORDS,), failure))

    def answering() -> str:
        keep_private([WORDS, "", "no"])
        return line()

    private = contextvars.copy_context().run(answering)
    assert "skirt" not in private
    assert json.loads(private)["message"] == "no …"
    assert "ValueError" in private
    assert "skirt" in line()


def test_libraries_that_quote_prompts_in_warnings_write_errors_only_and_into_our_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    library = logging.getLogger("diffusers")
    kept = library.handlers[:], library.propagate, library.level
    try:
        take_over_libraries()
        logging.getLogger("diffusers.pipelines").warning("was truncated: a red skirt")
        logging.getLogger("diffusers.pipelines").error("an error")
    finally:
        library.handlers[:], library.propagate, library.level = kept
    assert caplog.messages == ["an error"]
