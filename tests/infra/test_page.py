"""The page of a stage: who reads its bucket, what is cached and what is not, and that a key is in no page of AWS."""

import json
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra.application import add_stacks, feature_flags
from infra.components.distribution import content_security_policy
from infra.config import STAGES
from infra.settings.page import StagePage
from infra.settings.placement import Placement
from tests.infra.conftest import Synthesized


def behaviors(stage: Synthesized) -> dict[str, dict[str, Any]]:
    """By the pattern of their paths."""
    config = stage.one("AWS::CloudFront::Distribution")["DistributionConfig"]
    return {"*": config["DefaultCacheBehavior"], **{each["PathPattern"]: each for each in config["CacheBehaviors"]}}


def test_the_api_and_what_the_page_is_told_are_never_cached(stage: Synthesized) -> None:
    found = behaviors(stage)
    disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert {path for path, each in found.items() if each["CachePolicyId"] == disabled} == {"v1/*", "config.json"}
    assert set(found) == {"*", "v1/*", "config.json"}
    assert all(each["ViewerProtocolPolicy"] == "redirect-to-https" for each in found.values())


def test_the_api_hears_every_method_and_header_but_the_host(stage: Synthesized) -> None:
    api = behaviors(stage)["v1/*"]
    assert set(api["AllowedMethods"]) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}
    assert api["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    origins = stage.one("AWS::CloudFront::Distribution")["DistributionConfig"]["Origins"]
    (origin,) = [each for each in origins if each["Id"] == api["TargetOriginId"]]
    assert origin["OriginPath"] == "/live"
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    (rest_api,) = stage.resources("AWS::ApiGateway::RestApi")
    assert {"Ref": rest_api} in origin["DomainName"]["Fn::Join"][1]


def test_only_this_distribution_reads_the_bucket(stage: Synthesized) -> None:
    (policy,) = [
        each["Properties"]["PolicyDocument"]["Statement"]
        for name, each in stage.resources("AWS::S3::BucketPolicy").items()
        if name.startswith("PageFiles")
    ]
    allowed = [each for each in policy if each["Effect"] == "Allow"]
    (distribution,) = stage.resources("AWS::CloudFront::Distribution")
    assert {each["Action"] for each in allowed} == {"s3:GetObject", "s3:ListBucket"}
    for each in allowed:
        assert each["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert {"Ref": distribution} in each["Condition"]["StringEquals"]["AWS:SourceArn"]["Fn::Join"][1]


def test_every_behavior_sends_the_headers_of_the_policy(stage: Synthesized) -> None:
    (policy,) = stage.resources("AWS::CloudFront::ResponseHeadersPolicy")
    assert all(each["ResponseHeadersPolicyId"] == {"Fn::GetAtt": [policy, "Id"]} for each in behaviors(stage).values())
    config = stage.one("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    assert all(each["Override"] is True for each in (*security.values(), *config["CustomHeadersConfig"]["Items"]))
    assert security.keys() >= {
        "ContentSecurityPolicy",
        "ContentTypeOptions",
        "ReferrerPolicy",
        "StrictTransportSecurity",
    }
    custom = {each["Header"]: each["Value"] for each in config["CustomHeadersConfig"]["Items"]}
    assert custom["permissions-policy"].startswith("camera=(self), microphone=()")


def test_the_content_policy_lets_scripts_and_styles_come_from_the_page_alone() -> None:
    rules = dict(rule.split(" ", 1) for rule in content_security_policy(["https://media.example"]).split("; "))
    assert rules["default-src"] == "'none'"
    assert (rules["script-src"], rules["style-src"]) == ("'self'", "'self'")
    assert rules["img-src"] == "'self' blob: data: https://media.example"
    assert rules["connect-src"] == "'self' https://media.example"
    assert "unsafe" not in str(rules)


def test_no_page_but_the_laptop_s_is_given_a_key(stage: Synthesized) -> None:
    page = stage.one("Custom::Page")
    assert ("KeyId" in page) == (stage.name == "local")
    config = json.dumps(page["Config"])
    assert r"\"key\":null" in config
    granted = json.dumps(list(stage.resources("AWS::IAM::Policy").values()))
    assert ("apigateway:GET" in granted) == (stage.name == "local")


def test_no_stage_of_aws_can_hand_a_key_over() -> None:
    with pytest.raises(ValueError, match=r"page\.hand_over_key: got true; allowed: False but in stage local"):
        replace(STAGES["dev"], page=StagePage(hand_over_key=True))


def test_a_signed_api_has_no_page() -> None:
    trial = STAGES["trial"]
    with pytest.raises(ValueError, match=r"stage\.page: got .*; allowed: None where the API is signed"):
        replace(trial, api=replace(trial.api, signed=True))


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_a_stage_has_no_page_where_cloudfront_serves_none(region: str) -> None:
    stage = STAGES["trial"].placed(Placement(region=region))
    assert stage.page is None
    template = Template.from_stack(add_stacks(App(context=feature_flags()), stage).api)
    assert not template.find_resources("AWS::CloudFront::Distribution")
    assert not template.find_resources("Custom::Page")
    assert STAGES["trial"].placed(Placement(region="eu-west-1")).page is not None


def test_a_deployment_says_where_the_page_is(stage: Synthesized) -> None:
    (distribution,) = stage.resources("AWS::CloudFront::Distribution")
    outputs = stage.templates["Api"]["Outputs"]
    assert outputs["PageDistributionId"]["Value"] == {"Ref": distribution}
    assert {"Fn::GetAtt": [distribution, "DomainName"]} in outputs["PageUrl"]["Value"]["Fn::Join"][1]
