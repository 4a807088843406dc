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
        ("arn:aws:s3:::atelier-media/x (AccessDenied)", "s3://…/x (AccessDenied)"),
        ("no such bucket s3://atelier-media", "no such bucket s3://…"),
        ("https://atelier-media.s3.eu-west-1.amazonaws.com/x?a", "https://….s3.eu-west-1.amazonaws.com/…?a"),
        ("https://s3.amazonaws.com/atelier-media/x", "https://s3.amazonaws.com/…/x"),
        (
            "cannot pull 123456789012.dkr.ecr.us-east-1.amazonaws.com/atelier:1",
            "cannot pull ….dkr.ecr.us-east-1.amazonaws.com/…:1",
        ),
        ("arn:aws:ecr:us-east-1:123456789012:repository/cdk-123456789012-us", "repository/cdk-…-us"),
        ("got 5511ef635281234567890128f8; 1234567890123 bytes", "got 5511ef635281234567890128f8; 1234567890123 bytes"),
        ("Endpoint x of account 123456789012 not found", "Endpoint x of account … not found"),
        ("a plain reason: 500 at 12:30", "a plain reason: 500 at 12:30"),
    ],
)
def test_names_of_the_account_are_left_out(text: str, told: str) -> None:
    assert discreet(text, "") == told
    assert discreet({"errors": [{"got": text, "n": 1}]}, "") == {"errors": [{"got": told, "n": 1}]}
    assert discreet(text, f"what I sent: {text}") == text
