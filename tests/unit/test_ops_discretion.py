"""What a client is told of names that are the account's own."""

import pytest

from atelier_ops.logic.discretion import discreet

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-coat/1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nothing at s3://atelier-media/uploads/1/a.png", "nothing at s3://…/uploads/1/a.png"),
        (
            "Unable to download from s3://b.c-1/requests/1.json: 404",
            "Unable to download from s3://…/requests/1.json: 404",
        ),
        (
            f"one that is approved, and {ARN}, which is not",
            "one that is approved, and model-package/atelier-coat/1, which is not",
        ),
        ("arn:aws:s3:::atelier-media/x (AccessDenied)", "atelier-media/x (AccessDenied)"),
        ("Endpoint x of account 123456789012 not found", "Endpoint x of account … not found"),
        ("a plain reason: 500 at 12:30", "a plain reason: 500 at 12:30"),
    ],
)
def test_names_of_the_account_are_left_out(text: str, told: str) -> None:
    assert discreet(text, "") == told
    assert discreet({"errors": [{"got": text, "n": 1}]}, "") == {"errors": [{"got": told, "n": 1}]}
    assert discreet(text, f"what I sent: {text}") == text
