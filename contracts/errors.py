"""The one error that bad input ends in, wherever it is noticed."""


class InvalidInputError(ValueError):
    """Input that can never succeed: says what was wrong, what was got, and what is allowed. Never retried."""

    def __init__(self, what: str, *, got: object, allowed: str) -> None:
        self.what = what
        self.got = got
        self.allowed = allowed
        super().__init__(f"{what}: got {_short(got)}; allowed: {allowed}")


def _short(value: object, limit: int = 120) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
