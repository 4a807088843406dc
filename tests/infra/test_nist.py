"""The report on NIST 800-53: the page says what the templates of prod are now, with a reason for each open rule."""

import pytest

from docs.nist import ACCEPTED, PAGE, findings, page
from tests.infra.conftest import Synthesized


def test_the_page_is_what_make_docs_writes(prod: Synthesized) -> None:
    assert page(findings(prod.stacks.storage.node.root)) == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("changed", [{"NewRule": ["Api/Rest"]}, {"IAMNoInlinePolicy": None}])
def test_a_finding_without_a_reason_and_a_reason_without_a_finding_are_refused(changed: dict[str, list[str]]) -> None:
    found = {rule: ["Api/Rest"] for rule in ACCEPTED} | changed
    (name,) = changed
    with pytest.raises(ValueError, match=name):
        page({rule: paths for rule, paths in found.items() if paths})
