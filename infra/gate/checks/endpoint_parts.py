"""What an endpoint is made of: the stage's base models, the image built here, each topic in its own place, settings of the stage."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.hosting import Hosting
from contracts.layout import base_prefix
from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.sources import HANDLERS, Sources
from infra.settings.stage import Stage
from models.catalogue import CatalogueEntry

_NAME = "endpoint parts"
_BUILT = re.compile(r"\.dkr\.ecr\.[^/]+/cdk-\w+-container-assets-.+:[0-9a-f]{64}$")
_TOPICS = {"SuccessTopic": "Success", "ErrorTopic": "Error"}


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    stage = STAGES.get(assembly.stage)
    images = {
        str(each.properties.get("PrimaryContainer", {}).get("Image")) for each in assembly.of("AWS::SageMaker::Model")
    }
    for model in assembly.of("AWS::SageMaker::Model"):
        container = model.properties.get("PrimaryContainer", {})
        if not _BUILT.search(str(container.get("Image"))):
            wrong = f"it runs {container.get('Image')}, which is not built from this repository"
            yield model.finding(_NAME, wrong, "Run the image asset of inference/")
        for wrong, remedy in _told(container, stage) if stage else ():
            yield model.finding(_NAME, wrong, remedy)
    for base in assembly.of("Custom::BaseModel") if stage else ():
        if stage and str(base.properties.get("Entry")) not in {entry.to_json() for entry in stage.models}:
            wrong = f"its Entry is none of the stage's base models: {str(base.properties.get('Entry'))[:80]}"
            yield base.finding(_NAME, wrong, "Hand over an entry of models/catalogue.py as it is")
    for config in assembly.of("AWS::SageMaker::EndpointConfig"):
        for wrong, remedy in (*_topics(assembly, config), *_first(config, stage)):
            yield config.finding(_NAME, wrong, remedy)
    for function in assembly.of("AWS::Lambda::Function"):
        name = str(function.properties.get("Handler", ""))
        if name.startswith(HANDLERS) and not name.endswith(".handler"):
            yield function.finding(_NAME, f"Lambda would call {name}", "Name the function called handler of the module")
    for name, function in handlers(assembly).items():
        yield from _named(name, function, images, stage)


def _told(container: Mapping[str, Any], stage: Stage) -> Iterator[tuple[str, str]]:
    """The server's settings and the model's own prefix."""
    environment = container.get("Environment", {})
    source = str(container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri"))
    wanted = {
        "the model": (source, _prefix(stage.default_model)),
        "ATELIER_SEGMENTER_URI": (str(environment.get("ATELIER_SEGMENTER_URI")), _prefix(stage.segmenter_model)),
        "ATELIER_UPSCALER_URI": (
            str(environment.get("ATELIER_UPSCALER_URI")),
            _prefix(stage.upscaler_model) if stage.upscaler_model else "",
        ),
        "ATELIER_ADAPTER_MIB": (str(environment.get("ATELIER_ADAPTER_MIB")), str(stage.serving.adapter_mib)),
        "ATELIER_HOST_ADAPTER_MIB": (
            str(environment.get("ATELIER_HOST_ADAPTER_MIB")),
            str(stage.serving.host_adapter_mib),
        ),
    }
    for name, (got, meant) in wanted.items():
        if not got.endswith(meant) or (not meant and got):
            yield f"{name} is {got}, the stage says {meant or 'none'}", "Take it from the stage"


def _prefix(entry: CatalogueEntry) -> str:
    return f"/{base_prefix(entry.name, entry.revision)}"


def _topics(assembly: Assembly, config: Resource) -> Iterator[tuple[str, str]]:
    told = config.properties.get("AsyncInferenceConfig", {}).get("OutputConfig", {}).get("NotificationConfig", {})
    for key, start in _TOPICS.items():
        found = [each.logical_id for each in assembly.referenced(told.get(key, ""))]
        if found and not found[0].startswith(start):
            yield f"its {key} is {found[0]}", f"Name the topic {start}: each is subscribed to for what it says"


def _first(config: Resource, stage: Stage | None) -> Iterator[tuple[str, str]]:
    for variant in config.properties.get("ProductionVariants", []):
        wanted = stage.serving.first_instances if stage else variant.get("InitialInstanceCount")
        if variant.get("InitialInstanceCount") != wanted:
            wrong = f"it starts with {variant.get('InitialInstanceCount')} instances, the stage says {wanted}"
            yield wrong, "Take first_instances of the stage's Serving"


def _named(name: str, function: Resource, images: set[str], stage: Stage | None) -> Iterator[Finding]:
    """What handlers make endpoints and packages of is the image that the shared endpoint runs."""
    variables = function.properties.get("Environment", {}).get("Variables", {})
    named = {"IMAGE_URI": str(variables["IMAGE_URI"])} if "IMAGE_URI" in variables else {}
    if name == "deploy_endpoint" and "HOSTING" in variables:
        try:
            hosting = Hosting.from_text(str(variables["HOSTING"]))
        except Exception:  # noqa: BLE001 server_settings says so
            return
        named["HOSTING's image_uri"] = hosting.image_uri
        if stage and not hosting.base_uri.endswith(_prefix(stage.default_model)):
            wrong = f"HOSTING's base_uri is {hosting.base_uri}"
            yield function.finding(_NAME, wrong, "Name the base model that the shared endpoint holds")
        if "BucketsMedia" not in hosting.media_bucket:
            wrong = f"HOSTING's media_bucket is {hosting.media_bucket}"
            yield function.finding(_NAME, wrong, "Name the media bucket, which roles and handlers read answers from")
    for key, image in named.items():
        if images and image not in images:
            yield function.finding(
                _NAME, f"{key} is {image}, which no endpoint runs", "Name the image of the model server"
            )
