"""A handler's settings: its environment, read once, with an error that names every variable that is wrong."""

import pytest

from contracts.errors import InvalidInputError
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    bucket_name: str
    seconds: int
    models: tuple[str, ...]


GOOD = {"BUCKET_NAME": "b", "SECONDS": "60", "MODELS": "a@1, b@2,"}


def test_fields_are_variables_in_capitals() -> None:
    read = Settings.from_environment({**GOOD, "OTHER": "x"})
    assert read == Settings(bucket_name="b", seconds=60, models=("a@1", "b@2"))


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_or_empty_variable_is_named(name: str, value: str | None) -> None:
    environment = {key: text for key, text in {**GOOD, name: value}.items() if text is not None}
    with pytest.raises(InvalidInputError, match=f"environment variable {name}: got nothing"):
        Settings.from_environment(environment)


def test_a_number_must_be_one() -> None:
    assert Settings.from_environment({**GOOD, "SECONDS": "-5"}).seconds == -5
    for value in ("soon", "--5", "²", "9" * 5_000):
        with pytest.raises(InvalidInputError, match=r"SECONDS: got .*; allowed: an integer"):
            Settings.from_environment({**GOOD, "SECONDS": value})


def test_every_variable_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Settings.from_environment({"SECONDS": "1.5"})
    assert [problem.what for problem in caught.value.problems] == [
        f"environment variable {name}" for name in ("BUCKET_NAME", "SECONDS", "MODELS")
    ]
