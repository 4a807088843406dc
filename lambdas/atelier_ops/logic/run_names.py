"""What a run that the API starts is called."""

_DIGITS = 12


def run_name(kind: str, drawn: str) -> str:
    """``training-`` or ``evaluation-`` and 12 hexadecimal digits of an id.

    A letter is among them: without one they look like an account's number, which is left out of what clients are told (discretion.py).
    Neither the style nor the person in its pictures is in it: Step Functions' log and SageMaker's list of jobs keep a run's name after both
    are deleted (docs/adr/0042).
    """
    digits = drawn[:_DIGITS]
    return f"{kind}-{'a' + digits[1:] if digits.isdecimal() else digits}"
