"""Making shards: every sample checked, each host's files its own, and what is set aside never trained on."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atelier_training.arguments import parser
from atelier_training.data.sample_check import CheckedSample
from atelier_training.data.shards import open_shards
from atelier_training.engine.interruption import Interruption
from atelier_training.jobs.shard import ShardWriter, read_samples, run
from atelier_training.paths import MlPaths
from contracts.corpus import Vocabulary, is_held_out
from contracts.errors import InvalidInputError
from contracts.safety.refusal import RefusedWordsError
from contracts.safety.rules import CLOSED
from models.tiny.make import upload

PICTURES = 30
SHARE = 0.2
VOCABULARY = Vocabulary.from_json({"labels": ["background", "skirt"], "prompts": {"a skirt": [1]}})


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uploaded")
    upload.write(folder, pictures=PICTURES, seed=5, side=64)
    return folder


def job(root: Path, uploaded: Path, host: int = 0, hosts: int = 1, *, labels: bool = True) -> MlPaths:
    """A processing job's folders as SageMaker fills them on one of its hosts."""
    paths = MlPaths(root=root / f"algo-{host + 1}")
    paths.processing_resource_config.parent.mkdir(parents=True)
    paths.processing_resource_config.write_text(json.dumps({"current_host": f"algo-{host + 1}"}))
    copied = {"vocabulary": ["dataset.json"], "captions": ["captions.jsonl"]}
    pictures = sorted((uploaded / "pictures").iterdir())[host::hosts]
    copied["pictures"] = [f"pictures/{path.name}" for path in pictures]
    if labels:
        copied["labels"] = [f"labels/{path.name}" for path in (uploaded / "labels").iterdir()]
    for name, files in copied.items():
        folder = paths.processing_input(name)
        folder.mkdir(parents=True)
        for file in files:
            (folder / Path(file).name).write_bytes((uploaded / file).read_bytes())
    return paths


def shard(paths: MlPaths, *said: str) -> Path:
    run(parser().parse_args(["shard", "--held-out", str(SHARE), *said]), paths, Interruption())
    return paths.processing_output("shard")


def merged(tmp_path: Path, outputs: list[Path]) -> Path:
    """What S3 holds when every host has uploaded its files below one prefix."""
    target = tmp_path / "bucket"
    for output in outputs:
        for path in (p for p in output.rglob("*") if p.is_file()):
            place = target / path.relative_to(output)
            place.parent.mkdir(parents=True, exist_ok=True)
            assert not place.exists() or place.read_bytes() == path.read_bytes(), place
            place.write_bytes(path.read_bytes())
    return target


def keys(folder: Path) -> list[str]:
    shards = open_shards(str(folder))
    return sorted(shards[number].key for number in range(len(shards)))


def test_two_hosts_write_every_sample_once_and_the_reader_finds_them(tmp_path: Path, uploaded: Path) -> None:
    outputs = [shard(job(tmp_path, uploaded, host, 2)) for host in range(2)]
    bucket = merged(tmp_path, outputs)
    expected = [f"{number:06}" for number in range(PICTURES)]
    aside = [key for key in expected if is_held_out(key, SHARE)]
    assert 0 < len(aside) < PICTURES / 2
    assert keys(bucket / "held-out") == aside
    assert keys(bucket / "train") == [key for key in expected if key not in aside]
    counted = json.loads((bucket / "train/index-algo-2.json").read_text())["shards"]
    assert list(counted) == ["shard-algo-2-00000.tar"]
    assert open_shards(str(bucket / "train")).counts["shard-algo-2-00000.tar"] == counted["shard-algo-2-00000.tar"]


def test_a_sample_is_the_picture_labels_and_words_that_were_uploaded(tmp_path: Path, uploaded: Path) -> None:
    sample = open_shards(str(shard(job(tmp_path, uploaded)) / "train"))[0]
    picture = Image.open(uploaded / "pictures" / f"{sample.key}.png")
    assert np.array_equal(np.asarray(sample.image), np.asarray(picture))
    assert np.array_equal(sample.labels, np.asarray(Image.open(uploaded / "labels" / f"{sample.key}.png")))
    lines = [json.loads(line) for line in (uploaded / "captions.jsonl").read_text().splitlines()]
    assert sample.captions == tuple(next(line["captions"] for line in lines if line["key"] == sample.key))
    assert sample.regions


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path, uploaded: Path) -> None:
    one, two = (shard(job(tmp_path / name, uploaded)) / "train/shard-algo-1-00000.tar" for name in "ab")
    assert one.read_bytes() == two.read_bytes()


def test_without_label_maps_all_of_a_picture_is_background(tmp_path: Path, uploaded: Path) -> None:
    paths = job(tmp_path, uploaded, labels=False)
    sample = open_shards(str(shard(paths) / "train"))[0]
    assert sample.labels.shape == (64, 64)
    assert not sample.labels.any()


def test_a_shard_ends_when_it_is_full(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, "algo-1", most_bytes=4_000) as writer:
        for number in range(5):
            writer.add(CheckedSample(key=f"k{number}", members={"png": b"x" * 1_500, "json": b"{}"}))
    assert list(writer.counts.values()) == [2, 2, 1]
    for name, count in writer.counts.items():
        with tarfile.open(tmp_path / name) as archive:
            assert len(archive.getnames()) == 2 * count


def test_keys_that_the_data_set_holds_back_are_not_trained_on(tmp_path: Path, uploaded: Path) -> None:
    paths = job(tmp_path, uploaded)
    kept = next(f"{number:06}" for number in range(PICTURES) if not is_held_out(f"{number:06}", SHARE))
    place = paths.processing_input("vocabulary") / "dataset.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "held_out": [kept]}))
    output = shard(paths)
    assert kept in keys(output / "held-out")
    assert kept not in keys(output / "train")


def refusal(paths: MlPaths) -> str:
    with pytest.raises(InvalidInputError) as caught:
        shard(paths)
    return str(caught.value)


def test_a_bad_picture_is_named(tmp_path: Path, uploaded: Path) -> None:
    paths = job(tmp_path, uploaded)
    (paths.processing_input("pictures") / "000007.png").write_bytes(b"a shopping list")
    message = refusal(paths)
    assert message.startswith("sample 000007: 000007.png: got")
    assert "PNG, JPEG, WebP or HEIC" in message


def test_several_bad_samples_are_named_together(tmp_path: Path, uploaded: Path) -> None:
    paths = job(tmp_path, uploaded)
    for number in range(7):
        (paths.processing_input("pictures") / f"{number:06}.png").write_bytes(b"")
    message = refusal(paths)
    assert message.startswith("7 samples (")
    assert ", …); the first: sample 00000" in message


def test_a_label_map_must_fit_its_picture(tmp_path: Path, uploaded: Path) -> None:
    paths = job(tmp_path, uploaded)
    place = paths.processing_input("labels") / "000003.png"
    Image.new("L", (16, 16)).save(place)
    assert "sample 000003: labels/000003.png: got 'mode L, 16x16 pixels'; allowed: 8 bits" in refusal(paths)
    Image.new("L", (64, 64), 99).save(place)
    assert "sample 000003: labels/000003.png: got 'label 99'" in refusal(paths)
    place.unlink()
    assert "sample 000003: labels/000003.png: got 'no such file'" in refusal(paths)


def test_captions_must_be_there_once(tmp_path: Path, uploaded: Path) -> None:
    paths = job(tmp_path, uploaded)
    place = paths.processing_input("captions") / "captions.jsonl"
    lines = place.read_text().splitlines(keepends=True)
    place.write_text("".join(lines[1:]))
    assert refusal(paths).startswith("sample 000000: got 'no line in captions.jsonl'")
    place.write_text("".join([*lines, lines[4]]))
    assert "captions.jsonl line 31: got 'key 000004 again'" in refusal(paths)
    place.write_text("{oops\n")
    assert "captions.jsonl line 1: got '{oops" in refusal(paths)
    place.write_bytes("치마".encode("cp949"))
    assert "captions.jsonl line 1: got the bytes c4" in refusal(paths)


def test_what_desktops_leave_behind_and_byte_order_marks_are_no_samples(tmp_path: Path, uploaded: Path) -> None:
    paths, plain = job(tmp_path / "a", uploaded), job(tmp_path / "b", uploaded)
    for name in ("._000001.png", "__MACOSX/000001.png", ".ipynb_checkpoints/000002-checkpoint.png"):
        file = paths.processing_input("pictures") / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"\x00\x05\x16\x07")
    for place in (
        paths.processing_input("captions") / "captions.jsonl",
        paths.processing_input("vocabulary") / "dataset.json",
    ):
        place.write_bytes(b"\xef\xbb\xbf" + place.read_bytes())
    assert keys(shard(paths) / "train") == keys(shard(plain) / "train")


def test_a_turned_photo_is_stored_upright(tmp_path: Path) -> None:
    paths = MlPaths(root=tmp_path)
    for name in ("pictures", "captions"):
        paths.processing_input(name).mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (20, 10), "red").save(paths.processing_input("pictures") / "k.jpg", exif=exif)
    (paths.processing_input("captions") / "captions.jsonl").write_text('{"key": "k", "captions": ["red"]}\n')
    (sample,) = read_samples(paths, VOCABULARY, CLOSED, Interruption())
    assert set(sample.members) == {"png", "labels.png", "json"}


def said_of(uploaded: Path, copy: Path, words: str, *, region: bool) -> Path:
    """A copy of what was uploaded where the captions of sample 000003 say this."""
    copy.mkdir(parents=True)
    for name in ("dataset.json", "pictures", "labels"):
        (copy / name).symlink_to(uploaded / name)
    lines = [json.loads(line) for line in (uploaded / "captions.jsonl").read_text().splitlines()]
    own = lines[3]["regions"][0] if region else lines[3]
    own["captions"] = [*own["captions"], words]
    (copy / "captions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return copy


@pytest.mark.parametrize("region", [False, True])
@pytest.mark.parametrize(("words", "reason"), [("a nude woman", "words-nudity"), ("a red bikini", "words-swimwear")])
def test_captions_that_no_request_may_say_are_refused_before_a_picture_is_read(
    tmp_path: Path, uploaded: Path, words: str, reason: str, region: bool
) -> None:
    paths = job(tmp_path, said_of(uploaded, tmp_path / "said", words, region=region))
    for picture in paths.processing_input("pictures").iterdir():
        picture.write_bytes(b"no picture")
    with pytest.raises(RefusedWordsError, match=r"captions\.jsonl, sample 000003: captions") as refused:
        shard(paths)
    assert [problem.reason for problem in refused.value.problems] == [reason]


def test_what_the_stage_sells_may_be_learnt(tmp_path: Path, uploaded: Path) -> None:
    paths = job(tmp_path, said_of(uploaded, tmp_path / "said", "a red bikini", region=False))
    assert keys(shard(paths, '--safety={"sells": [', '--safety="swimwear"]}') / "train")


def test_captions_of_another_host_s_samples_are_its_own_to_check(tmp_path: Path, uploaded: Path) -> None:
    said = said_of(uploaded, tmp_path / "said", "a nude woman", region=False)
    assert shard(job(tmp_path, said, host=0, hosts=2))
    with pytest.raises(RefusedWordsError):
        shard(job(tmp_path, said, host=1, hosts=2))
