"""What is said of visits and of the page's weight."""

import gzip
from pathlib import Path

from bench.page.__main__ import medians
from bench.page.weight import weights


def test_of_each_measure_the_median_visit_is_said() -> None:
    visits = [{"usable_ms": ms, "layout_shift": shift} for ms, shift in ((300.4, 0.0), (100.2, 0.1234), (200.6, 0.5))]
    assert medians(visits) == {"usable_ms": 201, "layout_shift": 0.123}


def test_the_weight_of_a_language_is_that_of_what_all_load_and_of_its_own_texts_compressed(tmp_path: Path) -> None:
    files = {
        "app.js": "go();" * 90,
        "text/en/a.js": "en" * 500,
        "text/ko/a.js": "한국" * 900,
        "types.js": "/** */",
        "a.png": "x",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    size = {name: len(gzip.compress(text.encode(), 6)) for name, text in files.items()}
    assert weights(tmp_path) == {
        "en": size["app.js"] + size["text/en/a.js"],
        "ko": size["app.js"] + size["text/ko/a.js"],
    }
