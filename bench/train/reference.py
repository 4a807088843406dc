"""The other side: a plain loop as the public DreamBooth inpainting scripts have it, written anew here.

https://github.com/huggingface/diffusers/tree/main/examples/research_projects/dreambooth_inpaint, and for LoRAs its
``examples/dreambooth/train_dreambooth_lora.py``, which puts them on with peft. Pictures are decoded, shrunk to the model's side and cut at
random, masked by one rectangle or ellipse anywhere; the picture, the masked picture and the words are encoded at every step; torch's AdamW
as it comes. On the same layers, with the same rank, rate, schedule and batch as the job asks for; what is predicted is as the base's
scheduler says.

``python -m bench.train.reference ROOT`` does a job's whole training; it prints a line a step as the job does.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler, StableDiffusionInpaintPipeline
from diffusers.optimization import get_scheduler
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn.functional import interpolate, mse_loss
from torch.utils.data import DataLoader, Dataset, RandomSampler

from atelier_training.paths import MlPaths

LAYERS = (
    *("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"),
    *("conv1", "conv2", "conv_shortcut", "conv", "conv_out", "time_emb_proj", "proj"),
)
"""Where a LoRA goes: the same as ours."""


class PlainPictures(Dataset[dict[str, Any]]):
    """The dataset's pictures, decoded each time they are asked for."""

    def __init__(self, folder: Path, prompt: str, tokenizer: Any, side: int, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        self._files = sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png"))
        self._prompt, self._tokenizer, self._side = prompt, tokenizer, side

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> dict[str, Any]:
        picture = Image.open(self._files[index]).convert("RGB")
        scale = self._side / min(picture.size)
        width, height = (max(self._side, round(length * scale)) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        left, top = (int(self._chance.integers(length - self._side + 1)) for length in (width, height))
        picture = picture.crop((left, top, left + self._side, top + self._side))
        options = {"padding": "max_length", "truncation": True, "max_length": self._tokenizer.model_max_length}
        ids = self._tokenizer(self._prompt, **options).input_ids
        return {"picture": picture, "mask": random_mask(self._side, self._chance), "ids": ids}


def random_mask(side: int, chance: np.random.Generator) -> Image.Image:
    """One rectangle or ellipse of any size, anywhere in a square, white on black."""
    mask = Image.new("L", (side, side), 0)
    across, down = (int(chance.integers(side + 1)) // 2 for _ in range(2))
    x, y = int(chance.integers(across, side - across + 1)), int(chance.integers(down, side - down + 1))
    box = (x - across, y - down, x + across, y + down)
    draw = ImageDraw.Draw(mask)
    (draw.rectangle if chance.integers(2) == 0 else draw.ellipse)(box, fill=255)
    return mask


def collate(rows: list[dict[str, Any]]) -> dict[str, Tensor]:
    """Pictures (n, 3, side, side) in -1..1, masks (n, 1, side, side), the pictures outside them, and token ids."""
    levels = np.stack([np.asarray(row["picture"], dtype=np.float32) for row in rows])
    pictures = torch.from_numpy(levels).permute(0, 3, 1, 2) / 127.5 - 1
    drawn = np.stack([np.asarray(row["mask"]) >= 128 for row in rows])
    masks = torch.from_numpy(drawn)[:, None].float()
    ids = torch.tensor([row["ids"] for row in rows])
    return {"pictures": pictures, "masks": masks, "masked": pictures * (masks < 0.5), "ids": ids}


class PlainTraining:
    """A job's training, a step at a time, on a CPU unless another device is named; what is frozen in ``half``, as the scripts have it."""

    def __init__(self, paths: MlPaths, device: torch.device | None = None, half: torch.dtype = torch.float32) -> None:
        self._device, self._half = device or torch.device("cpu"), half
        self.job = json.loads(paths.hyperparameters.read_text(encoding="utf-8"))
        seed = int(self.job.get("seed", 0))
        torch.manual_seed(seed)
        base = paths.channel("base")
        self.pipeline: Any = StableDiffusionInpaintPipeline.from_pretrained(base, safety_checker=None)
        self.schedule = DDPMScheduler.from_config(self.pipeline.scheduler.config)
        self.unet, self.vae, self.words = self.pipeline.unet, self.pipeline.vae, self.pipeline.text_encoder
        self.vae.requires_grad_(False).to(self._device, half)
        self.words.requires_grad_(False).to(self._device, half)
        self.unet.to(self._device)
        self._scaler = torch.amp.GradScaler(self._device.type, enabled=half is torch.float16)
        self._train_by(self.job["method"])
        self.parameters = [each for each in self.unet.parameters() if each.requires_grad]
        rate, self.steps = float(self.job["learning_rate"]), int(self.job["max_steps"])
        self.optimizer = torch.optim.AdamW(self.parameters, lr=rate, weight_decay=0.01)
        self.rates = get_scheduler(
            self.job.get("lr_scheduler", "constant"),
            self.optimizer,
            num_warmup_steps=int(self.job.get("lr_warmup_steps", 0)),
            num_training_steps=self.steps,
        )
        side = self.unet.config.sample_size * self.pipeline.vae_scale_factor
        prompt, tokenizer = self.job["instance_prompt"], self.pipeline.tokenizer
        pictures = PlainPictures(paths.channel("dataset"), prompt, tokenizer, side, seed)
        size = int(self.job["batch_size"])
        # One epoch after another without a smaller batch at its end: a step is then as much work as one of ours.
        chance = RandomSampler(pictures, num_samples=self.steps * size)
        self.loader = DataLoader(pictures, batch_size=size, sampler=chance, collate_fn=collate)
        self._batches = iter(self.loader)

    def _train_by(self, method: str) -> None:
        self.unet.requires_grad_(method == "full")
        if method == "lora":
            rank = int(self.job["lora_rank"])
            layers = list(LAYERS)
            self.unet.add_adapter(
                LoraConfig(r=rank, lora_alpha=rank, init_lora_weights="gaussian", target_modules=layers)
            )
        self.unet.train()

    def step(self) -> float:
        """One optimizer step; its loss."""
        batch = {name: tensor.to(self._device) for name, tensor in next(self._batches).items()}
        with torch.autocast(self._device.type, self._half, enabled=self._half is not torch.float32):
            loss = self._loss(batch)
        torch.autograd.backward(self._scaler.scale(loss))
        self._scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self._scaler.step(self.optimizer)
        self._scaler.update()
        self.rates.step()
        self.optimizer.zero_grad()
        return loss.item()

    def _loss(self, batch: dict[str, Tensor]) -> Tensor:
        with torch.no_grad():
            latents, masked = (self._encoded(batch[name].to(self._half)) for name in ("pictures", "masked"))
            words = self.words(batch["ids"])[0]
        masks = interpolate(batch["masks"], size=latents.shape[-2:])
        noise = torch.randn_like(latents)
        steps = torch.randint(self.schedule.config.num_train_timesteps, (len(latents),), device=self._device)
        noisy = self.schedule.add_noise(latents, noise, steps)
        inputs = torch.cat([noisy, masks, masked], dim=1)
        predicted = self.unet(inputs, steps, encoder_hidden_states=words).sample
        return mse_loss(predicted.float(), self._target(latents, noise, steps).float())

    def _encoded(self, pictures: Tensor) -> Tensor:
        latents: Tensor = self.vae.encode(pictures).latent_dist.sample() * self.vae.config.scaling_factor
        return latents

    def _target(self, latents: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        kind = self.schedule.config.prediction_type
        if kind == "v_prediction":
            velocity: Tensor = self.schedule.get_velocity(latents, noise, steps)
            return velocity
        return {"epsilon": noise, "sample": latents}[kind]

    def export(self, folder: Path) -> None:
        """Write the LoRA, or the whole pipeline."""
        if self.job["method"] == "full":
            self.pipeline.save_pretrained(folder)
            return
        StableDiffusionInpaintPipeline.save_lora_weights(
            folder,
            unet_lora_layers=get_peft_model_state_dict(self.unet),
            unet_lora_adapter_metadata=self.unet.peft_config["default"].to_dict(),
        )


def main(root: str) -> None:
    """Train, print, write."""
    paths = MlPaths(root=Path(root))
    training = PlainTraining(paths)
    for number in range(1, training.steps + 1):
        print(f"step={number}/{training.steps} loss={training.step():.4f}", flush=True)
    training.export(paths.model)


if __name__ == "__main__":
    main(sys.argv[1])
