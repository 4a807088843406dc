"""docs/questions.md says what is so: numbers and messages are the code's own, and what is named exists."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from atelier.sending import PATIENCE_SECONDS
from atelier_ops.gateways.inference import WAIT_IN_QUEUE
from atelier_ops.logic import output_addresses, preferences, repeats, uploads
from atelier_ops.logic.http import LARGEST_BODY
from cli.keep import FIRST_PORT
from contracts.dataset import FEWEST_PICTURES, is_picture
from contracts.garments import english
from contracts.hyperparameters import Hyperparameters
from contracts.metrics import DEFAULT_GATES
from contracts.modes import MODES
from contracts.prediction import PredictionInput
from contracts.routes.table import ROUTES
from imaging.segmenter import THRESHOLD
from infra.components import scaling
from infra.components.gateway_answers import _REFUSALS
from infra.components.workflow.steps.registration import APPROVAL_SECONDS
from infra.config import STAGES
from infra.settings.instance_types import check_instance_type

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "questions.md").read_text(encoding="utf-8")
PLAIN = " ".join(PAGE.split())

PROMISES: Sequence[tuple[str, Callable[[], Any], Any]] = [
    ("empty for about 20 minutes", lambda: scaling.EMPTY_MINUTES, 20),
    ("put to sleep after 2 hours", lambda: scaling.IDLE_HOURS, 2),
    ("at most 6 hours for an instance", lambda: WAIT_IN_QUEUE, 6 * 3_600),
    ("kept for at most 25 seconds", lambda: preferences.LONGEST_WAIT, 25),
    ("after 1 second of too many requests", lambda: _REFUSALS["Throttled"].again, 1),
    ("after an hour where the day's quota", lambda: _REFUSALS["QuotaExceeded"].again, 3_600),
    ("wait by themselves, for two minutes", lambda: PATIENCE_SECONDS, 120),
    ("larger than 5 MB", lambda: LARGEST_BODY, 5 * 2**20),
    ("was told, within an hour", lambda: uploads.URL_SECONDS, 3_600),
    ("They work for an hour", lambda: output_addresses.URL_SECONDS, 3_600),
    ("reached 0.50 for these words", lambda: THRESHOLD, 0.5),
    ("its answer again for 7 days", lambda: repeats.KEEP, 7 * 86_400),
    ("fewer than 4 pictures", lambda: FEWEST_PICTURES, 4),
    ("half of the garment's real colour share", lambda: DEFAULT_GATES["inpaint"]["garment_share"], 0.5),
    ("no byte changed outside the mask", lambda: DEFAULT_GATES["inpaint"]["pixels_changed_outside"], 0),
    ("an approval, for 7 days", lambda: APPROVAL_SECONDS, 7 * 86_400),
    ("`port 4700 is taken`", lambda: FIRST_PORT, 4_700),
    ("White is repainted", lambda: PredictionInput.model_fields["mask_convention"].default, "white"),
    ("its Korean name, 치마", lambda: english("치마"), "a skirt"),
    ("sleeps too but keeps its alarms", lambda: {s.serving.fewest_instances for s in STAGES.values()}, {0}),
]


@pytest.mark.parametrize(("words", "found", "promised"), PROMISES, ids=[words[:40] for words, *_ in PROMISES])
def test_a_number_of_the_page_is_the_code_s(words: str, found: Callable[[], Any], promised: Any) -> None:
    assert words in PLAIN
    assert found() == promised


def test_the_kinds_of_files_are_those_that_are_read() -> None:
    assert "PNG, JPEG, WebP and HEIC are read" in PLAIN
    assert all(map(is_picture, ("a.png", "a.jpg", "a.webp", "a.heic")))


def test_the_refused_machine_is_refused_in_these_words() -> None:
    (quoted,) = re.findall(r"`(got 'ml\.g5\.99xlarge'; allowed: [^`]+) …`", PAGE)
    with pytest.raises(ValueError, match=re.escape(quoted)):
        check_instance_type("jobs.training_instance", "ml.g5.99xlarge", "training jobs")


def test_every_route_that_is_named_is_there() -> None:
    named = set(re.findall(r"\b(GET|POST|DELETE) (/v\d[\w/{}-]*)", PAGE))
    anonymous = {(route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in ROUTES}
    assert len(named) > 4
    assert {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in named} <= anonymous


def test_every_setting_and_field_that_is_named_is_there() -> None:
    stage: Any = STAGES["prod"]
    words = [word.partition("=")[0] for word in re.findall(r"`([a-z_.=0-9]+)`", PAGE)]
    parts = [word for word in words if word.partition(".")[0] in vars(stage)]
    assert len(parts) > 8
    for word in parts:
        found = stage
        for name in word.split("."):
            assert hasattr(found, name), word
            found = getattr(found, name)
    for name in ("mask_grow", "mask_blur", "seed", "adapter", "return_mask", "mask_convention"):
        assert name in PredictionInput.model_fields
        assert name in PAGE
    assert "segment" in MODES
    assert "epochs" in Hyperparameters.model_fields
