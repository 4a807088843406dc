"""Sources: handlers, contracts, Dockerfiles, the catalogue, prices, the Makefile and the README."""

from bench.gate.mutant import Slip

_GATEWAYS = "lambdas/atelier_ops/gateways"

MUTANTS = (
    Slip(
        name="a call's argument is misspelt",
        at=f"{_GATEWAYS}/inference.py",
        old="InvocationTimeoutSeconds=",
        new="InvocationTimeoutInSeconds=",
    ),
    Slip(
        name="a call lacks what the service requires",
        at=f"{_GATEWAYS}/real_time.py",
        old="                EndpointName=endpoint,\n",
        new="",
    ),
    Slip(
        name="a request may wait longer than the service allows",
        at=f"{_GATEWAYS}/inference.py",
        old="WAIT_IN_QUEUE = 21_600",
        new="WAIT_IN_QUEUE = 43_200",
    ),
    Slip(
        name="a method of the client does not exist",
        at=f"{_GATEWAYS}/topic.py",
        old='client("sns").publish(',
        new='client("sns").publish_message(',
    ),
    Slip(
        name="an argument of the topic is misspelt",
        at=f"{_GATEWAYS}/topic.py",
        old="TopicArn=self._arn",
        new="Topic=self._arn",
    ),
    Slip(
        name="an error's code is none of the service's",
        at=f"{_GATEWAYS}/storage.py",
        old='"NoSuchKey"',
        new='"NoSuchObject"',
    ),
    Slip(
        name="a deregistration tolerates an error that never comes",
        at=f"{_GATEWAYS}/endpoints.py",
        old='Tolerance("ObjectNotFoundException")',
        new='Tolerance("ResourceNotFound")',
    ),
    Slip(
        name="a scalable dimension is misspelt in a call",
        at=f"{_GATEWAYS}/endpoints.py",
        old="sagemaker:variant:DesiredInstanceCount",
        new="sagemaker:variant:InstanceCount",
    ),
    Slip(
        name="a new call that the role does not allow",
        at=f"{_GATEWAYS}/topic.py",
        old="        plain = ",
        new='        client("sns").get_topic_attributes(TopicArn=self._arn)\n        plain = ',
    ),
    Slip(
        name="a handler reads a variable that is not set",
        at="lambdas/atelier_ops/handlers/gate.py",
        old="    data_bucket: str\n",
        new="    data_bucket: str\n    model_bucket: str\n",
    ),
    Slip(
        name="a handler's function is renamed",
        at="lambdas/atelier_ops/handlers/gate.py",
        old="def handler(",
        new="def handle(",
    ),
    Slip(
        name="the records' key is called otherwise than the table's",
        at=f"{_GATEWAYS}/records.py",
        old='"pk": {"S": record.key}',
        new='"id": {"S": record.key}',
    ),
    Slip(
        name="records expire by another attribute than the table's",
        at=f"{_GATEWAYS}/records.py",
        old='"expires_at": {"N"',
        new='"expires": {"N"',
    ),
    Slip(
        name="a retry's exception was renamed in the code",
        at="lambdas/atelier_ops/errors.py",
        old="class EndpointBusyError",
        new="class EndpointBusyNow",
        breaks="state DeployEndpoint",
    ),
    Slip(name="presigned addresses are signed in the old way", at=f"{_GATEWAYS}/aws.py", old='"s3v4"', new='"s3"'),
    Slip(
        name="an upload's address outlives the upload",
        at="lambdas/atelier_ops/logic/uploads.py",
        old="URL_SECONDS = 3_600",
        new="URL_SECONDS = 2_592_000",
    ),
    Slip(
        name="a module executes what it is given",
        at="lambdas/atelier_ops/logic/names.py",
        old='"""\n',
        new='"""\n\nimport subprocess\n\n\ndef run(command: str) -> None:\n    """Run."""\n    subprocess.call(command, shell=True)\n\n',
    ),
    Slip(
        name="a secret is written down",
        at="lambdas/atelier_ops/logic/names.py",
        old='"""\n',
        new='"""\n\nAWS_SECRET_ACCESS_KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYzEXAMPLEKEY12"\n',
    ),
    Slip(
        name="pickles are read",
        at="lambdas/atelier_ops/logic/gate.py",
        old='"""\n',
        new='"""\n\nimport pickle\n\n\ndef load(body: bytes) -> object:\n    """Load."""\n    return pickle.loads(body)\n\n',
    ),
    Slip(
        name="the training image's base is a moving tag",
        at="training/Dockerfile",
        old="FROM ",
        new="FROM ubuntu:latest\nFROM ",
    ),
    Slip(
        name="the inference image runs a shell", at="inference/Dockerfile", old="ENTRYPOINT [", new="ENTRYPOINT sh -c ["
    ),
    Slip(
        name="an image copies a folder that is not in its context",
        at="training/Dockerfile",
        old="COPY contracts",
        new="COPY contract",
    ),
    Slip(
        name="an image lacks a package that its program imports",
        at="inference/Dockerfile",
        old="COPY imaging /opt/atelier/imaging\n",
        new="",
    ),
    Slip(
        name="an image installs whatever is newest",
        at="training/Dockerfile",
        old="requirements.lock",
        new="requirements.txt",
    ),
    Slip(
        name="a base model of the catalogue is a branch",
        at="models/catalogue.py",
        old="999e0328d9e10b484360c477313983f9afdd7050",
        new="main",
    ),
    Slip(
        name="a machine that a stage uses has no price",
        at="contracts/prices.py",
        old='"ml.g5.xlarge"',
        new='"ml.g5.xlarges"',
    ),
    Slip(name="a price is ten times what it is", at="contracts/prices.py", old="1.408", new="14.08"),
    Slip(name="the README names a command that is not there", at="README.md", old="make deploy", new="make deploi"),
    Slip(
        name="a make target runs a module that is not there", at="Makefile", old="-m infra.gate", new="-m infra.gates"
    ),
    Slip(
        name="a Makefile's target is named and not there",
        at="Makefile",
        old="check: lint types templates site test",
        new="check: lint types template test",
    ),
    Slip(name="two lock files disagree", at="lambdas/requirements.lock", old="pydantic==2", new="pydantic==1"),
    Slip(
        name="a handler is not in the table of the architecture",
        at="docs/architecture.md",
        old="| `promote` |",
        new="| `promotes` |",
    ),
    Slip(
        name="the variant of styles is called otherwise than the shared one",
        at="contracts/hosting.py",
        old='"AllTraffic"',
        new='"Everything"',
    ),
    Slip(
        name="a driver's AMI is another than the image needs",
        at="contracts/machines.py",
        old="inference-gpu-4-1",
        new="inference-gpu-2",
    ),
    Slip(name="the local NVMe of a family is forgotten", at="contracts/machines.py", old='"g5", ', new=""),
)
