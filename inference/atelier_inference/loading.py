"""Puts the server's parts together: the model, the segmenter and the styles that the settings name."""

from pathlib import Path

from atelier_inference.adapters import AdapterShelf, StyleCatalogue
from atelier_inference.inputs import PictureReader
from atelier_inference.jobs import JobMaker
from atelier_inference.pipelines import Model, load_model
from atelier_inference.prefixes import fetch_base
from atelier_inference.runner import Runner
from atelier_inference.settings import Settings
from atelier_inference.store import Store
from atelier_inference.worker import Loaded
from imaging.segmenter import Segmenter


def load(settings: Settings, store: Store, scratch: Path) -> Loaded:
    """Load everything; ``scratch`` is a folder for what is fetched. Raises InvalidInputError for an incomplete or changed model."""
    model = load_model(settings.model)
    _try_out(model)
    catalogue = StyleCatalogue(store, settings.styles)
    segmenter = _segmenter(settings, store, scratch / "segmenter", model.painter.device)
    shelf = AdapterShelf(model, catalogue, most=settings.max_adapters)
    reader = PictureReader(store, settings.uploads)
    return Loaded(
        maker=JobMaker(model, reader, catalogue, segmenter=segmenter is not None),
        runner=Runner(model, segmenter, shelf),
    )


def _try_out(model: Model) -> None:
    """Draw once, so that weights that load but cannot draw fail here, and the first client does not wait for a GPU to warm up."""
    side = model.resolution
    model.painter.paint(
        prompts=[""], negative_prompts=[""], seeds=[0], size=(side, side), steps=2, guidance=model.guidance
    )


def _segmenter(settings: Settings, store: Store, folder: Path, device: str) -> Segmenter | None:
    if settings.segmenter is None:
        return None
    fetch_base(store, settings.segmenter, folder)
    return Segmenter.load(folder, device)
