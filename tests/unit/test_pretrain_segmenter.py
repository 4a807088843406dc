"""How the untrained segmenter starts: it already knows which patches are neighbours."""

import pytest
import torch

from atelier_training.learners import segmenter
from atelier_training.learners.segmenter_model import PATCH, SIDE, look, waves
from atelier_training.learners.text import Words
from tests.unit.pretrain_shards import write_tokenizer

ACROSS = SIDE // PATCH


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    return Words(write_tokenizer(tmp_path_factory.mktemp("tokenizer")), segmenter.POSITIONS)


def test_places_are_alike_as_they_are_near() -> None:
    places = waves(8, 32).view(8, 8, 32)
    alike = (places[3, 3] * places).sum(-1)
    assert alike[3, 3] == alike.max() == pytest.approx(16)
    assert alike[3, 4] > alike[3, 6]
    assert alike[4, 3] > alike[6, 3]
    assert alike[3, 4] == pytest.approx(alike[4, 3].item())


def test_an_untrained_model_looks_near_each_patch(words: Words) -> None:
    model = segmenter.begin(words, None, seed=0)
    model.set_attn_implementation("eager")
    grey = torch.zeros(1, 3, SIDE, SIDE)
    with torch.no_grad():
        attended = model.clip.vision_model(pixel_values=grey, output_attentions=True).attentions[0].mean(1)
    middle = ACROSS // 2 * ACROSS + ACROSS // 2
    shares = attended[0, 1 + middle, 1:].view(ACROSS, ACROSS)
    rows, columns = torch.meshgrid(torch.arange(ACROSS), torch.arange(ACROSS), indexing="ij")
    distance = torch.hypot(rows - ACROSS / 2, columns - ACROSS / 2)
    near = shares[distance <= 4].sum() / shares.sum()
    evenly = (distance <= 4).float().mean()
    assert near > 1.5 * evenly


def test_every_layer_that_is_read_feeds_the_decoder(words: Words) -> None:
    model = segmenter.begin(words, None, seed=0)
    with torch.no_grad():
        activations = look(model, torch.zeros(1, 3, SIDE, SIDE))
    assert len(activations) == len(model.decoder.layers)
    assert all(held.shape == (1, 1 + ACROSS**2, 96) for held in activations)
