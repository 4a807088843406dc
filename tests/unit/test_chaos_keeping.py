"""The invariants of lists, files, pictures and versions notice the history that breaks them, and nothing in one that does not."""

from collections.abc import Callable

import pytest

from tests.chaos.evidence import Evidence, Version
from tests.chaos.history import FILE, PREDICTION, SHELF, Asked, Choice, History, Walk
from tests.chaos.invariants import violations

FOREVER = float("inf")


def version(number: int) -> Version:
    return Version(style=SHELF, number=number, run="import-1", package="", complete=True, newest_is_manifest=True)


def chosen(begun: float, meaning: int | None, *, sure: bool = True) -> Choice:
    return Choice(begun=begun, ended=begun + 1 if sure else FOREVER, meaning=meaning, sure=sure)


WHOLE = Evidence(outputs={"p1": 1}, files=frozenset({"f1"}), versions=(version(1), version(2)), latest={SHELF: 2})


@pytest.fixture
def history() -> History:
    """Everything went well: p1, f1 and two versions, of which the second was chosen last."""
    seen = History()
    seen.accept(PREDICTION, "key-p", {"id": "p1"})
    seen.see("p1", 0, 1, {"id": "p1", "status": "succeeded", "completed_at": "noon"})
    seen.keep("f1")
    later = max(seen.accepted["p1"].at, seen.files["f1"]) + 10
    for kind, ids in ((PREDICTION, ("p1",)), (FILE, ("f1",)), ("base-models", ("tiny",))):
        seen.walk(Walk(kind=kind, begun=later, ended=later + 1, ids=ids))
    seen.ask("key-g", Asked(path="/edits", prompt="a skirt"))
    seen.paint("key-g", "a skirt")
    for key, number in (("key-1", 1), ("key-2", 2)):
        seen.bring(key, number)
    for each in (chosen(0, 1), chosen(2, 2)):
        seen.choose(each)
    return seen


def test_what_went_well_breaks_nothing(history: History) -> None:
    assert violations(history, WHOLE) == {}


def walk(kind: str, *ids: str) -> Callable[[History], None]:
    def read(history: History) -> None:
        history.walk(Walk(kind=kind, begun=1e12, ended=1e12 + 1, ids=ids))

    return read


def deleted(history: History) -> None:
    history.doom("f1")
    history.delete("f1")


BROKEN: list[tuple[Callable[[History], None], str, str]] = [
    (lambda history: history.refuse("500 an error of ours; see the log"), "erred", "1 times: 500 an error of ours"),
    (lambda history: history.refuse("401 key: got none"), "erred", "1 times: 401 key: got none"),
    (walk(PREDICTION), "unlisted", "a list of prediction lacks p1"),
    (walk(PREDICTION, "p1", "p1"), "unlisted", "has p1 2 times"),
    (walk(FILE), "unlisted", "a list of file lacks f1"),
    (walk("base-models", "small"), "unlisted", "lists of base models differ"),
    (lambda history: history.keep("f2"), "misplaced", "file f2 was put and is gone"),
    (deleted, "misplaced", "file f1 was deleted and is there"),
    (lambda history: history.miss("file f1 has other bytes"), "misplaced", "has other bytes"),
    (
        lambda history: history.ask("key-h", Asked(path="/edits", prompt="a coat")),
        "unpainted",
        "the picture of key key-h never came",
    ),
    (lambda history: history.paint("key-g", "a coat"), "unpainted", "key key-g was answered with"),
    (lambda history: history.bring("key-1", 3), "misordered", "key key-1 made [1, 3]"),
    (lambda history: history.bring("key-3", 2), "misordered", f"{SHELF}@2 is the version of several keys"),
    (lambda history: history.bring("key-3", 3), "misordered", f"{SHELF}@3 was brought and is gone"),
    (lambda history: history.delete(f"{SHELF}@1"), "misordered", f"{SHELF}@1 was deleted and is there"),
    (lambda history: history.choose(chosen(4, 1)), "misordered", f"{SHELF} means 2, and a later choice was another"),
]


@pytest.mark.parametrize(("spoil", "check", "words"), BROKEN)
def test_what_should_not_be_so_is_noticed(
    history: History, spoil: Callable[[History], None], check: str, words: str
) -> None:
    spoil(history)
    found = violations(history, WHOLE)
    assert check in found
    assert words in "\n".join(found[check])


def test_what_was_deleted_before_is_not_listed_and_what_is_being_deleted_may_be() -> None:
    history = History()
    history.keep("f1")
    deleted(history)
    for begun in (history.doomed["f1"], history.deleted["f1"] + 1):
        for ids in ((), ("f1",)):
            history.walk(Walk(kind=FILE, begun=begun, ended=begun + 1, ids=ids))
    assert violations(history, Evidence()) == {}
    walk(FILE, "f1")(history)
    assert violations(history, Evidence()) == {"unlisted": ["a list of file has f1, which was deleted before"]}


def test_a_choice_that_nobody_heard_of_may_be_done_at_any_time_or_never(history: History) -> None:
    history.choose(chosen(0, 1, sure=False))
    history.choose(chosen(4, 2))
    one = Evidence(outputs=WHOLE.outputs, files=WHOLE.files, versions=WHOLE.versions, latest={SHELF: 1})
    assert violations(history, one) == {}
    assert violations(history, WHOLE) == {}
    history.choose(chosen(6, None, sure=False))
    assert violations(history, one) == {}


def test_choices_at_the_same_time_may_come_in_any_order(history: History) -> None:
    history.choose(chosen(2.5, 1))
    for number in (1, 2):
        latest = {SHELF: number}
        found = Evidence(outputs=WHOLE.outputs, files=WHOLE.files, versions=WHOLE.versions, latest=latest)
        assert violations(history, found) == {}


def test_pictures_that_only_ran_out_are_noticed(history: History) -> None:
    history.ask("key-h", Asked(path="/edits", prompt="a coat"))
    history.paint("key-h", "422 no answer came: the request expired in the queue")
    assert violations(history, WHOLE) == {"unpainted": ["key key-h ended only because its time ran out"]}


@pytest.mark.parametrize(
    ("asked", "unheard", "most"),
    [
        (Asked(path="/edits", prompt="a coat"), 3, 1),
        (Asked(path="/edits", prompt="a coat", is_keyed=False), 3, 1),
        (Asked(path="/search-and-replace", prompt="a coat", is_keyed=False, counts=False), 0, 1),
        (Asked(path="/search-and-replace", prompt="a coat", is_keyed=False, counts=False), 2, 3),
    ],
)
def test_a_picture_is_one_prediction_but_for_answers_that_were_lost(asked: Asked, unheard: int, most: int) -> None:
    history = History()
    history.ask("key-h", asked)
    history.paint("key-h", "1")
    for _ in range(unheard):
        history.unhear("key-h")
    assert violations(history, Evidence(prompts={"a coat": most})) == {}
    found = violations(history, Evidence(prompts={"a coat": most + 1}))
    assert found == {
        "repainted": [f"key key-h, {asked.path}: {most + 1} predictions of one picture, at most {most} were asked for"]
    }
