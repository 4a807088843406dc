"""What is said of the page's costs, before anything is made."""

from dataclasses import replace

from infra.config import STAGES
from infra.costs import report
from infra.settings.page import SignIn, StagePage

TRIAL = STAGES["trial"]


def test_a_page_is_said_to_be_free_as_far_as_it_is_and_what_comes_then() -> None:
    said = report(TRIAL)
    assert "free up to 10,000,000 requests (166,666 first visits) and 1,000 GB a month in the account" in said
    assert "then $0.01 for 10,000 requests and $0.085 a GB" in said
    assert "1 distribution, 1 origin access control and 1 response headers policy of the account: new" in said
    assert "signing in" not in said


def test_people_who_sign_in_are_counted() -> None:
    said = report(replace(TRIAL, page=StagePage(sign_in=SignIn(domain="studio-example"))))
    assert "signing in        free up to 10,000 people a month in the account, then $0.015 a person" in said
    assert "Cognito: 1 user pool of the region" in said


def test_a_stage_without_a_page_pays_for_none() -> None:
    said = report(replace(TRIAL, page=None))
    assert "CloudFront" not in said
    assert "the page" not in said
