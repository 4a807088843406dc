"""Turning a pretraining execution's input into its plan: everything later states need, decided and checked once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.bases import base_uri, find_base, terms_of
from atelier_ops.logic.corpus import Corpus, read_corpus
from atelier_ops.logic.names import bounded, in_parts, require_registrable, run_folders, run_jobs, run_name
from contracts.artifact import BaseManifest
from contracts.corpus import CAPTIONS, LABELS, PICTURES, VOCABULARY
from contracts.dataset_files import unused_notes
from contracts.errors import InvalidInputError
from contracts.families import pretrainable
from contracts.layout import run_prefix
from contracts.plan import PretrainingPlan
from contracts.pretraining import PretrainingInput, StageDefaults
from contracts.release import ReleaseRules
from contracts.safety.rules import CLOSED, SafetyRules

NO_LUSTRE = "none"


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What the stage has. ``base_models`` are the references it mirrored, the default first.

    ``lustre`` is ``none`` or ``{file system id}:{directory}``, the directory that the data bucket is linked to; ``rules`` and ``safety``
    are the stage's.
    """

    data: ObjectStore
    models: ObjectStore
    name_prefix: str
    base_models: tuple[str, ...]
    defaults: StageDefaults
    lustre: str
    rules: ReleaseRules
    safety: SafetyRules = CLOSED


def make_pretraining_plan(
    body: object, execution: str, jobs: Mapping[str, Mapping[str, str]], dependencies: Dependencies
) -> PretrainingPlan:
    """The plan of one execution of a machine with these ``jobs``. Raises InvalidInputError naming the first thing that is wrong."""
    require_registrable(execution)
    request = dependencies.rules.apply_to_base(PretrainingInput.from_json(dependencies.defaults.fill(body)))
    _check_name(request, dependencies)
    _check_mode(request, dependencies)
    base = _base_model(request, dependencies)
    corpus = read_corpus(request.dataset, request.held_out, dependencies.data, dependencies.safety)
    _check_instances(request, corpus)
    run = run_name("pretraining", execution)
    runs = run_folders(jobs, dependencies.data.bucket, run)
    runs |= {"training_shards": f"{runs['shard']}train/", "held_out": f"{runs['shard']}held-out/"}
    base_files, stream = base_uri(base.reference, dependencies.models), request.input_mode == "stream"
    tuned = request.hyperparameters.model_copy(update={"shards_uri": runs["training_shards"] if stream else ""})
    plan = {
        "execution": run,
        "name": request.name,
        "model": tuned.model,
        "approval": request.approval,
        "gate": request.thresholds,
        "isolated": not stream,
        "dataset": _dataset(corpus),
        "base": {"reference": base.reference, "uri": base_files, "licence": terms_of(base)},
        "runs": runs,
        "channels": _channels(request, run, runs, base_files, dependencies.lustre),
        "arguments": _arguments(request, dependencies.safety),
        "hyperparameters": tuned.to_strings(),
        "jobs": run_jobs(jobs, dependencies.name_prefix, run, request.instances.to_json()),
        # A second hyphen keeps the group apart from those of styles, whose names begin with none. Capitals would not: ARNs may lose them.
        "model_package_group": bounded(f"{dependencies.name_prefix}--base-{request.name}"),
        "notes": unused_notes(corpus.unused),
    }
    return PretrainingPlan.from_json(plan)


def _check_name(request: PretrainingInput, dependencies: Dependencies) -> None:
    reserved = {reference.partition("@")[0] for reference in dependencies.base_models}
    if request.name in reserved:
        allowed = f"a name other than the stage's own base models: {', '.join(sorted(reserved))}"
        raise InvalidInputError("input.name", got=request.name, allowed=allowed)


def _check_mode(request: PretrainingInput, dependencies: Dependencies) -> None:
    if request.input_mode == "FSx" and dependencies.lustre == NO_LUSTRE:
        allowed = "File | FastFile | stream: this stage has no file system"
        raise InvalidInputError("input.input_mode", got="FSx", allowed=allowed)


def _base_model(request: PretrainingInput, dependencies: Dependencies) -> BaseManifest:
    """The one that is named or, of the stage's own, the first that fits."""
    families = pretrainable(request.hyperparameters.model)
    candidates = (request.base_model,) if request.base_model else dependencies.base_models
    for name in candidates:
        manifest = find_base(name, dependencies.base_models, dependencies.models, where="input.base_model")
        if manifest.family in families:
            return manifest
    raise InvalidInputError(
        "input.base_model",
        got=request.base_model or f"none, and the stage has only {', '.join(dependencies.base_models)}",
        allowed=f"a base model of family {' | '.join(families)}, because the {request.hyperparameters.model} is trained",
    )


def _check_instances(request: PretrainingInput, corpus: Corpus) -> None:
    if request.instances.shard > corpus.samples:
        allowed = f"at most {corpus.samples}, the number of pictures: every host must get one"
        raise InvalidInputError("input.instances.shard", got=request.instances.shard, allowed=allowed)


def _dataset(corpus: Corpus) -> dict[str, Any]:
    """Where each part lies; pictures apart, because they are dealt out to the hosts. No ``labels`` where there are none."""
    parts = {"vocabulary": VOCABULARY, "captions": CAPTIONS, "pictures": PICTURES}
    if corpus.labelled:
        parts["labels"] = LABELS
    return {
        "uri": str(corpus.prefix),
        "samples": corpus.samples,
        "sha256": corpus.sha256,
        **{part: str(corpus.prefix.child(name)) for part, name in parts.items()},
    }


def _channels(
    request: PretrainingInput, run: str, runs: Mapping[str, str], base: str, lustre: str
) -> list[dict[str, Any]]:
    """The training job's InputDataConfig; a streaming run reads its shards from S3 itself."""
    channels = [_s3_channel("base", base, "File")]
    if request.input_mode == "FSx":
        return [_lustre_channel(lustre, run), *channels]
    if request.input_mode != "stream":
        return [_s3_channel("shards", runs["training_shards"], request.input_mode), *channels]
    return channels


def _s3_channel(name: str, uri: str, mode: str) -> dict[str, Any]:
    # Every process picks its samples out of all shards, so that one host or ten read the same order.
    source = {"S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated", "S3Uri": uri}
    return {"ChannelName": name, "InputMode": mode, "DataSource": {"S3DataSource": source}}


def _lustre_channel(lustre: str, run: str) -> dict[str, Any]:
    file_system, _, directory = lustre.partition(":")
    source = {
        "FileSystemId": file_system,
        "FileSystemAccessMode": "ro",
        "FileSystemType": "FSxLustre",
        "DirectoryPath": f"{directory.rstrip('/')}/{run_prefix(run, 'shard')}train",
    }
    return {"ChannelName": "shards", "InputMode": "File", "DataSource": {"FileSystemDataSource": source}}


def _arguments(request: PretrainingInput, safety: SafetyRules) -> dict[str, list[str]]:
    gate = ["--gate", json.dumps(gate)] if (gate := request.thresholds) else []
    return {
        "shard": ["--held-out", str(request.held_out), *in_parts("--safety=", json.dumps(safety.to_json()))],
        "evaluate": ["--model", request.hyperparameters.model, *gate],
    }
