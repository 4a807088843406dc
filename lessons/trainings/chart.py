"""Charts of a tip as SVG: a bar a way to train, a dot a training, a line for their standard deviation; for light and dark pages."""

from collections.abc import Mapping, Sequence
from html import escape

from bench.train.learnt import Spread
from lessons.trainings.tips import DEFAULT, SCORES, Language, Tip, Words, told_apart

WIDTH = 720
"""Of the drawing, in its own units: words of 24 are 12 pixels on a phone of 360."""
_MARGIN, _TITLE, _ROW, _NOTE = 28, 52, 46, 32
_LEFT, _RIGHT = 256, 560
"""Where bars begin, and where the longest ends."""

LEGEND: Words = {
    "en": "bar: mean of {count} trainings · dots: each · line: ± deviation",
    "ko": "막대: 학습 {count}번의 평균 · 점: 하나하나 · 선: ± 표준편차",
}
SAME: Words = {"en": "≈ cannot be told from the bold row", "ko": "≈ 굵은 줄과 구별되지 않음"}
_STYLE = (
    ".paper{fill:#f7f5f0}.ink{fill:#1c1e22}.muted{fill:#5c6068}.track{fill:#e6e2d8}.bar{fill:#9db8ea}.default{fill:#5b86dc}"
    ".strong{font-weight:700}.dot{fill:#1c1e22}.line{stroke:#1c1e22;stroke-width:3}"
    "@media (prefers-color-scheme:dark){.paper{fill:#1c1f26}.ink{fill:#f1efe9}.muted{fill:#adb2bb}.track{fill:#2c313b}"
    ".bar{fill:#3d5c9c}.default{fill:#5b86dc}.dot{fill:#f1efe9}.line{stroke:#f1efe9}}"
)


def draw_chart(tip: Tip, found: Mapping[str, Mapping[str, Spread]], language: Language) -> str:
    """A tip's chart: its scores under each other, in each a row for every way; ``found`` has each way's scores."""
    parts, top, alike = list[str](), _MARGIN, False
    for score in tip.scores:
        parts.append(_text(SCORES[score].words[language], _MARGIN, top + 30, "muted"))
        top += _TITLE
        most = SCORES[score].most or max(max(found[way][score].values) for way in tip.ways)
        for way, words in tip.ways.items():
            spread = found[way][score]
            same = way != DEFAULT and not told_apart(spread, found[DEFAULT][score])
            alike |= same
            parts += _row(words[language], spread, most, top, kind="default" if way == DEFAULT else "bar")
            value = f"{'≈ ' if same else ''}{spread.mean:.{SCORES[score].digits}f}"
            parts.append(_text(value, WIDTH - _MARGIN, top + 30, "ink", anchor="end"))
            top += _ROW
    count = len(found[DEFAULT][tip.scores[0]].values)
    for note in (LEGEND[language].format(count=count), *([SAME[language]] if alike else [])):
        top += _NOTE
        parts.append(_text(note, _MARGIN, top, "muted", size=21))
    height = top + _MARGIN
    title = escape("; ".join(SCORES[score].words[language] for score in tip.scores))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif"><title>{title}</title><style>{_STYLE}</style>'
        f'<rect class="paper" width="{WIDTH}" height="{height}" rx="28"/>{"".join(parts)}</svg>\n'
    )


def place(value: float, most: float) -> float:
    """How far right a value is drawn."""
    return _LEFT + (_RIGHT - _LEFT) * min(max(value / most, 0.0), 1.0)


def _row(words: str, spread: Spread, most: float, top: int, *, kind: str) -> Sequence[str]:
    middle = top + 22
    low, high = place(spread.mean - spread.deviation, most), place(spread.mean + spread.deviation, most)
    return [
        _text(words, _MARGIN, top + 30, "ink strong" if kind == "default" else "ink"),
        f'<rect class="track" x="{_LEFT}" y="{top + 6}" width="{_RIGHT - _LEFT}" height="32" rx="6"/>',
        f'<rect class="{kind}" x="{_LEFT}" y="{top + 6}" width="{place(spread.mean, most) - _LEFT:.1f}" height="32" rx="6"/>',
        f'<line class="line" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>',
        *(f'<circle class="dot" cx="{place(value, most):.1f}" cy="{middle}" r="5"/>' for value in spread.values),
    ]


def _text(words: str, x: float, y: float, kind: str, *, anchor: str = "start", size: int = 24) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'
