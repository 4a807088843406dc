"""atelier_training.data.order, stores, shards: every sample once an epoch, wherever the shards lie and whoever reads them."""

import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import boto3
import numpy as np
import pytest
from moto import mock_aws
from PIL import Image

from atelier_training.data.order import Order, Position
from atelier_training.data.sampling import draw
from atelier_training.data.shards import ShardError, ShardFolder, mounted_shards, open_shards
from atelier_training.data.stores import Cached, Folder

UNEVEN = {"a.tar": 7, "b.tar": 1, "c.tar": 12, "d.tar": 3, "empty.tar": 0}  # 23 samples


def places(order: Order, numbers: range) -> list[Position]:
    return [order.position(number) for number in numbers]


@pytest.mark.parametrize("streams", [1, 2, 3, 8, 40])
def test_every_epoch_has_each_sample_once_also_of_uneven_shards(streams: int) -> None:
    order = Order(UNEVEN, seed=1, streams=streams)
    everything = {Position(shard=name, number=i) for name, count in UNEVEN.items() for i in range(count)}
    for epoch in range(5):
        seen = places(order, range(23 * epoch, 23 * (epoch + 1)))
        assert len(seen) == len(set(seen))
        assert set(seen) == everything


def test_epochs_and_seeds_differ_in_the_order_of_shards_and_of_samples() -> None:
    row = [places(Order(UNEVEN, seed=seed, streams=1), range(46)) for seed in (1, 2)]
    assert row[0][:23] != row[0][23:]
    assert row[0][:23] != row[1][:23]
    shards = [list(dict.fromkeys(place.shard for place in row[0][start : start + 23])) for start in (0, 23)]
    assert shards[0] != shards[1]
    within = [[p.number for p in row[0][start : start + 23] if p.shard == "c.tar"] for start in (0, 23)]
    assert within[0] != within[1]
    assert within[0] != sorted(within[0])


def test_the_place_of_a_sample_follows_from_its_number_alone() -> None:
    order = Order(UNEVEN, seed=1, streams=3)
    asked_in_turn = places(order, range(100))
    assert [Order(UNEVEN, seed=1, streams=3).position(number) for number in (99, 3, 57, 4)] == [
        asked_in_turn[number] for number in (99, 3, 57, 4)
    ]


def test_a_batch_mixes_as_many_shards_as_there_are_streams() -> None:
    counts = {f"{n:02}.tar": 100 for n in range(16)}
    order = Order(counts, seed=0, streams=8)
    for step in range(0, 100, 7):
        shards = Counter(place.shard for place in places(order, range(step * 16, step * 16 + 16)))
        assert set(shards.values()) == {2}


@pytest.mark.parametrize("processes", [2, 4, 8])
def test_processes_that_divide_the_streams_share_no_shard_but_at_the_cuts(processes: int) -> None:
    counts = {f"{n:02}.tar": 50 for n in range(40)}
    order = Order(counts, seed=0, streams=8)
    readers: dict[str, set[int]] = {}
    for rank in range(processes):
        for number in range(rank, 2000, processes):
            readers.setdefault(order.position(number).shard, set()).add(rank)
    assert sum(len(ranks) > 1 for ranks in readers.values()) < 8
    assert max(len(ranks) for ranks in readers.values()) <= 2


def write_tar(path: Path, keys: list[str]) -> None:
    """A shard of 4-pixel pictures whose caption is their key."""
    picture = io.BytesIO()
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(picture, "PNG")
    with tarfile.open(path, "w") as archive:
        for key in keys:
            text = json.dumps({"captions": [key], "regions": []}).encode()
            for suffix, content in (("png", picture.getvalue()), ("labels.png", picture.getvalue()), ("json", text)):
                member = tarfile.TarInfo(f"{key}.{suffix}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five shards of 1 to 5 samples; the index of one host is missing."""
    path = tmp_path_factory.mktemp("uneven")
    for number in range(5):
        write_tar(path / f"{number}.tar", [f"{number}-{i}" for i in range(number + 1)])
    (path / "dataset.json").write_text(json.dumps({"labels": ["background"], "prompts": {"all": [0]}}))
    (path / "index-algo-1.json").write_text(json.dumps({"shards": {"0.tar": 1, "1.tar": 2}}))
    (path / "index-algo-2.json").write_text(json.dumps({"shards": {"2.tar": 3}}))
    return path


@pytest.fixture
def bucket(folder: Path) -> Iterator[str]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="data")
        for path in folder.iterdir():
            client.upload_file(str(path), "data", f"run/shards/{path.name}")
        yield "s3://data/run/shards/"


def keys_of(data: ShardFolder, numbers: range, streams: int = 3) -> list[str]:
    return [drawn.sample.key for drawn in draw(data, 4, numbers, streams)]


def test_shards_are_counted_by_their_index_and_where_none_names_them_by_opening_them(folder: Path) -> None:
    assert open_shards(str(folder)).counts == {"0.tar": 1, "1.tar": 2, "2.tar": 3, "3.tar": 4, "4.tar": 5}


def test_a_drawn_sample_is_the_ordered_one_with_the_generator_of_its_number(folder: Path) -> None:
    first, second = (draw(open_shards(str(folder)), 4, numbers, 3) for numbers in (range(30), range(10, 20)))
    assert sorted(drawn.sample.key for drawn in first[:15]) == sorted(
        f"{n}-{i}" for n in range(5) for i in range(n + 1)
    )
    assert [d.sample.key for d in first[10:20]] == [d.sample.key for d in second]
    assert [d.rng.random() for d in first[10:20]] == [d.rng.random() for d in second]
    assert len({d.rng.random() for d in first}) == 30


def test_streaming_from_s3_reads_the_same_samples_and_keeps_few_shards(bucket: str, folder: Path) -> None:
    local, streamed = open_shards(str(folder)), open_shards(bucket)
    streamed.reserve(1)
    assert keys_of(streamed, range(60)) == keys_of(local, range(60))
    copies: Path = streamed._store._folder  # type: ignore[union-attr]
    assert len(list(copies.glob("*.copy"))) <= 3
    del streamed
    assert not copies.exists()


def test_a_mounted_folder_is_copied_shard_by_shard(folder: Path) -> None:
    assert keys_of(mounted_shards(folder), range(45)) == keys_of(open_shards(str(folder)), range(45))


def test_an_empty_prefix_says_what_was_expected(bucket: str) -> None:
    with pytest.raises(ShardError, match=r"s3://data/elsewhere/: got 'no shard found'; allowed: \*\.tar"):
        open_shards("s3://data/elsewhere")


def test_an_index_that_promises_too_much_is_named(folder: Path, tmp_path: Path) -> None:
    write_tar(tmp_path / "0.tar", ["only"])
    (tmp_path / "dataset.json").write_bytes((folder / "dataset.json").read_bytes())
    (tmp_path / "index-algo-1.json").write_text(json.dumps({"shards": {"0.tar": 2}}))
    with pytest.raises(ShardError, match=r"0\.tar: got '1 samples'; allowed: more than 1, as its index says"):
        draw(open_shards(str(tmp_path)), 0, range(2))


def test_the_cache_forgets_what_was_used_longest_ago_and_keeps_what_is_being_read(tmp_path: Path) -> None:
    brought: list[str] = []

    class Noted(Folder):
        def copy(self, name: str, target: Path) -> None:
            brought.append(name)
            super().copy(name, target)

    for name in "abc":
        (tmp_path / name).write_text(name)
    read = Cached(Noted(tmp_path), 2).open
    with read("a") as a, read("b"), read("a"), read("c"), read("a"):
        assert brought == ["a", "b", "c"]  # c took b's room, because a was used again
        with read("b"), read("c"):
            assert brought == ["a", "b", "c", "b", "c"]
            assert a.read() == b"a"
