"""What runs are called: a name that nothing takes for what a client is not told."""

from hypothesis import given
from hypothesis import strategies as st

from atelier_ops.logic.discretion import discreet
from atelier_ops.logic.run_names import run_name


@given(st.text("0123456789", min_size=26, max_size=26) | st.text("0123456789abcdef", min_size=26, max_size=26))
def test_no_run_is_called_by_what_looks_like_an_accounts_number(drawn: str) -> None:
    text = f"training: got {run_name('training', drawn)}, which runs"
    assert discreet(text, "") == text


def test_a_name_is_what_it_does_and_the_beginning_of_the_id() -> None:
    assert run_name("training", "b04632d2b264f68f60e2e9f4f6") == "training-b04632d2b264"
    assert run_name("evaluation", "33472822764212345678901234") == "evaluation-a34728227642"
