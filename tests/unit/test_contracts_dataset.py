"""A dataset as people bring it: what each file is used as."""

from unicodedata import normalize

import pytest

from contracts.dataset_files import DatasetFiles, is_litter
from contracts.errors import InvalidInputError

PICTURES = ("skirt-01.png", "skirt-02.JPG", "치마 3.webp", "skirt-04.heic")
LITTER = (
    ".DS_Store",
    "._skirt-01.png",
    "Thumbs.db",
    "desktop.ini",
    "Icon\r",
    "__MACOSX/._skirt-01.png",
    "__MACOSX/skirt-01.png",
    ".ipynb_checkpoints/skirt-01-checkpoint.png",
    "@eaDir/skirt-01.png/SYNOPHOTO_THUMB_M.jpg",
    ".git/config",
    "skirt-01.AAE",
    "skirt-02.xmp",
    "#recycle/skirt-01.png",
)


def decomposed(name: str) -> str:
    return normalize("NFD", name)


def refused(*more: str, pictures: tuple[str, ...] = PICTURES) -> str:
    with pytest.raises(InvalidInputError) as caught:
        DatasetFiles.of([*pictures, *more])
    return str(caught.value)


def test_every_file_has_one_use() -> None:
    files = DatasetFiles.of(
        [
            *PICTURES,
            *("masks/skirt-01.png", "masks/skirt-02.jpg", "evaluation/look.png", "evaluation/masks/look.png"),
            *("dataset_info.json", "captions.jsonl", "metadata.jsonl", "skirt-01.txt", "skirt-04.caption"),
            *("class_data_dir/other.png", "README.md"),
        ]
    )
    assert files.pictures == tuple(sorted(PICTURES))
    assert files.photos == ("evaluation/look.png",)
    assert files.masks == {
        "skirt-01.png": "masks/skirt-01.png",
        "skirt-02.JPG": "masks/skirt-02.jpg",
        "evaluation/look.png": "evaluation/masks/look.png",
    }
    assert set(files.captions) == {"captions.jsonl", "metadata.jsonl", "skirt-01.txt", "skirt-04.caption"}
    assert files.info
    assert files.unused == ("README.md",)
    assert files.notes("inpaint", prior=False) == [
        "1 file is not used: README.md",
        "class_data_dir/ is not used, because with_prior_preservation is false",
    ]


@pytest.mark.parametrize("folder", ["", "masks/", "evaluation/", "evaluation/masks/", "evaluation/low_res/", "raw/"])
@pytest.mark.parametrize("name", LITTER)
def test_what_desktops_leave_behind_is_nothing_in_every_folder(folder: str, name: str) -> None:
    assert DatasetFiles.of([*PICTURES, folder + name]) == DatasetFiles.of(PICTURES)


@pytest.mark.parametrize("name", ["./a.png", "../a.png", "a.b.png", "thumbs.db.png", "Icon.png", "a/b.png"])
def test_a_file_that_somebody_named_is_no_litter(name: str) -> None:
    assert not is_litter(name)


@pytest.mark.parametrize(
    "name",
    ["a.bmp", "a.avif", "a.gif", "notes.md", "raw/a.png", "evaluation/a.tif", "masks/x.md", ".IMG_0001.HEIC.icloud"],
)
def test_a_file_without_a_use_is_named(name: str) -> None:
    assert DatasetFiles.of([*PICTURES, name]).notes("inpaint", prior=False) == [f"1 file is not used: {name}"]


def test_more_unused_files_than_a_quarter_of_the_pictures_are_refused() -> None:
    pictures = tuple(f"{index}.png" for index in range(12))
    unused = [f"{index}.bmp" for index in range(20, 24)]
    assert len(DatasetFiles.of([*pictures, *unused[:3]]).unused) == 3
    assert "4 beside 12 pictures: 20.bmp, 21.bmp" in refused(*unused, pictures=pictures)


def test_a_style_that_paints_whole_pictures_says_that_masks_and_photos_are_not_used() -> None:
    files = DatasetFiles.of([*PICTURES, "masks/skirt-01.png", "evaluation/look.png"])
    assert files.notes("inpaint", prior=False) == []
    masks, photos = files.notes("text-to-image", prior=False)
    assert masks.startswith("masks/ is not used")
    assert photos.startswith("evaluation/ is not used")


@pytest.mark.parametrize("name", ["치마 3.png", "café.png", "Å.png", "が.png"])
@pytest.mark.parametrize("folder", ["", "evaluation/"])
def test_names_are_compared_as_people_see_them(name: str, folder: str) -> None:
    pictures = ("a.png", "b.png", "c.png", "d.png", folder + decomposed(name))
    files = DatasetFiles.of([*pictures, f"{folder}masks/{normalize('NFC', name)}"])
    assert files.masks == {folder + decomposed(name): f"{folder}masks/{normalize('NFC', name)}"}
    message = refused(folder + normalize("NFC", name), pictures=pictures)
    assert "\\u" in message, "names that look alike are told apart"


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["skirt-01.jpg"], "pictures with one name: got ['skirt-01.jpg', 'skirt-01.png']"),
        (["evaluation/a.png", "evaluation/a.jpg"], "evaluation/a.jpg"),
        (["masks/skirt-01.png", "masks/skirt-01.webp"], "masks with one name"),
        (["masks/Skirt-01.png"], "got 'masks/Skirt-01.png'; allowed: masks/NAME OF A PICTURE.png; nearest: skirt-01"),
        (["evaluation/low_res/skirt-01.png"], "small version without a picture: got 'evaluation/low_res/skirt-01.png'"),
        (["evaluation/masks/skirt-01.png"], "mask without a picture: got 'evaluation/masks/skirt-01.png'"),
        (["Skirt-01.txt"], "caption without a picture: got 'Skirt-01.txt'"),
        (["skirt-05.txt"], "caption without a picture: got 'skirt-05.txt'"),
        (["치" * 80 + ".png"], "at most 240 bytes"),
        (["Captions.jsonl"], "got 'Captions.jsonl'; allowed: captions.jsonl, in small letters"),
        (["DATASET_INFO.JSON"], "allowed: dataset_info.json, in small letters"),
        (["Masks/skirt-01.png"], "got 'Masks/skirt-01.png'; allowed: masks/, in small letters"),
        (["evaluation/Masks/skirt-01.png"], "allowed: evaluation/masks/, in small letters"),
        (["masks", "masks/skirt-01.png"], "got 'masks'; allowed: a name that no folder has"),
        (["skirt-01.png/notes.md"], "got 'skirt-01.png'; allowed: a name that no folder has"),
        (["../skirt-05.png"], "got '../skirt-05.png'; allowed: no folder without a name, and none called . or .."),
        (["masks//skirt-01.png"], "got 'masks//skirt-01.png'; allowed: no folder without a name"),
        ([f"evaluation/{index}.png" for index in range(501)], "photos in evaluation/: got 501; allowed: at most 500"),
        ([f"{index}.png" for index in range(500)], "got 504; allowed: 4 to 500 files ending in .png"),
    ],
)
def test_a_name_that_belongs_to_nothing_is_refused(names: list[str], wanted: str) -> None:
    assert wanted in refused(*names)


def test_all_that_is_wrong_with_the_names_is_said_at_once() -> None:
    message = refused("masks/z.png", "evaluation/a.png", "evaluation/a.jpg", "x.bmp", "y.bmp", "z.bmp")
    assert message.startswith("3 problems: ")
    assert len(refused(*(f"masks/{index:03}.png" for index in range(400)))) < 10_000
