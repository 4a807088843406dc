"""Consent: by which reference a client calls what the person in a picture has agreed to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from contracts.declarations import about, text
from contracts.errors import Problem
from contracts.modes import MODES

if TYPE_CHECKING:
    from contracts.prediction import PredictionInput

CONSENT_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{2,63}"
"""No @ and no space: a reference is no e-mail address and no name. It goes into the paths of requests as it is. Not so short that it
could not be left out of a log without tearing words."""

CONSENT_RULE = "3 to 64 letters, digits, _, . and -, a letter or digit first; no name and no address of anybody"

Consent = Annotated[
    str,
    text(CONSENT_RULE, longest=64, pattern=CONSENT_PATTERN),
    about(
        "by which reference you keep what the person in the picture has agreed to; DELETE /v1/people/{consent} removes all that has it",
        examples=["release-2026-0417"],
    ),
]

ConsentRule = Literal["optional", "required"]
"""Whether a stage takes requests without a reference."""


def missing_consent(rule: ConsentRule, consent: str, where: str) -> Iterator[Problem]:
    """The problem of what shows a person and has no reference, where the stage demands one."""
    if rule == "required" and not consent:
        yield Problem(where, None, f"{CONSENT_RULE}: in this stage nothing is made of a person's picture without one")


def consent_of_picture(rule: ConsentRule, inputs: "PredictionInput", where: str) -> Iterator[Problem]:
    """The same of a prediction, which may show a person where it begins with a picture; of words alone nobody is asked."""
    if "image" in MODES[inputs.mode].needs:
        yield from missing_consent(rule, inputs.consent, where)
