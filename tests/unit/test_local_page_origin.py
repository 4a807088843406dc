"""What CloudFront hears of an S3 origin about a file that is not there: 404 where it may list the bucket, as the page's may, else 403."""

import json
from collections.abc import Iterator

import pytest

ACCOUNT, BUCKET = "123456789012", "page-files"
OURS, OTHER = (f"arn:aws:cloudfront::{ACCOUNT}:distribution/{name}" for name in ("E1", "E2"))


@pytest.fixture(scope="module", autouse=True)
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A bucket with one file. ministack makes keys in its state folder when it is imported: not in the machine's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("STATE_DIR", "S3_DATA_DIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp("state")))
        from ministack.core.responses import request_scope
        from ministack.services import s3

        from local.seams import page_origin

        patch.setattr(s3, "serve_cloudfront_origin_fetch", s3.serve_cloudfront_origin_fetch)
        page_origin.install()
        with request_scope(ACCOUNT, "us-east-1"):
            s3._create_bucket(BUCKET, b"", {})
            s3._put_object(BUCKET, "page/app.js", b"export {}", {})
            yield
            s3._delete_object(BUCKET, "page/app.js", {})
            s3._delete_bucket(BUCKET)


def status(key: str, *actions: str, source: str = OURS) -> int:
    """What is answered where the policy lets the first distribution do ``actions``."""
    from ministack.services import s3

    places = {"s3:GetObject": f"arn:aws:s3:::{BUCKET}/page/*", "s3:ListBucket": f"arn:aws:s3:::{BUCKET}"}
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": action,
            "Resource": places[action],
            "Condition": {"StringEquals": {"AWS:SourceArn": OURS}},
        }
        for action in actions
    ]
    s3._put_bucket_policy(BUCKET, json.dumps({"Version": "2012-10-17", "Statement": statements}).encode())
    return int(s3.serve_cloudfront_origin_fetch(BUCKET, key, "GET", {}, source)[0])


def test_who_may_list_the_bucket_is_told_what_is_not_there() -> None:
    assert status("page/app.js", "s3:GetObject", "s3:ListBucket") == 200
    assert status("page/lost.js", "s3:GetObject", "s3:ListBucket") == 404


def test_who_may_not_list_it_or_read_there_is_only_refused() -> None:
    assert status("page/lost.js", "s3:GetObject") == 403
    assert status("page/lost.js", "s3:ListBucket") == 403
    assert status("other/lost.js", "s3:GetObject", "s3:ListBucket") == 403
    assert status("page/lost.js", "s3:GetObject", "s3:ListBucket", source=OTHER) == 403
