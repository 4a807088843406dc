"""What is drawn at each step depends on the seed and the batch's number alone, and every epoch shows every picture once."""

from itertools import islice
from typing import Any

import torch

from atelier_training.data.draws import batch_of_one_group, order
from atelier_training.data.latents import Batches, EncodedView
from atelier_training.engine.parallel import on_device
from atelier_training.engine.processes import Processes
from contracts.hyperparameters import Hyperparameters

PICTURES, VIEWS = 5, 3


class Source:
    """Encoded views whose values are their numbers."""

    def __init__(self, caption: str, groups: tuple[tuple[int, ...], ...] = ()) -> None:
        self.names = tuple(f"{caption}-{index}" for index in range(PICTURES))
        self.captions = (caption,) * PICTURES
        self.views = VIEWS
        self.groups = groups or (tuple(range(PICTURES)),)

    def view(self, picture: int, number: int) -> EncodedView:
        value = float(picture * VIEWS + number)
        (group,) = (at for at, own in enumerate(self.groups) if picture in own)
        cells = (2 + 2 * group, 2)
        return EncodedView(
            latents=torch.full((4, *cells), value),
            mask=torch.ones(1, *cells),
            masked=torch.zeros(4, *cells),
            frame=torch.full((6,), value),
        )


def batches(*, prior: bool = False, groups: tuple[tuple[int, ...], ...] = (), **tuning: object) -> Batches:
    settings = Hyperparameters(**{"batch_size": 2, "prior_loss_weight": 0.5, **tuning})  # type: ignore[arg-type]
    words = {"garment": {"states": torch.zeros(3, 8)}, "class": {"states": torch.ones(3, 8)}}
    return Batches(
        instance=Source("garment", groups),
        prior=Source("class") if prior else None,
        words=words,
        tuning=settings,
        timesteps=1000,
    )


def processes(**others: Any) -> Processes:
    return Processes(device=torch.device("cpu"), **others)


def test_every_epoch_shows_every_picture_once_in_its_own_order() -> None:
    epochs = [order(0, PICTURES, epoch * PICTURES, PICTURES) for epoch in range(6)]
    assert all(sorted(epoch) == list(range(PICTURES)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_a_batch_may_span_two_epochs() -> None:
    assert order(0, PICTURES, 3, 4) == order(0, PICTURES, 0, 10)[3:7]


def test_the_same_number_draws_the_same_and_another_number_another_batch() -> None:
    drawn, again, later = batches().draw(7), batches().draw(7), batches().draw(8)
    assert drawn.keys == again.keys
    assert torch.equal(drawn.noise, again.noise)
    assert torch.equal(drawn.timesteps, again.timesteps)
    assert not torch.equal(drawn.noise, later.noise)
    assert not torch.equal(drawn.noise, batches(seed=1).draw(7).noise)


def test_two_processes_see_what_one_process_sees_in_twice_the_batches() -> None:
    shares = [list(islice(batches().batches(processes(rank=rank, world=2), first=1), 2)) for rank in range(2)]
    two = [batch for pair in zip(*shares, strict=True) for batch in pair]
    one = list(islice(batches(gradient_accumulation_steps=2).batches(processes(), first=1), 4))
    assert [batch.keys for batch in two] == [batch.keys for batch in one]
    assert all(torch.equal(a.noise, b.noise) for a, b in zip(two, one, strict=True))


def test_latents_belong_to_the_picture_that_is_named() -> None:
    batch = batches().draw(3)
    views = [int(latent[0, 0, 0]) for latent in batch.latents]
    assert [f"garment-{view // VIEWS}" for view in views] == list(batch.keys)
    assert batch.frames[:, 0].tolist() == views


def test_the_prior_adds_as_many_class_pictures_at_their_own_share() -> None:
    own, both = batches().draw(2), batches(prior=True).draw(2)
    assert list(both.keys[:2]) == list(own.keys)
    assert all(name.startswith("class") for name in both.keys[2:])
    assert both.shares.tolist() == [0.5, 0.5, 0.25, 0.25]
    assert both.words["states"][:, 0, 0].tolist() == [0, 0, 1, 1]
    assert torch.equal(both.noise[:2], own.noise)


def test_an_offset_of_noise_is_one_number_for_all_of_a_picture_and_changes_nothing_else() -> None:
    plain, shifted = batches().draw(4), batches(noise_offset=0.5).draw(4)
    assert shifted.keys == plain.keys
    assert torch.equal(shifted.timesteps, plain.timesteps)
    offset = shifted.noise - plain.noise
    assert torch.allclose(offset, offset[:, :, :1, :1].expand_as(offset), atol=1e-6)
    offsets = torch.cat(
        [(batches(noise_offset=0.5).draw(n).noise - batches().draw(n).noise)[..., 0, 0] for n in range(40)]
    )
    assert len({round(each, 4) for each in offsets.flatten().tolist()}) > 300, "one for each picture and channel"
    assert 0.4 < float(offsets.std()) < 0.6


def test_moving_a_batch_keeps_its_keys_and_its_values() -> None:
    batch = batches().draw(0)
    moved = on_device(batch, torch.device("meta"))
    assert moved.keys == batch.keys
    assert moved.latents.is_meta
    assert moved.words["states"].is_meta
    assert on_device(batch, torch.device("cpu")) is batch


BUCKETS = ((0, 3), (1,), (2, 4))


def test_a_batch_is_of_one_bucket_and_no_picture_is_shown_more_often() -> None:
    drawn = [batch_of_one_group(7, BUCKETS, number, 4) for number in range(3 * PICTURES)]
    assert all(any(set(each) <= set(bucket) for bucket in BUCKETS) for each in drawn)
    for period in (drawn[:PICTURES], drawn[PICTURES : 2 * PICTURES]):
        shown = [picture for each in period for picture in each]
        assert {picture: shown.count(picture) for picture in range(PICTURES)} == dict.fromkeys(range(PICTURES), 4)
    orders = {tuple(each[0] in BUCKETS[0] for each in drawn[at : at + PICTURES]) for at in (0, PICTURES, 2 * PICTURES)}
    assert len(orders) > 1, "the buckets take turns in another order"
    assert drawn == [batch_of_one_group(7, BUCKETS, number, 4) for number in range(3 * PICTURES)]


def test_one_bucket_is_drawn_from_as_without_buckets() -> None:
    assert batch_of_one_group(3, [range(PICTURES)], 4, 2) == order(3, PICTURES, 8, 2)


def test_batches_of_a_bucket_are_of_its_size() -> None:
    for number in range(PICTURES):
        batch = batches(groups=BUCKETS).draw(number)
        pictures = {int(key.split("-")[1]) for key in batch.keys}
        (bucket,) = (at for at, own in enumerate(BUCKETS) if pictures <= set(own))
        assert batch.latents.shape == batch.noise.shape == (2, 4, 2 + 2 * bucket, 2)


def test_class_pictures_of_another_size_stay_beside_the_own_ones() -> None:
    drawn = [batches(groups=BUCKETS, prior=True).draw(number) for number in range(PICTURES)]
    beside = [batch for batch in drawn if batch.others is not None]
    assert beside
    assert len(beside) < len(drawn), "a bucket's own size is the class pictures'"
    for batch in beside:
        others = batch.others
        assert others is not None
        assert batch.keys[2:] == others.keys
        assert (len(batch.keys), batch.shares.tolist(), others.shares.tolist()) == (4, [0.5, 0.5], [0.25, 0.25])
        moved = on_device(batch, torch.device("meta"))
        assert moved.others.latents.is_meta
