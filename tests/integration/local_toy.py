"""A tiny cloud assembly, written without the CDK: a bucket, roles, and an image whose one package trains, processes and serves."""

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from local.cloud import LocalCloud
from local.docker import write_program
from local.sagemaker.backend import ROOT_KEY

ACCOUNT = "123456789012"
ASSETS = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
REPOSITORY = "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}"
TAG = "0123abcd"
IMAGE = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/cdk-hnb659fds-container-assets-{ACCOUNT}-us-east-1:{TAG}"

DOCKERFILE = """\
FROM python:3.13-slim AS build
RUN pip install --target /opt/site nothing
FROM python:3.13-slim
WORKDIR /opt/atelier
ENV PYTHONPATH=/opt/atelier \\
    PYTHONUNBUFFERED=1 CACHE=/var/cache/toy
COPY --from=build /opt/site /opt/site
COPY code/toy /opt/atelier/toy
ENTRYPOINT ["python", "-m", "toy"]
"""

PROGRAM = """
import json, os, pathlib, select, signal, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ML = pathlib.Path(os.environ["ATELIER_ML_ROOT"])


def train():
    config = ML / "input" / "config"
    parameters = json.loads((config / "hyperparameters.json").read_text())
    resources = json.loads((config / "resourceconfig.json").read_text())
    if parameters.get("fail"):
        (ML / "output" / "failure").write_text(parameters["fail"])
        raise SystemExit(int(parameters.get("code", "1")))
    if parameters.get("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if parameters.get("child"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (ML / "checkpoints" / "child").write_text(str(child.pid))
    seen = sorted(str(p.relative_to(ML / "input" / "data")) for p in (ML / "input" / "data").rglob("*") if p.is_file())
    facts = {"parameters": parameters, "resources": resources, "seen": seen, "cwd": os.getcwd(), "argv": sys.argv[1:],
             "cache": os.environ["CACHE"], "role": os.environ["AWS_SESSION_TOKEN"][:4], "environment": sorted(os.environ)}
    if parameters.get("loop"):
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        (ML / "checkpoints" / "step").write_text(str(1 + int(parameters["loop"])))
        print("looping", flush=True)
        stop.wait(600)
    events = ML / "output" / "tensorboard"
    events.mkdir(parents=True, exist_ok=True)
    (events / "events").write_text("told")
    restored = ML / "checkpoints" / "step"
    facts["restored"] = restored.read_text() if restored.exists() else None
    for step in (1, 2):
        print(f"step={step}/2 loss={1 / step:.4f}", flush=True)
    if "rate" in parameters:
        print(f"score={parameters['rate']}", flush=True)
    (ML / "model" / "facts.json").write_text(json.dumps(facts))
    name = resources["current_host"]
    (ML / "output" / "data" / f"{name}.txt").write_text(name)


def process(arguments):
    if "--fail" in arguments:
        (ML / "output" / "message").write_text("GarmentNotFoundError: target: got 'hat'; allowed: a garment")
        raise SystemExit(1)
    source, target = ML / "processing" / "input" / "in", ML / "processing" / "output" / "out"
    config = json.loads((ML / "config" / "processingjobconfig.json").read_text())
    for path in source.iterdir():
        (target / path.name).write_text(path.read_text().upper())
    (target / "arguments.json").write_text(json.dumps([arguments, config["ProcessingJobName"]]))


class Server(BaseHTTPRequestHandler):
    busy, most, lock = {}, {}, threading.Lock()

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        loading = os.environ.get("NEVER_HEALTHY") or (ML / "loading").exists()
        self.answer(503 if loading else 200, b"")

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        group = request.get("group")
        with Server.lock:
            Server.busy[group] = Server.busy.get(group, 0) + 1
            Server.most[group] = max(Server.most.get(group, 0), Server.busy[group])
        try:
            if "exit" in request:
                os._exit(3)
            if "status" in request:
                return self.answer(request["status"], b"no such thing", "text/plain")
            time.sleep(request.get("seconds", 0))
            model = sorted(p.name for p in (ML / "model").rglob("*"))
            answer = {"echo": request, "model": model, "version": os.environ.get("VERSION"), "most": Server.most[group],
                      "pid": os.getpid(), "id": self.headers.get("X-Amzn-SageMaker-Inference-Id")}
            self.answer(200, json.dumps(answer).encode())
        finally:
            with Server.lock:
                Server.busy[group] -= 1


def serve():
    if os.environ.get("CRASH") or (ML / "broken").exists():
        raise RuntimeError("cannot load the model")
    port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
    ThreadingHTTPServer.daemon_threads = False
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    # It ends as uvicorn does: it answers whoever has come, and takes no more.
    with ThreadingHTTPServer((os.environ.get("ATELIER_HOST", ""), port), Server) as server:
        server.timeout = 0.1
        print("serving", flush=True)
        while not over.is_set() or select.select([server], [], [], 0)[0]:
            server.handle_request()


word, *rest = sys.argv[1:] or [""]
if word == "train":
    train()
elif word == "process":
    process(rest)
elif word == "serve":
    serve()
else:
    raise SystemExit(f"unknown word {word}")
"""

Statements = Sequence[Mapping[str, Any]]


def role(service: str, statements: Statements) -> dict[str, Any]:
    """An IAM role that `service` assumes, with one inline policy."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "all", "PolicyDocument": policy}],
        },
    }


def allow(*actions: str, on: Any = "*") -> dict[str, Any]:
    """One Allow statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def arn(logical_id: str) -> dict[str, Any]:
    """The ARN of a resource of the template."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def below(logical_id: str) -> dict[str, Any]:
    """Everything in a bucket of the template."""
    return {"Fn::Join": ["", [arn(logical_id), "/*"]]}


def queue_policy(queue_id: str, service: str) -> dict[str, Any]:
    """Let an AWS service send to a queue of the template."""
    statement = {**allow("sqs:SendMessage", on=arn(queue_id)), "Principal": {"Service": service}}
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": queue_id}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }


def base_template() -> dict[str, Any]:
    """A bucket, and the role that SageMaker runs jobs and models with."""
    statements = [
        allow("s3:ListBucket", on=arn("Bucket")),
        allow("s3:GetObject", "s3:PutObject", on=below("Bucket")),
        allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        allow("sns:Publish"),
    ]
    return {
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "JobRole": role("sagemaker.amazonaws.com", statements),
        },
        "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}}, "JobRole": {"Value": arn("JobRole")}},
    }


def write_image(folder: Path) -> None:
    """The build context of the toy image."""
    (folder / "code" / "toy").mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
    (folder / "code" / "toy" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "code" / "toy" / "__main__.py").write_text(PROGRAM, encoding="utf-8")


def write_assembly(
    folder: Path, stacks: Mapping[str, dict[str, Any]], *, lambdas: Mapping[str, Path] | None = None
) -> Path:
    """A cloud assembly of `stacks`, each after the one before it; `lambdas` are folders to zip, by object key."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_image(folder / "asset.image")
    artifacts: dict[str, Any] = {}
    before: list[str] = []
    for name, template in stacks.items():
        text = json.dumps(template)
        (folder / f"{name}.template.json").write_text(text, encoding="utf-8")
        # As the CDK names it: by its content. An object that is there is not written again.
        address = f"{hashlib.sha256(text.encode()).hexdigest()}.json"
        files = {f"{name}Template": _file(f"{name}.template.json", address, "file")}
        for key, source in (lambdas or {}).items():
            shutil.copytree(source, folder / f"asset.{key}", dirs_exist_ok=True)
            files[key] = _file(f"asset.{key}", key, "zip")
        image = {
            "source": {"directory": "asset.image", "dockerFile": "Dockerfile"},
            "destinations": {"here": {"repositoryName": REPOSITORY, "imageTag": TAG}},
        }
        assets = {"version": "55.0.0", "files": files, "dockerImages": {TAG: image}}
        (folder / f"{name}.assets.json").write_text(json.dumps(assets), encoding="utf-8")
        artifacts[f"{name}.assets"] = {"type": "cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"}}
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {
                "templateFile": f"{name}.template.json",
                "stackTemplateAssetObjectUrl": f"s3://{ASSETS}/{address}",
            },
            "dependencies": [f"{name}.assets", *before],
        }
        before = [name]
    # Listed the wrong way round: the order must come from the dependencies.
    manifest = {"version": "55.0.0", "artifacts": dict(reversed(artifacts.items()))}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _file(path: str, key: str, packaging: str) -> dict[str, Any]:
    return {
        "source": {"path": path, "packaging": packaging},
        "destinations": {"here": {"bucketName": ASSETS, "objectKey": key}},
    }


def lambda_function(key: str, handler: str, role_id: str, **variables: Any) -> dict[str, Any]:
    """A Python function whose code is the zipped folder `key`."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": {"Fn::Sub": ASSETS}, "S3Key": key},
            "Handler": handler,
            "Runtime": "python3.13",
            "Timeout": 30,
            "Role": arn(role_id),
            "Environment": {"Variables": variables},
        },
    }


def start_job(cloud: LocalCloud, name: str) -> None:
    """Start a training job that runs until it is stopped, with a child of its own."""
    outputs = cloud.outputs("Toy")
    cloud.client("s3").put_object(Bucket=outputs["Bucket"], Key="data/a.txt", Body=b"a")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{outputs['Bucket']}/data/"}
    cloud.client("sagemaker").create_training_job(
        TrainingJobName=name,
        RoleArn=outputs["JobRole"],
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        InputDataConfig=[{"ChannelName": "dataset", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig={"S3OutputPath": f"s3://{outputs['Bucket']}/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
        HyperParameters={"loop": "1", "child": "yes"},
    )
    step = cloud.run_dir / "jobs" / "training" / name / "algo-1/opt/ml/checkpoints/step"
    until(step.exists, cloud)


def use_as_aws(cloud: LocalCloud, patch: pytest.MonkeyPatch) -> None:
    """Let the environment name this cloud as AWS, for boto3 and for the CDK command, and the stand-in for docker."""
    names = {"AWS_ENDPOINT_URL": cloud.url, "CDK_DOCKER": str(write_program(cloud.run_dir)), "HOME": str(cloud.run_dir)}
    names |= dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ROOT_KEY)
    names |= dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), cloud.region)
    for name, value in names.items():
        patch.setenv(name, value)
    patch.setattr("boto3.DEFAULT_SESSION", None)


def until(check: Callable[[], Any], cloud: LocalCloud, *, seconds: float = 30.0) -> Any:
    """The first true answer of `check`; fails with the end of the server's log when none comes."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < deadline:
        answer = check()
        if answer:
            return answer
        pause.wait(0.05)
    raise AssertionError(f"nothing after {seconds} s; log:\n{cloud.log_path.read_text(encoding='utf-8')[-3000:]}")
