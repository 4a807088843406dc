"""A handler's settings: its environment, read once, with an error that names the variable."""

from dataclasses import dataclass

import pytest

from atelier_ops.settings import read_settings
from contracts.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class Settings:
    bucket_name: str
    seconds: int
    models: tuple[str, ...]


GOOD = {"BUCKET_NAME": "b", "SECONDS": "60", "MODELS": "a@1, b@2,"}


def test_fields_are_variables_in_capitals() -> None:
    assert read_settings(Settings, GOOD) == Settings(bucket_name="b", seconds=60, models=("a@1", "b@2"))


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_or_empty_variable_is_named(name: str, value: str | None) -> None:
    environment = {key: text for key, text in {**GOOD, name: value}.items() if text is not None}
    with pytest.raises(InvalidInputError, match=f"environment variable {name}"):
        read_settings(Settings, environment)


def test_a_number_must_be_one() -> None:
    with pytest.raises(InvalidInputError, match="SECONDS: got 'soon'"):
        read_settings(Settings, {**GOOD, "SECONDS": "soon"})
