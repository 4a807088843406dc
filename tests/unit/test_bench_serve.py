"""What make bench-serve makes of what it measured, and the objects that it serves to the model server."""

import os
import time
from hashlib import sha256
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from atelier_inference.marking import load_marking
from atelier_inference.provenance.certificates import check_chain
from atelier_inference.provenance.keys import KmsKey
from bench.serve.keys import picture_keys
from bench.serve.marked import line
from bench.serve.objects import object_server
from bench.serve.plain import PlainLoad
from bench.serve.ratios import Compared, latencies
from bench.serve.served import ServedAnswer, ServedLoad
from bench.serve.spent import Spending


def load(cpu: float, *seconds: float) -> ServedLoad:
    answers = [ServedAnswer(status=200, body={}, seconds=each) for each in seconds]
    return ServedLoad(cpu=cpu, wall=2 * cpu, answers=answers)


def test_a_ratio_is_of_a_picture_and_over_all_passes() -> None:
    compared = Compared(
        plain=[PlainLoad(cpu_each=8.0, wall_each=8.0), PlainLoad(cpu_each=4.0, wall_each=4.0)],
        served=[load(4.0, 1.0, 1.0), load(4.0, 1.0, 1.0)],
    )
    assert compared.line("default") == {
        "ratio_default": 3.0,
        "ratio_default_least": 2.0,
        "ratio_default_wall": 1.5,
        "default_cpu_seconds": 2.0,
        "default_wall_seconds": 4.0,
    }


def test_latencies_are_of_answers_that_came() -> None:
    assert latencies([load(1.0, *range(51, 101)), load(1.0, *range(1, 51))]) == {"p50": 50, "p99": 99}
    assert latencies([load(1.0, 3.0)]) == {"p50": 3.0, "p99": 3.0}


def test_another_process_spends_what_its_clock_says() -> None:
    spending, before = Spending(os.getpid()), time.process_time()
    assert before <= spending.cpu() <= time.process_time()
    assert 1 < spending.megabytes() < 100_000


def test_objects_are_read_as_the_server_reads_them(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "there").write_bytes(b"weights")
    with object_server(tmp_path) as address:
        s3 = boto3.client(
            "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
            config=Config(proxies={}, retries={"max_attempts": 1}),
        )  # fmt: skip
        s3.download_file("bench", "there", str(tmp_path / "copy"))
        assert (tmp_path / "copy").read_bytes() == b"weights"
        for key in ("absent", "../../etc/passwd"):
            with pytest.raises(ClientError) as refused:
                s3.get_object(Bucket="bench", Key=key)
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_what_marks_and_signatures_cost_is_of_a_picture() -> None:
    pairs = [(load(1.9, 1.0), load(2.0, 1.0)), (load(1.0, 1.0), load(1.0, 1.0))]
    assert line(pairs) == {"marked_ratio": 0.967, "marked_ratio_least": 0.95, "marked_milliseconds": 50.0}


def test_keys_answer_as_kms_does_and_their_certificates_are_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "bench")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with picture_keys(tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        key = KmsKey(environment["ATELIER_SIGNING_KEY"])
        check_chain((tmp_path / "bench/certificates/signing.pem").read_text(), key.public_key(), "bench")
        signature = key.sign(b"a claim")
        numbers = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        public = load_der_public_key(key.public_key())
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(numbers, sha256(b"a claim").digest(), ec.ECDSA(Prehashed(SHA256())))
        assert load_marking(environment["ATELIER_MARK_KEY"]) is not None
