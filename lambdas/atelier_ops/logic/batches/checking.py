"""Reading what each row of a batch is painted with: everything that is wrong is said at once, with its line, before anything costs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.http import Request
from atelier_ops.logic.people.persons import check_given
from atelier_ops.logic.picture_places import check_places, with_keys
from atelier_ops.logic.request_pictures import check_pictures
from atelier_ops.logic.targets import ServingTarget, Targets, resolve, resolve_adapter
from contracts.answer_size import check_answer
from contracts.batch_rows import Numbered, RowProblems, read_row
from contracts.batches import BatchWish, Row
from contracts.errors import InvalidInputError
from contracts.execution import BASE
from contracts.people import ConsentRule, consent_of_picture
from contracts.prediction import PredictionInput
from contracts.safety.rules import SafetyRules
from contracts.safety.words import check_prediction
from contracts.work import Pace, check_work, work

_AT_ONCE = 16
"""Pictures that are looked at at once."""

_Size = tuple[int, int] | None
Found = TypeVar("Found")


class RowChecks(Targets, Protocol):
    """What rows are checked with."""

    @property
    def media(self) -> ObjectStore:
        """Where the client's uploads are."""
        ...

    @property
    def pace(self) -> Pace:
        """The stage's slowest machine."""
        ...


@dataclass(frozen=True, kw_only=True)
class RowPainting:
    """What is painted for a row; ``seconds`` is about how long a machine of the stage works on it."""

    line: int
    row: Row
    version: str
    inputs: PredictionInput
    seconds: float = 0.0


def fill_rows(
    asked: BatchWish, rows: Iterable[Numbered], consent: ConsentRule, rules: SafetyRules
) -> list[RowPainting]:
    """What the rows' texts say; each has a consent reference where the stage demands one, and asks for nothing that its rules refuse.

    Raises InvalidInputError.
    """
    notes, filled = RowProblems(), list[RowPainting]()
    for line, row in rows:
        try:
            wanted = read_row(asked.version, asked.input, row)
            check_given(consent_of_picture(consent, wanted.input, "input.consent"))
            check_prediction(wanted.input, rules)
            filled.append(RowPainting(line=line, row=row, version=wanted.version, inputs=wanted.input))
        except InvalidInputError as error:
            notes.add(line, error)
    notes.settle()
    return filled


def check_all(paintings: Sequence[RowPainting], request: Request, checks: RowChecks) -> list[RowPainting]:
    """The same, with the versions that their styles mean now, and the work that they are. Raises InvalidInputError."""
    notes, checked = RowProblems(), list[RowPainting]()
    places = _placed(paintings, request, checks, notes)
    sizes = _looked_at(places.values(), checks.media)
    lookups = _Lookups(request, checks)
    for each in paintings:
        if each.line not in places:
            continue
        try:
            checked.append(_checked(each, places[each.line], sizes, lookups, checks.pace))
        except InvalidInputError as error:
            notes.add(each.line, error)
    notes.settle()
    return checked


def _placed(
    paintings: Iterable[RowPainting], request: Request, checks: RowChecks, notes: RowProblems
) -> dict[int, PredictionInput]:
    """By line, the input with the keys of its uploads; one that names others is left out, and noted."""
    found = dict[int, PredictionInput]()
    for each in paintings:
        inputs = with_keys(each.inputs, checks.media)
        try:
            check_places(inputs, request)
        except InvalidInputError as error:
            notes.add(each.line, error)
            continue
        found[each.line] = inputs
    return found


def _looked_at(every: Iterable[PredictionInput], media: ObjectStore) -> dict[str, _Size | InvalidInputError]:
    """What was found out about pictures: a photo that many rows name is looked at once."""
    distinct = {_pictures(inputs): inputs for inputs in every}

    def look(inputs: PredictionInput) -> _Size | InvalidInputError:
        try:
            return check_pictures(inputs, media)
        except InvalidInputError as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(distinct, pool.map(look, distinct.values()), strict=True))


def _pictures(inputs: PredictionInput) -> str:
    """What a look at the pictures depends on."""
    return "\n".join(
        (inputs.mode, inputs.image, inputs.mask, inputs.mask_convention, str(inputs.upscale), inputs.mask_prompt)
    )


class _Lookups:
    """What versions and adapters mean, each of which is looked up once."""

    def __init__(self, request: Request, checks: RowChecks) -> None:
        self._request, self._checks = request, checks
        self._targets: dict[str, ServingTarget | InvalidInputError] = {}
        self._adapters: dict[str, str | InvalidInputError] = {}

    def target(self, version: str) -> ServingTarget:
        """The target of a version. Raises InvalidInputError."""
        return _once(self._targets, version, lambda: resolve(version, self._request, self._checks))

    def adapter(self, name: str, where: str, mode: str) -> str:
        """The version of an adapter that a mode uses. Raises InvalidInputError."""

        def look() -> str:
            return resolve_adapter(name, self._request, self._checks, mode=mode, where=where)

        return _once(self._adapters, f"{where} {mode} {name}", look)


def _once(known: dict[str, Found | InvalidInputError], name: str, look: Callable[[], Found]) -> Found:
    if name not in known:
        try:
            known[name] = look()
        except InvalidInputError as error:
            known[name] = error
    found = known[name]
    if isinstance(found, InvalidInputError):
        raise found
    return found


def _checked(
    painting: RowPainting,
    inputs: PredictionInput,
    sizes: Mapping[str, _Size | InvalidInputError],
    lookups: _Lookups,
    pace: Pace,
) -> RowPainting:
    size = sizes[_pictures(inputs)]
    if isinstance(size, InvalidInputError):
        raise size
    check_answer(inputs, pace.resolution, size, most=pace.most_answer_pixels)
    check_work(inputs, pace, size)
    target = lookups.target(painting.version)
    target.require_mode(inputs.mode)
    if inputs.adapter:
        if target.version != BASE:
            raise InvalidInputError("input.adapter", got=inputs.adapter, allowed="version or input.adapter, not both")
        inputs = inputs.model_copy(update={"adapter": lookups.adapter(inputs.adapter, "input.adapter", inputs.mode)})
    if second := inputs.second_adapter:
        if not (inputs.adapter or target.adapter):
            raise InvalidInputError("input.second_adapter", got=second, allowed="one beside a first adapter")
        inputs = inputs.model_copy(
            update={"second_adapter": lookups.adapter(second, "input.second_adapter", inputs.mode)}
        )
    version = "" if target.version == BASE else target.version
    return replace(painting, version=version, inputs=inputs, seconds=work(inputs, pace, size))
