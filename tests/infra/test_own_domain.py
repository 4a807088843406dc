"""A page at a name of one's own: the distribution answers to it with its certificate, and whatever knows the page's address says it."""

import json
from dataclasses import replace

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra.application import add_stacks, feature_flags
from infra.config import STAGES
from infra.nag import findings
from infra.settings.page import OwnDomain, SignIn, StagePage

CERTIFICATE = f"arn:aws:acm:us-east-1:{'1' * 12}:certificate/12345678-1234-1234-1234-123456789012"
OWN = OwnDomain(name="studio.example.org", certificate=CERTIFICATE)


@pytest.fixture(scope="module")
def named() -> Template:
    """The API's stack of ``trial`` with a name of its own and sign-in; cdk-nag has nothing to say of it."""
    page = StagePage(own_domain=OWN, sign_in=SignIn(domain="studio-example"))
    stacks = add_stacks(App(context=feature_flags()), replace(STAGES["trial"], page=page))
    template = Template.from_stack(stacks.api)
    assert [violation.rule_name for violation in findings(stacks.api)] == []
    return template


def test_the_distribution_answers_to_the_name_with_a_certificate_and_no_old_tls(named: Template) -> None:
    (distribution,) = named.find_resources("AWS::CloudFront::Distribution").values()
    config = distribution["Properties"]["DistributionConfig"]
    assert config["Aliases"] == ["studio.example.org"]
    assert config["ViewerCertificate"] == {
        "AcmCertificateArn": CERTIFICATE,
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }


def test_people_come_back_to_the_name_and_its_owner_is_told_where_to_point_it(named: Template) -> None:
    (client,) = named.find_resources("AWS::Cognito::UserPoolClient").values()
    assert client["Properties"]["CallbackURLs"] == ["https://studio.example.org/"]
    assert client["Properties"]["LogoutURLs"] == ["https://studio.example.org/"]
    outputs = named.to_json()["Outputs"]
    assert outputs["PageUrl"]["Value"] == "https://studio.example.org/"
    (distribution,) = named.find_resources("AWS::CloudFront::Distribution")
    assert outputs["PageTarget"]["Value"] == {"Fn::GetAtt": [distribution, "DomainName"]}


def test_buckets_let_the_page_of_that_name_put_and_get() -> None:
    page = StagePage(own_domain=OWN)
    stacks = add_stacks(App(context=feature_flags()), replace(STAGES["trial"], page=page))
    buckets = json.dumps(Template.from_stack(stacks.storage).find_resources("AWS::S3::Bucket"))
    assert "https://studio.example.org" in buckets


def test_a_page_without_one_has_cloudfront_s_name_alone() -> None:
    template = Template.from_stack(add_stacks(App(context=feature_flags()), STAGES["trial"]).api)
    (distribution,) = template.find_resources("AWS::CloudFront::Distribution").values()
    assert "Aliases" not in distribution["Properties"]["DistributionConfig"]
    assert "PageTarget" not in template.to_json()["Outputs"]


@pytest.mark.parametrize(
    "name", ["", "studio", "Studio.example.org", "https://studio.example.org", "a..b", "-a.example.org"]
)
def test_a_name_is_one_of_dns(name: str) -> None:
    with pytest.raises(ValueError, match=r"own_domain\.name: got "):
        OwnDomain(name=name, certificate=CERTIFICATE)


@pytest.mark.parametrize("certificate", ["", CERTIFICATE.replace("us-east-1", "eu-west-1"), "12345678"])
def test_a_certificate_is_one_that_cloudfront_finds(certificate: str) -> None:
    with pytest.raises(ValueError, match=r"own_domain\.certificate: got .*; allowed: arn:aws:acm:us-east-1:"):
        OwnDomain(name="studio.example.org", certificate=certificate)
