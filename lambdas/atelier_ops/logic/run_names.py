"""What a run that the API starts is called."""

_DIGITS = 12


def run_name(style: str, drawn: str) -> str:
    """``{style}-`` and 12 hexadecimal digits of an id, a letter among them: without one they look like an account's number.

    What looks so is left out of what clients are told (discretion.py).
    """
    digits = drawn[:_DIGITS]
    return f"{style}-{'a' + digits[1:] if digits.isdecimal() else digits}"
