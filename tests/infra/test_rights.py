"""The page of rights and keys: it says what the templates of prod are now."""

import json
from dataclasses import replace

import pytest

from docs.rights import PAGE, page
from infra.gate.assembly import Assembly
from tests.infra.conftest import Synthesized


def changed(assembly: Assembly, old: str, new: str) -> Assembly:
    """The assembly with one text in its templates replaced, wherever it is."""
    text = json.dumps(assembly.templates)
    assert old in text
    return replace(assembly, templates=json.loads(text.replace(old, new)))


def test_the_page_is_what_make_docs_writes(prod: Synthesized) -> None:
    assert page(prod.assembly) == PAGE.read_text(encoding="utf-8"), "run `make docs` and commit what it writes"


def test_a_right_that_a_role_gets_is_on_the_page(prod: Synthesized) -> None:
    assert "states:DeleteStateMachine" not in PAGE.read_text(encoding="utf-8")
    wider = changed(
        prod.assembly, '["states:ListExecutions",', '["states:DeleteStateMachine", "states:ListExecutions",'
    )
    assert "- `states:DeleteStateMachine`, `states:ListExecutions`: the state machine Workflow" in page(wider)


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('"SSEAlgorithm": "AES256"', '"SSEAlgorithm": "none"', "got no key; allowed: the stage's"),
        ('"Effect": "Allow", "Resource": "*"', '"Effect": "Deny", "Resource": "*"', "allowed: statements that allow"),
    ],
)
def test_what_the_page_has_no_words_for_is_refused(prod: Synthesized, old: str, new: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        page(changed(prod.assembly, old, new))
