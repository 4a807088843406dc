"""Slips of maintenance: a word, a number or a line of a source that something far away relies on."""

from collections.abc import Sequence

from bench.gate.mutant import Slip

_OPS = "lambdas/atelier_ops"
_WORKFLOW = "Training/WorkflowMachine0C2E3460"

MUTANTS: Sequence[Slip] = (
    Slip(
        name="a handler reads the environment itself",
        at=f"{_OPS}/logic/smoke.py",
        old="import hashlib\n",
        new="import hashlib\nimport os\n\nREGION = os.environ['STAGE_REGION']\n",
    ),
    Slip(
        name="a handler imports what the layer lacks",
        at=f"{_OPS}/logic/smoke.py",
        old="import hashlib",
        new="import numpy",
    ),
    Slip(
        name="a member of an answer is misspelt",
        at=f"{_OPS}/gateways/endpoints.py",
        old='["EndpointStatus"]',
        new='["Status"]',
    ),
    Slip(
        name="a member is asked for that never comes",
        at=f"{_OPS}/gateways/inference.py",
        old='get("OutputLocation"',
        new='get("OutputLocations"',
    ),
    Slip(
        name="pages are of no operation",
        at=f"{_OPS}/gateways/logs.py",
        old='"describe_log_groups"',
        new='"describe_log_group"',
    ),
    Slip(
        name="pages take no such member",
        at=f"{_OPS}/gateways/logs.py",
        old="logGroupNamePrefix=",
        new="logGroupPrefix=",
    ),
    Slip(
        name="a token is answered by no operation",
        at=f"{_OPS}/gateways/workflow.py",
        old='"send_task_success"',
        new='"send_task_succeeded"',
    ),
    Slip(name="a status is misspelt", at=f"{_OPS}/logic/endpoint.py", old='"InService"', new='"Inservice"'),
    Slip(name="a status is forgotten", at=f"{_OPS}/logic/trainings.py", old='    "TIMED_OUT": "failed",\n', new=""),
    Slip(
        name="an approval is spelt as another service does",
        at=f"{_OPS}/logic/approval.py",
        old='== "Approved"',
        new='== "APPROVED"',
    ),
    Slip(
        name="a request may run for half a minute",
        at=f"{_OPS}/gateways/inference.py",
        old="LONGEST_RUN = 900",
        new="LONGEST_RUN = 30",
    ),
    Slip(
        name="a client waits longer than its Lambda",
        at=f"{_OPS}/gateways/aws.py",
        old='"read_timeout": 60',
        new='"read_timeout": 600',
    ),
    Slip(name="an envelope is read by another name", at=f"{_OPS}/logic/notification.py", old='["Sns"]', new='["SNS"]'),
    Slip(
        name="an event's detail is misspelt",
        at=f"{_OPS}/handlers/settle.py",
        old='["ModelPackageArn"]',
        new='["ModelPackageARN"]',
    ),
    Slip(
        name="an answer's key is renamed in the handler",
        at=f"{_OPS}/handlers/promote.py",
        old='{"promotion":',
        new='{"promoted":',
    ),
    Slip(
        name="a token's answer is renamed",
        at=f"{_OPS}/logic/endpoint.py",
        old='{"variant":',
        new='{"variants":',
        breaks=_WORKFLOW,
    ),
    Slip(name="a handler takes no context", at=f"{_OPS}/handlers/gate.py", old=", context: object)", new=")"),
    Slip(
        name="a folder of runs is renamed",
        at="contracts/layout.py",
        old='f"runs/{execution}/"',
        new='f"run/{execution}/"',
    ),
    Slip(name="a base model's folder has no slash", at="contracts/layout.py", old='@{revision}/"', new='@{revision}"'),
    Slip(
        name="what a style means is kept elsewhere", at="contracts/layout.py", old='"latest.json"', new='"current.json"'
    ),
    Slip(
        name="metrics have another namespace", at=f"{_OPS}/observability.py", old='= "Atelier"', new='= "Atelier/Ops"'
    ),
    Slip(
        name="a route is declared and not answered",
        at=f"{_OPS}/logic/api.py",
        old='"cancel_training"',
        new='"stop_training"',
    ),
    Slip(
        name="a sweep stops before it begins",
        at=f"{_OPS}/handlers/reconcile.py",
        old="SPARE_MILLISECONDS = 30_000",
        new="SPARE_MILLISECONDS = 300_000",
        breaks="AnswersSweepHandlerFunction8439D221",
    ),
    Slip(
        name="a job looks elsewhere for settings",
        at="training/atelier_training/paths.py",
        old="hyperparameters.json",
        new="hyperparameter.json",
    ),
    Slip(
        name="a job reads another channel",
        at="training/atelier_training/jobs/fine_tune.py",
        old='paths.channel("masks")',
        new='paths.channel("mask")',
        breaks=_WORKFLOW,
    ),
    Slip(
        name="a command is renamed in the image",
        at="training/atelier_training/__main__.py",
        old='"segment":',
        new='"segments":',
        breaks=_WORKFLOW,
    ),
    Slip(
        name="the server answers elsewhere whether it is ready",
        at="inference/atelier_inference/server.py",
        old='"/ping"',
        new='"/health"',
    ),
    Slip(
        name="the server listens to itself",
        at="inference/atelier_inference/settings.py",
        old='"0.0.0.0"',
        new='"127.0.0.1"',
    ),
    Slip(
        name="the server listens at another port",
        at="inference/atelier_inference/settings.py",
        old="= 8080",
        new="= 8000",
    ),
    Slip(
        name="the server needs what nobody sets",
        at="inference/atelier_inference/settings.py",
        old="    segmenter: _Prefix = None\n",
        new="    segmenter: _Prefix = None\n    device: str\n",
    ),
    Slip(name="the image starts nothing", at="inference/Dockerfile", old='CMD ["serve"]\n', new=""),
    Slip(
        name="a file comes from the web into an image",
        at="training/Dockerfile",
        old="WORKDIR",
        new="ADD https://x.org/y /y\nWORKDIR",
    ),
    Slip(name="a lock lacks what is asked for", at="training/requirements.lock", old="safetensors==0.8.0\n", new=""),
    Slip(
        name="a lock names no exact version",
        at="inference/requirements.lock",
        old="safetensors==0.8.0",
        new="safetensors",
    ),
    Slip(
        name="make check leaves out the gate",
        at="Makefile",
        old="check: lint types templates site test",
        new="check: lint types test",
    ),
    Slip(
        name="make deploy deploys what was synthesized before",
        at="Makefile",
        old="deploy: costs synth",
        new="deploy: costs",
    ),
)
