"""What a distribution's S3 origin says of a file that is not there. ministack always refuses; S3 says 404 to whoever may list the bucket.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import s3

Answer = tuple[int, Mapping[str, Any], bytes]
"""Status, headers and body."""


def install() -> None:
    """Say 404 to whoever may list the bucket."""
    original: Callable[..., Answer] = s3.serve_cloudfront_origin_fetch

    def fetch(bucket: str, key: str, method: str, headers: Any, source_arn: str = "", oai_id: str = "") -> Answer:
        answer = original(bucket, key, method, headers, source_arn, oai_id)
        found = s3._ensure_bucket(bucket)
        if found is None or key in found["objects"] or not _may_look(bucket, key, source_arn):
            return answer
        missing: Answer = s3._error("NoSuchKey", "The specified key does not exist.", 404, f"/{bucket}/{key}")
        return missing

    s3.serve_cloudfront_origin_fetch = fetch


def _may_look(bucket: str, key: str, source_arn: str) -> bool:
    """Whether the bucket's policy lets this distribution read the key and list the bucket."""
    place = f"arn:aws:s3:::{bucket}"
    policy = s3._bucket_policies.get_scoped(s3._bucket_owner_account(bucket), None, bucket)

    def allowed(action: str, resource: str) -> bool:
        context = iam_evaluator.EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action=action,
            resource_arn=resource,
            region="",
            service_context={"aws:sourcearn": source_arn},
        )
        found = iam_evaluator.evaluate_resource_policy(policy, context, service="cloudfront.amazonaws.com")
        return bool(found.decision == "Allow")

    return bool(policy and source_arn) and allowed("s3:GetObject", f"{place}/{key}") and allowed("s3:ListBucket", place)
