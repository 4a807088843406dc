"""Puts the server's parts together: the model, and the segmenter, the upscaler and the styles that the settings name."""

from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from atelier_inference.adapters import AdapterShelf
from atelier_inference.arriving import Arriving, CheckedModel
from atelier_inference.inputs import PictureReader
from atelier_inference.marking import load_marking
from atelier_inference.mode import Dependencies
from atelier_inference.modes import Modes, make_modes
from atelier_inference.pipelines import Model, make_ready, read_model
from atelier_inference.provenance.loading import load_provenance
from atelier_inference.remembering import (
    MOST_ENCODINGS,
    MOST_OUTLINES,
    MOST_WORDS,
    Remembered,
    remember_encodings,
    remember_outlines,
    remember_words,
)
from atelier_inference.settings import Settings
from atelier_inference.sight import Sight
from atelier_inference.skin_gate import SkinGate
from atelier_inference.store import Store
from atelier_inference.styles import StyleCatalogue
from atelier_inference.upscaling import Enlarger, Upscaling
from contracts.safety.thresholds import SKIN
from contracts.sampling import Sampling
from contracts.work import Pace
from diffusion.family import device_beside, find_family, painting_dtype
from diffusion.upscaler import Upscaler
from imaging.segmenter import Segmenter

UPSCALERS_SHARE = 8
"""The upscaler's own adapters may take this part of the memory that those of the base model may: a stage has few of them."""


def load(settings: Settings, store: Store, arriving: Arriving) -> Modes:
    """Load everything, each model as soon as it is there. Raises InvalidInputError for an incomplete or changed one."""
    files, marking = load_provenance(settings, store), load_marking(settings.mark_key)
    model = read_model(arriving.model())
    remember_encodings(model.painter.pipeline.vae, Remembered(MOST_ENCODINGS))
    remember_words(model.painter, Remembered(MOST_WORDS))
    _try_out(model)
    device = model.painter.device
    catalogue = StyleCatalogue(store, settings.styles)
    segmenter, enlarger = _segmenter(arriving.segmenter, device), _enlarger(arriving.upscaler, device_beside(device))
    host, on_device = settings.host_adapter_mib * 2**20, settings.adapter_mib * 2**20
    dependencies = Dependencies(
        model=model,
        adapters=AdapterShelf(model, catalogue, host=host, device=on_device),
        catalogue=catalogue,
        reader=PictureReader(store, settings.uploads),
        files=files,
        marking=marking,
        segmenter=segmenter,
        enlarger=enlarger,
        enlarger_adapters=None
        if enlarger is None
        else AdapterShelf(enlarger, catalogue, host=host // UPSCALERS_SHARE, device=on_device // UPSCALERS_SHARE),
        pace=_pace(settings, model, enlarger),
        safety=settings.safety,
        gate=SkinGate(sight=Sight(segmenter=segmenter), thresholds=SKIN.of_stage(settings.safety)),
    )
    return make_modes(dependencies)


def _try_out(model: Model) -> None:
    """Paint once: weights that load but cannot paint fail here, and the first request does not wait for a GPU to warm up."""
    side = model.resolution
    model.painter.paint(
        prompts=[""], negative_prompts=[""], seeds=[0], size=(side, side), sampling=replace(model.sampling, steps=1)
    )


def _pace(settings: Settings, model: Model, enlarger: Enlarger | None) -> Pace:
    return Pace(
        pixels=settings.pixels_per_second,
        tile_pixels=settings.tile_pixels_per_second,
        resolution=model.resolution,
        steps=model.sampling.steps,
        guidance_until=model.sampling.guidance_until,
        fast_steps=model.fast.steps if model.fast else 0,
        fast_guidance_until=model.fast.guidance_until if model.fast else 1.0,
        tile=enlarger.side if enlarger else 0,
        tile_steps=enlarger.defaults.sampling.steps if enlarger else 0,
        real_time=settings.real_time,
    )


def _segmenter(arriving: Callable[[], CheckedModel] | None, device: str) -> Segmenter | None:
    if arriving is None:
        return None
    segmenter = Segmenter.load(arriving().folder, device)
    remember_outlines(segmenter, Remembered(MOST_OUTLINES))
    return segmenter


def _enlarger(arriving: Callable[[], CheckedModel] | None, device: str) -> Enlarger | None:
    """The upscaler, tried out as the model is."""
    if arriving is None:
        return None
    checked = arriving()
    manifest = checked.base
    family = find_family(manifest.family, Upscaler)
    upscaler = family.load(checked.folder, device=device, dtype=painting_dtype(device), checker=True)
    make_ready(upscaler)
    enlarger = Enlarger(
        reference=checked.reference,
        adapters_for=checked.adapters_for,
        upscaler=upscaler,
        side=manifest.resolution,
        defaults=Upscaling(sampling=Sampling.of(manifest.defaults), noise_level=Upscaler.NOISE_LEVEL),
    )
    tile = Image.new("RGB", (manifest.resolution, manifest.resolution))
    enlarger.enlarge([enlarger.tiles(tile, seed=0)], enlarger.settings(None, steps=1))
    return enlarger
