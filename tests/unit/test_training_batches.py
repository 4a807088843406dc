"""What is drawn at each step depends on the seed and the place alone, and every epoch shows every picture once."""

from dataclasses import replace

import torch

from atelier_training.finetune.batches import Batches, Place
from atelier_training.finetune.cache import LatentCache
from atelier_training.finetune.draws import order
from contracts.hyperparameters import Hyperparameters

PICTURES, VIEWS = 5, 3


def cache(caption: str) -> LatentCache:
    count = PICTURES * VIEWS
    return LatentCache(
        names=[f"{caption}-{index // VIEWS}" for index in range(count)],
        captions=[caption] * count,
        latents=torch.arange(count).float().reshape(count, 1, 1, 1).expand(count, 4, 2, 2),
        masks=torch.ones(count, 1, 2, 2),
        masked=torch.zeros(count, 4, 2, 2),
        frames=torch.arange(count).float()[:, None].expand(count, 6),
        views=VIEWS,
    )


def batches(*, prior: bool = False, **tuning: object) -> Batches:
    settings = Hyperparameters(**{"batch_size": 2, "prior_loss_weight": 0.5, **tuning})  # type: ignore[arg-type]
    words = {"garment": {"states": torch.zeros(3, 8)}, "class": {"states": torch.ones(3, 8)}}
    return Batches(
        instance=cache("garment"),
        prior=cache("class") if prior else None,
        words=words,
        tuning=settings,
        timesteps=1000,
    )


def place(step: int, micro: int = 0, rank: int = 0, world: int = 1) -> Place:
    return Place(step=step, micro=micro, rank=rank, world=world)


def test_every_epoch_shows_every_picture_once_in_its_own_order() -> None:
    epochs = [order(0, PICTURES, epoch * PICTURES, PICTURES) for epoch in range(6)]
    assert all(sorted(epoch) == list(range(PICTURES)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_a_batch_may_span_two_epochs() -> None:
    assert order(0, PICTURES, 3, 4) == order(0, PICTURES, 0, 10)[3:7]


def test_the_same_place_draws_the_same_and_another_place_another_batch() -> None:
    drawn, again, later = batches().draw(place(7)), batches().draw(place(7)), batches().draw(place(8))
    assert drawn.names == again.names
    assert torch.equal(drawn.noise, again.noise)
    assert torch.equal(drawn.timesteps, again.timesteps)
    assert not torch.equal(drawn.noise, later.noise)
    assert not torch.equal(drawn.noise, batches(seed=1).draw(place(7)).noise)


def test_two_processes_see_what_one_process_sees_in_twice_the_batches() -> None:
    two = [batches().draw(place(step, rank=rank, world=2)) for step in range(2) for rank in range(2)]
    one = [batches(gradient_accumulation_steps=2).draw(place(step, micro)) for step in range(2) for micro in range(2)]
    assert [batch.names for batch in two] == [batch.names for batch in one]
    assert all(torch.equal(a.noise, b.noise) for a, b in zip(two, one, strict=True))


def test_latents_belong_to_the_picture_that_is_named() -> None:
    batch = batches().draw(place(3))
    views = [int(latent[0, 0, 0]) for latent in batch.latents]
    assert [f"garment-{view // VIEWS}" for view in views] == list(batch.names)
    assert batch.frames[:, 0].tolist() == views


def test_the_prior_adds_as_many_class_pictures_at_their_own_share() -> None:
    own, both = batches().draw(place(2)), batches(prior=True).draw(place(2))
    assert list(both.names[:2]) == list(own.names)
    assert all(name.startswith("class") for name in both.names[2:])
    assert both.shares.tolist() == [0.5, 0.5, 0.25, 0.25]
    assert both.words["states"][:, 0, 0].tolist() == [0, 0, 1, 1]
    assert torch.equal(both.noise[:2], own.noise)


def test_moving_a_batch_keeps_its_names_and_its_values() -> None:
    batch = batches().draw(place(0))
    moved = batch.to(torch.device("meta"))
    assert moved.names == batch.names
    assert moved.latents.is_meta
    assert moved.words["states"].is_meta
    assert replace(batch).latents is batch.latents
