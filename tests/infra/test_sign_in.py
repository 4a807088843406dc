"""A stage whose people sign in: nobody signs up, codes go to the page alone, and the authorizer knows the pool and its one client."""

import json
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra.application import add_stacks, feature_flags
from infra.config import STAGES
from infra.nag import findings
from infra.settings.page import SignIn, StagePage


@pytest.fixture(scope="module")
def signed() -> Template:
    """The API's stack of ``trial`` with sign-in; cdk-nag has nothing to say of it."""
    app = App(context=feature_flags())
    page = StagePage(sign_in=SignIn(domain="studio-example"))
    stacks = add_stacks(app, replace(STAGES["trial"], page=page))
    template = Template.from_stack(stacks.api)
    assert [violation.rule_name for violation in findings(stacks.api)] == []
    return template


def one(template: Template, kind: str) -> dict[str, Any]:
    (found,) = template.find_resources(kind).values()
    return dict(found["Properties"])


def authorizer(template: Template) -> dict[str, Any]:
    functions = template.find_resources("AWS::Lambda::Function").values()
    (found,) = [each["Properties"] for each in functions if "authorize" in each["Properties"]["Handler"]]
    return dict(found)


def test_nobody_signs_up_by_themselves(signed: Template) -> None:
    pool = one(signed, "AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 12


def test_codes_go_to_the_page_alone_and_the_client_has_no_secret(signed: Template) -> None:
    client = one(signed, "AWS::Cognito::UserPoolClient")
    (distribution,) = signed.find_resources("AWS::CloudFront::Distribution")
    page = {"Fn::Join": ["", ["https://", {"Fn::GetAtt": [distribution, "DomainName"]}, "/"]]}
    assert (client["AllowedOAuthFlows"], client["GenerateSecret"]) == (["code"], False)
    assert (client["CallbackURLs"], client["LogoutURLs"]) == ([page], [page])
    assert one(signed, "AWS::Cognito::UserPoolDomain")["ManagedLoginVersion"] == 2


def test_the_authorizer_knows_the_pool_its_client_and_the_page_s_key(signed: Template) -> None:
    found = authorizer(signed)
    assert found["Handler"] == "atelier_ops.handlers.authorize_people.handler"
    variables = found["Environment"]["Variables"]
    (pool,), (client,) = (signed.find_resources(f"AWS::Cognito::{kind}") for kind in ("UserPool", "UserPoolClient"))
    assert variables["CLIENT_ID"] == {"Ref": client}
    assert {"Ref": pool} in variables["ISSUER"]["Fn::Join"][1]
    granted = json.dumps(list(signed.find_resources("AWS::IAM::Policy").values()))
    assert granted.count("apigateway:GET") == 1
    # The page's key is counted by the plan as a client's is, and is nobody's by name.
    assert len(signed.find_resources("AWS::ApiGateway::UsagePlanKey")) == 2
    assert variables["PAGE_KEY_ID"]["Ref"] not in json.dumps(one(signed, "Custom::Page"))


def test_the_page_is_told_where_and_may_talk_to_the_login(signed: Template) -> None:
    config = json.dumps(one(signed, "Custom::Page")["Config"])
    assert "studio-example.auth." in config
    policy = json.dumps(one(signed, "AWS::CloudFront::ResponseHeadersPolicy"))
    assert policy.count("https://studio-example.auth.") == 1


def test_a_stage_without_sign_in_has_no_pool() -> None:
    template = Template.from_stack(add_stacks(App(context=feature_flags()), STAGES["trial"]).api)
    assert not template.find_resources("AWS::Cognito::UserPool")
    assert authorizer(template)["Handler"] == "atelier_ops.handlers.authorize.handler"


@pytest.mark.parametrize("domain", ["", "Studio", "-studio", "studio-", "my-aws-studio", "a.b", "s" * 64])
def test_a_domain_is_one_that_cognito_takes(domain: str) -> None:
    with pytest.raises(ValueError, match=r"sign_in\.domain: got "):
        SignIn(domain=domain)


def test_a_laptop_s_page_signs_nobody_in_and_hands_its_key_over() -> None:
    with pytest.raises(ValueError, match=r"page\.hand_over_key: got true; allowed: False where people sign in"):
        StagePage(hand_over_key=True, sign_in=SignIn(domain="studio-example"))
