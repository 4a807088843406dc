"""What breaks under way: jobs that crash or are killed, a role that lacks a statement."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from tests.e2e.studio import FEW_STEPS, Studio
from tests.e2e.test_bad_input import failed_at


@contextmanager
def replaced(studio: Studio, key: str, body: bytes) -> Iterator[None]:
    """Another body for one object of the model bucket, for a while."""
    s3, bucket = studio.client("s3"), studio.bucket("Model")
    original = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    try:
        yield
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=original)


def base_key(studio: Studio, name: str, ending: str) -> str:
    listed = studio.client("s3").list_objects_v2(Bucket=studio.bucket("Model"), Prefix=f"base/{name}@")
    return next(str(item["Key"]) for item in listed["Contents"] if item["Key"].endswith(ending))


def test_a_job_that_crashes_fails_the_run_at_its_step(studio: Studio) -> None:
    weights = base_key(studio, "tiny-inpaint", "unet/diffusion_pytorch_model.safetensors")
    with replaced(studio, weights, b"not weights"):
        # From words, so that no picture is masked before.
        ended = studio.run("crashes", dataset=studio.upload("crashes"), task="text-to-image")
    failed_at("FineTune", ended, "sha256")
    assert studio.published("crashes") == set()


def test_a_job_that_is_killed_fails_the_run_at_its_step(studio: Studio) -> None:
    given = {"style": "killed", "dataset": studio.upload("killed"), "target": "a skirt"}
    arn = studio.start("killed", {**given, "hyperparameters": FEW_STEPS})

    def killed() -> bool | None:
        for process in psutil.process_iter(["cmdline"]):
            line = process.info["cmdline"] or []
            ours = str(studio.deployment.cloud.run_dir) in _environment(process)
            if ours and {"atelier_training", "segment"} <= set(line):
                process.send_signal(signal.SIGKILL)
                return True
        return None

    studio.until(killed)
    ended = studio.wait(arn)
    failed_at("Segment", ended, "137")


def _environment(process: psutil.Process) -> str:
    try:
        return " ".join(process.environ().values())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return ""


ROLES = [
    ("Prepare", "s3:ListBucket", "Prepare", "s3:ListBucket"),
    ("JobRole", "s3:GetObject", "Segment", "s3:GetObject"),
    ("WorkflowRole", "sagemaker:CreateProcessingJob", "Segment", "sagemaker:CreateProcessingJob"),
]


@pytest.mark.parametrize(("role", "action", "step", "named"), ROLES)
def test_without_one_needed_statement_the_run_fails_and_names_it(
    studio: Studio, role: str, action: str, step: str, named: str
) -> None:
    name = f"without-{action.split(':')[1].lower()}"
    dataset = studio.upload(name)
    with without(studio, role, action):
        ended = studio.run(name, dataset=dataset)
    failed_at(step, ended, named)
    assert "AccessDenied" in ended.cause or "not authorized" in ended.cause


@contextmanager
def without(studio: Studio, role_part: str, action: str) -> Iterator[None]:
    """Take every statement that allows ``action`` out of the inline policies of the roles whose name holds ``role_part``."""
    iam = studio.client("iam")
    changed: list[tuple[str, str, dict[str, Any]]] = []
    roles = [role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]
    for role in (name for name in roles if role_part.lower() in name.lower()):
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            kept = [s for s in document["Statement"] if not _allows(s, action)]
            if len(kept) < len(document["Statement"]):
                changed.append((role, policy, document))
                iam.put_role_policy(
                    RoleName=role, PolicyName=policy, PolicyDocument=json.dumps({**document, "Statement": kept})
                )
    assert changed, f"no role like {role_part} allows {action}"
    try:
        yield
    finally:
        for role, policy, document in changed:
            iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


def _allows(statement: dict[str, Any], action: str) -> bool:
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    service, verb = action.split(":")
    return any(a == action or (a.endswith("*") and f"{service}:{verb}".startswith(a[:-1])) for a in actions)
