"""``train``: fine-tune a base model on a garment's pictures, from SageMaker's folders to a model artifact."""

import argparse
import json
import logging
import shutil
from contextlib import closing
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import torch

from atelier_training.advice import FINE_TUNING_VOLUME, of_fine_tuning
from atelier_training.base_files import read_base
from atelier_training.bases import load_base
from atelier_training.data.crops import crops_folder, lasting_no_longer
from atelier_training.data.examples import ExampleFile, load_class_examples, load_examples
from atelier_training.data.pictures import DatasetFolder
from atelier_training.data.preparation import Preparation
from atelier_training.engine.event_files import EventFiles
from atelier_training.engine.exhaustion import exhaustion_named
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.looks import LearningWatch, TrainingLooks
from atelier_training.engine.loop import LOG, train
from atelier_training.engine.optimizers import adamw_named, require_adamw
from atelier_training.engine.processes import Processes, joined
from atelier_training.engine.run import Feed, Learner, compute_dtype
from atelier_training.engine.settings import Settings
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.learners.enlarging import EnlargingLearner, enlargement_batches
from atelier_training.learners.fine_tune import FineTuneLearner, learning_rate
from atelier_training.paths import MlPaths
from atelier_training.provenance import code_version, now
from atelier_training.trials import checkpoints_of
from atelier_training.validation.judge import write as write_looks
from atelier_training.validation.setting_aside import set_aside
from atelier_training.validation.watching import WatchedLearning
from contracts.artifact import (
    TRAINING_LOG,
    VALIDATION_LOG,
    VALIDATION_STRIP,
    BaseManifest,
    StyleManifest,
    hash_files,
    to_json,
)
from contracts.layout import MANIFEST, STRIP, VALIDATION
from diffusion.enlarging_model import EnlargingModel
from diffusion.family import find_family
from diffusion.layout import lay_out_for_encoding
from diffusion.trained_model import train_parts, trainable_parts
from diffusion.trainee import Trainee
from diffusion.upscaler import Upscaler

CONFIGURATION = "training_config.json"
PRECISION = "half"
"""What hardware computes fastest in: bf16 or fp16 on a GPU, fp32 on a CPU."""

_MOST_LINES = 100
"""The number of progress lines in a whole run: enough to follow it, few enough to read."""

log = logging.getLogger(__name__)


def run(_arguments: argparse.Namespace, paths: MlPaths, interruption: Interruption) -> None:
    """Train as ``hyperparameters.json`` says, on every GPU of every host."""
    job = paths.read_hyperparameters(FineTuneJob)
    for warning in job.ignored():
        log.warning("ignored: %s", warning)
    named = exhaustion_named(interruption, lambda: of_fine_tuning(job), volume=FINE_TUNING_VOLUME)
    with named:
        with joined() as processes:
            fine_tune(job, paths, processes, interruption)
            leads = processes.leads
        if job.objective and leads:
            # What paints and finds garments is not imported by a training that nobody compares.
            from atelier_training.jobs.trial import judge

            judge(job, paths, interruption)


def fine_tune(job: FineTuneJob, paths: MlPaths, processes: Processes, interruption: Interruption) -> None:
    """Prepare, train or continue, and write the artifact."""
    require_adamw(job.optimizer, processes.device)
    base = read_base(paths.channel("base"))
    dataset = DatasetFolder.read(paths.channel("dataset"))
    for note in dataset.notes(job.task, prior=job.with_prior_preservation):
        log.warning("%s", note)
    examples = load_examples(dataset, paths.channel("masks"), job.instance_prompt)
    learnt, aside = set_aside(examples, job)
    settings = settings_of(job, base, pictures=len(learnt), processes=processes.world)
    configuration = _configuration(job, base, learnt, settings, processes) | {
        "set_aside": [each.name for each in aside]
    }
    if processes.leads:
        log.info("configuration=%s", json.dumps(configuration, sort_keys=True))
    with lasting_no_longer(crops_folder(paths.root), processes), closing(EventFiles(paths.tensorboard)) as events:
        kept = checkpoints_of(job, paths.checkpoints)
        learner, batches, watch = prepare(job, base, learnt, aside, paths, processes, interruption, events)
        summary = train(
            learner,
            batches,
            settings,
            kept,
            export=paths.model,
            interruption=interruption,
            watch=watch,
            tell=events.step,
        )
    if summary.leads:
        write_manifest(paths.model, kept, summary.looks, job, base, configuration)
        log.info("train_avg_loss=%.6f", summary.train_avg_loss)
    processes.wait()


def prepare(
    job: FineTuneJob,
    base: BaseManifest,
    learnt: list[ExampleFile],
    aside: list[ExampleFile],
    paths: MlPaths,
    processes: Processes,
    interruption: Interruption,
    events: EventFiles,
) -> tuple[Learner[Any], Feed[Any], LearningWatch | None]:
    """The learner, its batches, and who looks at it and tells ``events``, made from the base model in the channel ``base``.

    What is not used any more is released.
    """
    torch.manual_seed(job.seed)
    if job.task == "upscale":
        return (*prepare_enlarging(job, base, learnt, paths, processes), None)
    folder, dtype, device = paths.channel("base"), compute_dtype(PRECISION, processes.device), str(processes.device)
    family = load_base(Trainee, folder, base, job.task, dtype=dtype, device=device)  # type: ignore[type-abstract]
    lay_out_for_encoding(family.pipeline)
    schedule = family.noise_schedule()
    preparation = Preparation(
        family=family,
        base=base,
        job=job,
        checkpoints=paths.checkpoints,
        crops=crops_folder(paths.root),
        processes=processes,
        interruption=interruption,
    )
    steps, levels = total_steps(job, len(learnt), processes.world), int(schedule.config.num_train_timesteps)
    dataset = DatasetFolder.read(paths.channel("dataset"))
    class_examples = load_class_examples(dataset, paths.channel("masks"), job.class_prompt)
    batches = preparation.batches(learnt, class_examples, timesteps=levels, steps=steps)
    watching = (
        WatchedLearning(preparation=preparation, learnt=learnt, aside=aside, dtype=dtype)
        if job.validation_steps
        else None
    )
    if not job.painted_at_a_look:
        family.only_encode()
    trained = train_parts(
        family,
        lora=job.lora,
        train_text_encoder=job.train_text_encoder,
        gradient_checkpointing=job.gradient_checkpointing,
        keeps=("vae", *(family.tokenizers if job.painted_at_a_look else ())),
    )
    learner = FineTuneLearner(trained, schedule, job, base=folder, manifest=base)
    return learner, batches, watching.watch(learner, events, levels=levels, steps=steps) if watching else None


def prepare_enlarging(
    job: FineTuneJob, base: BaseManifest, examples: list[ExampleFile], paths: MlPaths, processes: Processes
) -> tuple[Learner[Any], Feed[Any]]:
    """The same of an upscaler."""
    folder, dtype, device = paths.channel("base"), compute_dtype(PRECISION, processes.device), str(processes.device)
    upscaler = find_family(base.family, Upscaler).load(folder, device=device, dtype=dtype, checker=False)
    dataset, steps = DatasetFolder.read(paths.channel("dataset")), total_steps(job, len(examples), processes.world)
    batches = enlargement_batches(upscaler, base, job, examples, dataset, paths.checkpoints, steps=steps)
    lay_out_for_encoding(upscaler.pipeline)
    if not upscaler.predicts_pictures:
        upscaler.only_encode()
    parts = trainable_parts(
        upscaler,
        lora=job.lora,
        train_text_encoder=False,
        gradient_checkpointing=job.gradient_checkpointing,
        keeps=("vae",),
    )
    trained = EnlargingModel(upscaler, parts)
    trained.train()
    return EnlargingLearner(trained, job, base=folder, manifest=base), batches


def settings_of(job: FineTuneJob, base: BaseManifest, *, pictures: int, processes: int) -> Settings:
    """The engine's settings. A checkpoint belongs to the same settings, pictures and base model, on however many machines."""
    steps = total_steps(job, pictures, processes)
    optimizers = partial(
        adamw_named,
        job.optimizer,
        betas=(job.adam_beta1, job.adam_beta2),
        eps=job.adam_epsilon,
        weight_decay=job.adam_weight_decay,
    )
    return Settings(
        steps=steps,
        samples=job.batch_size * job.gradient_accumulation_steps * processes,
        rate=learning_rate(job, steps),
        optimizers=optimizers,
        clip=job.max_grad_norm,
        ema=0.0,
        accumulation=job.gradient_accumulation_steps,
        precision=PRECISION,
        sharding="ddp",
        seed=job.seed,
        checkpoint_every=job.checkpoint_steps,
        entry_every=1,
        line_every=max(1, steps // _MOST_LINES),
        identity=job.model_dump(mode="json") | {"base_model": base.reference, "base_files": dict(base.files)},
    )


def total_steps(job: FineTuneJob, pictures: int, processes: int) -> int:
    """``max_steps``, else as many as ``epochs`` over the pictures take."""
    per_step = job.batch_size * job.gradient_accumulation_steps * processes
    return job.max_steps or job.epochs * ceil(pictures / per_step)


def _configuration(
    job: FineTuneJob, base: BaseManifest, examples: list[ExampleFile], settings: Settings, processes: Processes
) -> dict[str, Any]:
    """Every setting as it is used, for the log and beside the weights."""
    return job.resolved() | {
        "base_model": base.reference,
        "resolution": base.resolution,
        "pictures": [example.name for example in examples],
        "total_steps": settings.steps,
        "processes": processes.world,
        "precision": str(compute_dtype(PRECISION, processes.device)).removeprefix("torch."),
        "device": str(processes.device),
    }


def write_manifest(
    model: Path,
    checkpoints: Path,
    looks: TrainingLooks,
    job: FineTuneJob,
    base: BaseManifest,
    configuration: dict[str, Any],
) -> None:
    """Write the training log, what was seen meanwhile, the configuration as used and, last, the manifest beside the weights."""
    shutil.copyfile(checkpoints / LOG, model / TRAINING_LOG)
    if looks.entries:
        write_looks(looks, model / VALIDATION_LOG)
    (model / CONFIGURATION).write_text(json.dumps(configuration, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    manifest = StyleManifest(
        **job.model_dump(include=set(StyleManifest.model_fields)),
        base_model=base.reference,
        commercial=base.commercial,
        restricted=base.restricted,
        hyperparameters=job.tuning.model_dump(),
        code_version=code_version(),
        created_at=now(),
        files=hash_files(model),
    )
    if looks.entries and job.painted_at_a_look:
        shutil.copyfile(checkpoints / VALIDATION / STRIP, model / VALIDATION_STRIP)
    (model / MANIFEST).write_text(to_json(manifest), encoding="utf-8")
