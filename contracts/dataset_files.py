"""What each file of a dataset is used as, told by its name: the one rule that Prepare and training go by.

Names are relative to the dataset's prefix and spelt as they are stored. They are compared NFC-normalised: macOS writes accented and
Korean letters decomposed, people type them composed, and nobody sees the difference.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import PurePosixPath
from typing import Self
from unicodedata import normalize

from contracts.dataset import (
    CAPTION_SUFFIXES,
    CAPTIONS,
    CLASS_PICTURES,
    EVALUATION,
    FEWEST_PICTURES,
    INFO,
    LOW_RES,
    MASKS,
    METADATA,
    MOST_CLASS_PICTURES,
    MOST_PICTURES,
    PICTURE_SUFFIXES,
)
from contracts.errors import InvalidInputError, Problem
from contracts.inner_paths import ALLOWED, is_inner

FOLDERS = ("", MASKS, EVALUATION, EVALUATION + MASKS, CLASS_PICTURES, LOW_RES, EVALUATION + LOW_RES)
"""Where a dataset's pictures lie: those to learn from, their masks, the photos to restyle, their masks, class pictures, and small
versions of those to learn from and of those photos."""
UNUSED_SHARE = 0.25
"""More files that are not used than this share of the pictures are a mistake, not a remark."""
LONGEST_NAME = 240
"""Bytes of a file's name: disks hold 255, and the evaluation adds a column's name to a picture's."""
MOST_NAMED = 50
"""Names that one note lists: a plan must fit what Step Functions carries."""
_MOST_PROBLEMS = 20

_LITTER = {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r", "__macosx", "@eadir"}
_LITTER |= {"$recycle.bin", "#recycle", "system volume information", "lost+found"}
_SIDECARS = (".aae", ".xmp")
"""Endings of what phones and photo editors write beside a picture: how it was edited."""
_PLACEHOLDER = ".icloud"
"""The ending of the dot-file that a Mac keeps of a picture which is not on its disk: the picture is missing, and that is said."""


def is_litter(name: str) -> bool:
    """Whether desktops and phones leave such a file or folder behind unasked: dot-files, ``Thumbs.db``, ``__MACOSX/``, ``IMG_1.AAE``, …"""
    return any(_is_left_behind(part.casefold()) for part in name.split("/"))


def _is_left_behind(part: str) -> bool:
    hidden = part.startswith(".") and part.strip(".") != "" and not part.endswith(_PLACEHOLDER)
    return hidden or part in _LITTER or part.endswith(_SIDECARS)


def composed(name: str) -> str:
    """A name as names are compared."""
    return normalize("NFC", name)


def stem(name: str) -> str:
    """What a picture, its mask and its caption have in common: the name without folder and ending, as names are compared."""
    return composed(PurePosixPath(name).stem)


def nearest(name: str, names: Iterable[str]) -> str:
    """``; nearest: …``, where one of ``names`` is like ``name``, else nothing."""
    spelt = {composed(each).casefold(): each for each in names}
    near = get_close_matches(composed(name).casefold(), spelt, n=1)
    return f"; nearest: {spelt[near[0]]}" if near else ""


def listed(names: Sequence[str]) -> str:
    """Names in words: the first ``MOST_NAMED`` of them, and how many more."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def unused_notes(names: Sequence[str]) -> list[str]:
    """The note that names the files without a use, where there are any."""
    return [f"{_files(len(names))} not used: {listed(names)}"] if names else []


def too_many_unused(names: Sequence[str], pictures: int, suffixes: Sequence[str]) -> Iterator[Problem]:
    """The problem where more files have no use than ``UNUSED_SHARE`` of the pictures."""
    if len(names) > UNUSED_SHARE * pictures:
        got = f"{len(names)} beside {pictures} pictures: {listed(names)}"
        allowed = f"at most a quarter as many as pictures, which end in {', '.join(suffixes)}"
        yield Problem("files that are not used", got, allowed)


def refuse(problems: Iterable[Problem]) -> None:
    """Raise InvalidInputError with the first problems, saying where there are more; nothing happens where there are none."""
    waiting = iter(problems)
    listed = list(islice(waiting, _MOST_PROBLEMS))
    if next(waiting, None):
        listed.append(Problem("dataset", "more problems than these", "none"))
    if listed:
        raise InvalidInputError.of(listed)


@dataclass(frozen=True, kw_only=True)
class DatasetFiles:
    """A dataset's files by their use. ``masks`` maps a picture or photo to the mask that a person drew for it.

    ``small`` maps a picture or photo to its small version.
    """

    pictures: tuple[str, ...]
    photos: tuple[str, ...]
    masks: Mapping[str, str]
    small: Mapping[str, str]
    captions: tuple[str, ...]
    info: bool
    class_pictures: tuple[str, ...]
    unused: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Sort ``names``, litter left out. Raises InvalidInputError with all that is wrong with them."""
        by_use: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(names):
            if not is_litter(name):
                by_use[_use(name)].append(name)
        pictures, photos = by_use[""], by_use[EVALUATION]
        own = {stem(name) for name in pictures}
        beside = [name for name in by_use["text"] if stem(name) in own]
        strays = [name for name in by_use["text"] if stem(name) not in own]
        refuse(_problems(by_use, strays))
        return cls(
            pictures=tuple(pictures),
            photos=tuple(photos),
            masks=_matched(by_use[MASKS], pictures) | _matched(by_use[EVALUATION + MASKS], photos),
            small=_matched(by_use[LOW_RES], pictures) | _matched(by_use[EVALUATION + LOW_RES], photos),
            captions=(*by_use["captions"], *beside),
            info=bool(by_use[INFO]),
            class_pictures=tuple(by_use[CLASS_PICTURES]),
            unused=(*by_use["unused"], *strays),
        )

    @property
    def used(self) -> tuple[str, ...]:
        """Every file that holds pixels and is used."""
        return (*self.pictures, *self.masks.values(), *self.photos, *self.class_pictures, *self.small.values())

    def notes(self, task: str, *, prior: bool) -> list[str]:
        """What a run of this ``task``, which preserves the ``prior`` or does not, does not use of the dataset, in words."""
        notes = unused_notes(self.unused)
        if self.class_pictures and not prior:
            notes.append(f"{CLASS_PICTURES} is not used, because with_prior_preservation is false")
        masks = [mask for picture, mask in self.masks.items() if task != "inpaint" and picture in self.pictures]
        if masks:
            notes.append(f"{MASKS} is not used, because a style for {task} learns whole pictures")
        if self.small and task != "upscale":
            notes.append(f"{LOW_RES} is not used, because a style for {task} enlarges nothing")
        if self.photos and task == "text-to-image":
            notes.append(f"{EVALUATION} is not used, because a style for {task} is judged by what it paints from words")
        return notes


def _use(name: str) -> str:
    folder, slash, base = name.rpartition("/")
    if folder + slash in FOLDERS and base.lower().endswith(PICTURE_SUFFIXES):
        return folder + slash
    if name in (CAPTIONS, METADATA):
        return "captions"
    if not slash and base.lower().endswith(CAPTION_SUFFIXES):
        return "text"
    return INFO if name == INFO else "unused"


def _matched(masks: Iterable[str], pictures: Iterable[str]) -> dict[str, str]:
    by_stem = {stem(mask): mask for mask in masks}
    return {name: by_stem[stem(name)] for name in pictures if stem(name) in by_stem}


def _problems(by_use: Mapping[str, Sequence[str]], strays: Sequence[str]) -> Iterator[Problem]:
    pictures, photos = by_use.get("", ()), by_use.get(EVALUATION, ())
    if not FEWEST_PICTURES <= len(pictures) <= MOST_PICTURES:
        allowed = f"{FEWEST_PICTURES} to {MOST_PICTURES} files ending in {', '.join(PICTURE_SUFFIXES)}"
        yield Problem("pictures directly in the dataset", len(pictures), allowed)
    if len(photos) > MOST_PICTURES:
        yield Problem(f"photos in {EVALUATION}", len(photos), f"at most {MOST_PICTURES}")
    others = by_use.get(CLASS_PICTURES, ())
    if len(others) > MOST_CLASS_PICTURES:
        yield Problem(f"pictures in {CLASS_PICTURES}", len(others), f"at most {MOST_CLASS_PICTURES}")
    yield from _same_names("class pictures with one name", others)
    for folder, mask_folder in ((pictures, MASKS), (photos, EVALUATION + MASKS)):
        masks = by_use.get(mask_folder, ())
        yield from _same_names("pictures with one name", folder)
        yield from _same_names("masks with one name", masks)
        yield from _astray("mask without a picture", masks, folder, f"{mask_folder}NAME OF A PICTURE.png")
    for folder, small_folder in ((pictures, LOW_RES), (photos, EVALUATION + LOW_RES)):
        small = by_use.get(small_folder, ())
        yield from _same_names("small versions with one name", small)
        yield from _astray("small version without a picture", small, folder, f"{small_folder}NAME OF A PICTURE.png")
    near = [name for name in strays if nearest(stem(name), map(stem, pictures))]
    yield from _astray("caption without a picture", near, pictures, "NAME OF A PICTURE.txt")
    unused = by_use.get("unused", ())
    yield from _misspelt(unused)
    yield from too_many_unused([*unused, *strays], len(pictures), PICTURE_SUFFIXES)
    for name in (name for folder in FOLDERS for name in by_use.get(folder, ())):
        if len(name.rpartition("/")[2].encode()) > LONGEST_NAME:
            yield Problem("a file's name", name, f"at most {LONGEST_NAME} bytes of UTF-8")
    yield from _not_for_disks([name for names in by_use.values() for name in names])


def _misspelt(unused: Iterable[str]) -> Iterator[Problem]:
    """The files that would have a use but for capital letters in the name of a text or a folder."""
    spelt = {name.casefold(): name for name in (*FOLDERS[1:], CAPTIONS, METADATA, INFO)}
    for name in unused:
        folder, slash, _ = name.rpartition("/")
        place = folder + slash if slash else name
        known = spelt.get(place.casefold())
        if known not in (None, place):
            yield Problem("a file's name", name, f"{known}, in small letters")


def _not_for_disks(names: Sequence[str]) -> Iterator[Problem]:
    """The files that a bucket holds but no disk: a job gets a dataset as a folder."""
    folders = {folder.as_posix() for name in names for folder in PurePosixPath(name).parents}
    for name in names:
        if not is_inner(name):
            yield Problem("a file's name", name, ALLOWED)
        elif name in folders:
            yield Problem("a file's name", name, "a name that no folder has: on a disk there is one of them")


def _same_names(what: str, names: Iterable[str]) -> Iterator[Problem]:
    by_stem: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        by_stem[stem(name)].append(name)
    for group in by_stem.values():
        if len(group) > 1:
            alike = len({composed(name) for name in group}) < len(group)
            got = [ascii(name) for name in group] if alike else group
            yield Problem(what, got, "names that differ before the ending, accents and Korean letters composed")


def _astray(what: str, names: Iterable[str], pictures: Sequence[str], allowed: str) -> Iterator[Problem]:
    own = {stem(name): name for name in pictures}
    for name in names:
        if stem(name) not in own:
            yield Problem(what, name, allowed + nearest(stem(name), own))


def _files(count: int) -> str:
    return f"{count} file is" if count == 1 else f"{count} files are"
