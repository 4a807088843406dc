"""CloudFront in front of the page's files and the API: one address for both, and what browsers are told of it."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contracts.page import CONFIG, FILES, INDEX
from infra.components.access import ACCOUNT, PARTITION, REGION
from infra.components.attributes import bucket_arn
from infra.nag import accept
from infra.settings.page import OwnDomain

_CACHED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""AWS's own policy CachingOptimized: for as long as an object's Cache-Control says.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
"""

_NOT_CACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""AWS's own policy CachingDisabled."""

_ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's own policy AllViewerExceptHostHeader: API Gateway answers at its own host.

Where nothing is cached, it forwards ``Authorization`` too: https://repost.aws/knowledge-center/cloudfront-authorization-header
"""

_READING = ["GET", "HEAD"]
_ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
_YEAR = 365 * 24 * 3600

_PERMISSIONS = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"


class PageDistribution(Construct):
    """``domain`` answers with the files of ``bucket``, and below ``v1/`` with the API at ``api_host`` and ``api_path`` (``/live``).

    ``origins`` are other addresses that the page may talk to and show pictures of, ``login`` is where people sign in, if they do. ``name``
    is that of the two things of the account that CloudFormation wants a name for. ``target`` is where the name of ``own_domain`` leads to.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        bucket: s3.Bucket,
        api_host: str,
        api_path: str,
        origins: Sequence[str],
        login: str,
        own_domain: OwnDomain | None,
    ) -> None:
        super().__init__(scope, construct_id)
        headers = self._headers(name, origins, login)
        self.resource = cloudfront.CfnDistribution(
            self,
            "Resource",
            distribution_config=cloudfront.CfnDistribution.DistributionConfigProperty(
                comment=f"Atelier: the page of {name}",
                enabled=True,
                http_version="http2and3",
                ipv6_enabled=True,
                default_root_object=INDEX,
                **_own(own_domain),
                origins=[self._files(name, bucket), _api(api_host, api_path)],
                default_cache_behavior=cloudfront.CfnDistribution.DefaultCacheBehaviorProperty(
                    **_behavior("files", headers, cache=_CACHED)
                ),
                cache_behaviors=[
                    cloudfront.CfnDistribution.CacheBehaviorProperty(
                        path_pattern=CONFIG, **_behavior("files", headers, cache=_NOT_CACHED)
                    ),
                    cloudfront.CfnDistribution.CacheBehaviorProperty(
                        path_pattern="v1/*",
                        origin_request_policy_id=_ALL_BUT_HOST,
                        **_behavior("api", headers, cache=_NOT_CACHED, methods=_ALL_METHODS),
                    ),
                ],
            ),
        )
        self.id, self.target = self.resource.ref, self.resource.attr_domain_name
        self.domain = own_domain.name if own_domain else self.target
        self._let_read(bucket)
        self._accept_findings(own_domain)

    def _files(self, name: str, bucket: s3.Bucket) -> cloudfront.CfnDistribution.OriginProperty:
        control = cloudfront.CfnOriginAccessControl(
            self,
            "Access",
            origin_access_control_config=cloudfront.CfnOriginAccessControl.OriginAccessControlConfigProperty(
                name=name, origin_access_control_origin_type="s3", signing_behavior="always", signing_protocol="sigv4"
            ),
        )
        return cloudfront.CfnDistribution.OriginProperty(
            id="files",
            domain_name=bucket.bucket_regional_domain_name,
            origin_path=f"/{FILES.rstrip('/')}",
            origin_access_control_id=control.attr_id,
            s3_origin_config=cloudfront.CfnDistribution.S3OriginConfigProperty(origin_access_identity=""),
        )

    def _headers(self, name: str, origins: Sequence[str], login: str) -> str:
        kind = cloudfront.CfnResponseHeadersPolicy
        policy = kind(
            self,
            "Headers",
            response_headers_policy_config=kind.ResponseHeadersPolicyConfigProperty(
                name=name,
                security_headers_config=kind.SecurityHeadersConfigProperty(
                    content_security_policy=kind.ContentSecurityPolicyProperty(
                        content_security_policy=content_security_policy(origins, login), override=True
                    ),
                    content_type_options=kind.ContentTypeOptionsProperty(override=True),
                    frame_options=kind.FrameOptionsProperty(frame_option="DENY", override=True),
                    referrer_policy=kind.ReferrerPolicyProperty(referrer_policy="no-referrer", override=True),
                    strict_transport_security=kind.StrictTransportSecurityProperty(
                        access_control_max_age_sec=_YEAR, include_subdomains=True, override=True
                    ),
                ),
                custom_headers_config=kind.CustomHeadersConfigProperty(
                    items=[
                        kind.CustomHeaderProperty(header="permissions-policy", value=_PERMISSIONS, override=True),
                        kind.CustomHeaderProperty(
                            header="cross-origin-opener-policy", value="same-origin", override=True
                        ),
                    ]
                ),
            ),
        )
        return policy.attr_id

    def _let_read(self, bucket: s3.Bucket) -> None:
        """Let this distribution, and nobody's else, read the bucket; with the right to list it, what is not there is 404 and not 403."""
        own = {"StringEquals": {"AWS:SourceArn": f"arn:{PARTITION}:cloudfront::{ACCOUNT}:distribution/{self.id}"}}
        ours = iam.ServicePrincipal("cloudfront.amazonaws.com")
        place = bucket_arn(bucket)
        for action, resource in (("s3:GetObject", f"{place}/{FILES}*"), ("s3:ListBucket", place)):
            bucket.add_to_resource_policy(
                iam.PolicyStatement(principals=[ours], actions=[action], resources=[resource], conditions=own)
            )

    def _accept_findings(self, own_domain: OwnDomain | None) -> None:
        reasons = {
            "AwsSolutions-CFR1": "Whoever may use the stage may do so from anywhere: keys and sign-in decide, not countries.",
            "AwsSolutions-CFR2": "The files are public; the API has keys, throttles, a quota, and AWS WAF where the stage says so.",
            "AwsSolutions-CFR3": "Each request of the API is in its own access log, and reads of the files are in their bucket's.",
        }
        if own_domain is None:
            old = "CloudFront's own certificate allows no other policy; today's browsers use TLS 1.3, and origins TLS 1.2."
            reasons["AwsSolutions-CFR4"] = old
        accept(self, reasons)


def bucket_origins(names: Sequence[str]) -> list[str]:
    """Where presigned addresses of buckets lead: S3's one address for all regions, and the region's, to which it redirects."""
    return [f"https://{name}.s3.{place}amazonaws.com" for name in names for place in ("", f"{REGION}.")]


def content_security_policy(origins: Sequence[str], login: str = "") -> str:
    """What the page may load and talk to: its own files and API, ``origins``, and ``login`` for its tokens."""
    others = " ".join(origins)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' blob: data: {others}",
            f"connect-src 'self' {others} {login}".rstrip(),
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _own(domain: OwnDomain | None) -> dict[str, Any]:
    """The name that the distribution answers to besides CloudFront's own, and its certificate."""
    if domain is None:
        return {}
    certificate = cloudfront.CfnDistribution.ViewerCertificateProperty(
        acm_certificate_arn=domain.certificate, ssl_support_method="sni-only", minimum_protocol_version="TLSv1.2_2021"
    )
    return {"aliases": [domain.name], "viewer_certificate": certificate}


def _api(host: str, path: str) -> cloudfront.CfnDistribution.OriginProperty:
    return cloudfront.CfnDistribution.OriginProperty(
        id="api",
        domain_name=host,
        origin_path=path,
        custom_origin_config=cloudfront.CfnDistribution.CustomOriginConfigProperty(
            # API Gateway gives up after 29 seconds.
            origin_protocol_policy="https-only",
            origin_ssl_protocols=["TLSv1.2"],
            origin_read_timeout=30,
        ),
    )


def _behavior(origin: str, headers: str, *, cache: str, methods: Sequence[str] = _READING) -> dict[str, Any]:
    return {
        "target_origin_id": origin,
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": list(methods),
        "compress": True,
        "cache_policy_id": cache,
        "response_headers_policy_id": headers,
    }
