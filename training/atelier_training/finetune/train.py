"""``train``: fine-tune a base model on a garment's pictures, from SageMaker's folders to a model artifact."""

import argparse
import hashlib
import json
import logging
from math import ceil
from typing import Any

import torch
from accelerate import Accelerator
from diffusers.optimization import get_scheduler

from atelier_training.bases import read_base
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.training_log import average_loss
from atelier_training.finetune import checkpoint, loop
from atelier_training.finetune.artifact import write_artifact
from atelier_training.finetune.batches import Batches
from atelier_training.finetune.config import TrainingJob
from atelier_training.finetune.dataset import Example, load_examples
from atelier_training.finetune.loop import FineTune
from atelier_training.finetune.preparation import Preparation, prepare_batches
from atelier_training.paths import MlPaths
from atelier_training.pipelines import best_precision, frozen_dtype, load_base
from contracts.artifact import BaseManifest
from contracts.errors import InvalidInputError
from diffusion.trained_model import TrainedModel, train_parts, trainable
from diffusion.trainee import Trainee

log = logging.getLogger(__name__)


def run(_arguments: argparse.Namespace, paths: MlPaths) -> None:
    """Train as ``hyperparameters.json`` says, on every GPU of every host."""
    interruption = Interruption()
    job = TrainingJob.load(paths.hyperparameters)
    accelerator = Accelerator(mixed_precision=best_precision(), cpu=not torch.cuda.is_available())
    fine_tune(job, paths, accelerator, interruption)
    accelerator.end_training()


def fine_tune(job: TrainingJob, paths: MlPaths, accelerator: Accelerator, interruption: Interruption) -> None:
    """Prepare, train or continue, and write the artifact."""
    base = read_base(paths.channel("base"))
    examples = load_examples(paths.channel("dataset"), _masks(job, paths), job.instance_prompt)
    training = assemble(job, base, examples, paths, accelerator, interruption)
    configuration = _configuration(job, base, examples, training)
    if accelerator.is_main_process:
        log.info("configuration=%s", json.dumps(configuration, sort_keys=True))

    identity = fingerprint(job, base)
    checkpoint.resume(training, paths.checkpoints, identity)
    loop.run(training, interruption, lambda: checkpoint.save(training, paths.checkpoints, identity))

    if accelerator.is_main_process:
        learner: TrainedModel = accelerator.unwrap_model(training.learner)
        write_artifact(paths.model, learner, training.history, job, paths.channel("base"), configuration)
        log.info("train_avg_loss=%.6f", average_loss(training.history))
    accelerator.wait_for_everyone()


def assemble(
    job: TrainingJob,
    base: BaseManifest,
    examples: list[Example],
    paths: MlPaths,
    accelerator: Accelerator,
    interruption: Interruption,
) -> FineTune:
    """The fine-tune at step 0, made from the base model in the channel ``base``. The VAE and idle parts are let go."""
    torch.manual_seed(job.tuning.seed)
    dtype = frozen_dtype(accelerator.mixed_precision)
    folder, device = paths.channel("base"), str(accelerator.device)
    family = load_base(Trainee, folder, base, job.task, dtype=dtype, device=device)  # type: ignore[type-abstract]
    noise_scheduler = family.noise_schedule()
    preparation = Preparation(
        family=family,
        base=base,
        job=job,
        checkpoints=paths.checkpoints,
        accelerator=accelerator,
        interruption=interruption,
    )
    batches = prepare_batches(preparation, examples, timesteps=noise_scheduler.config.num_train_timesteps)
    learner = train_parts(
        family,
        method=job.method,
        rank=job.tuning.lora_rank,
        train_text_encoder=job.tuning.train_text_encoder,
        gradient_checkpointing=job.tuning.gradient_checkpointing,
    )
    count = sum(parameter.numel() for parameter in trainable(learner).values())
    log.info("trainable_parameters=%d method=%s", count, job.method)
    return _prepared(job, accelerator, learner, batches, noise_scheduler)


def fingerprint(job: TrainingJob, base: BaseManifest) -> str:
    """What a checkpoint belongs to: the same settings, pictures and base model, on however many machines."""
    identity = {"job": job.resolved(), "base": base.reference, "files": dict(base.files)}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def total_steps(job: TrainingJob, pictures: int, processes: int) -> int:
    """``max_steps``, else as many as ``epochs`` over the pictures take."""
    tuning = job.tuning
    per_step = tuning.batch_size * tuning.gradient_accumulation_steps * processes
    return tuning.max_steps or tuning.epochs * ceil(pictures / per_step)


def _prepared(
    job: TrainingJob,
    accelerator: Accelerator,
    learner: TrainedModel,
    batches: Batches,
    noise_scheduler: Any,
) -> FineTune:
    tuning = job.tuning
    optimizer = torch.optim.AdamW(
        trainable(learner).values(),
        lr=tuning.learning_rate,
        betas=(tuning.adam_beta1, tuning.adam_beta2),
        eps=tuning.adam_epsilon,
        weight_decay=tuning.adam_weight_decay,
    )
    steps = total_steps(job, batches.instance.pictures, accelerator.num_processes)
    schedule = get_scheduler(
        tuning.lr_scheduler, optimizer, num_warmup_steps=tuning.lr_warmup_steps, num_training_steps=steps
    )
    learner, optimizer = accelerator.prepare(learner, optimizer)
    return FineTune(
        accelerator=accelerator,
        learner=learner,
        optimizer=optimizer,
        schedule=schedule,
        noise_scheduler=noise_scheduler,
        batches=batches,
        tuning=tuning,
        total_steps=steps,
    )


def _masks(job: TrainingJob, paths: MlPaths) -> Any:
    if job.task == "text-to-image":
        return None
    if not paths.channel("masks").is_dir():
        raise InvalidInputError("channel masks", got="none", allowed="the segment step's output when task is inpaint")
    return paths.channel("masks")


def _configuration(job: TrainingJob, base: BaseManifest, examples: list[Example], training: FineTune) -> dict[str, Any]:
    """Every setting as it is used, for the log and beside the weights."""
    return job.resolved() | {
        "base_model": base.reference,
        "resolution": base.resolution,
        "pictures": [example.name for example in examples],
        "total_steps": training.total_steps,
        "processes": training.accelerator.num_processes,
        "precision": training.accelerator.mixed_precision,
        "device": str(training.accelerator.device),
    }
