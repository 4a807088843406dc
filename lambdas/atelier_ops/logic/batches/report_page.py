"""The report of a batch as a page for people: one file, without scripts."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from atelier_ops.logic.looks import MEASURES
from contracts.prices import REGION

MOST_LINES = 500
"""Things to look at that the page lists, failures among them; report.json has all."""

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.3rem .6rem;text-align:left;"
    "vertical-align:top}td{overflow-wrap:anywhere}th{white-space:nowrap}"
)


def report_page(whole: Mapping[str, Any]) -> str:
    """The page of what ``report.json`` holds."""
    counts, title = whole["counts"], whole["name"] or f"Batch {whole['batch']}"
    rows = {entry["line"]: entry["row"] for entry in whole["items"]}
    facts = [(name, count) for name, count in counts.items() if count or name == "total"]
    facts += [("status", whole["status"]), ("round", whole["round"]), ("seconds of painting", round(whole["seconds"]))]
    facts.append((f"dollars at prices of {REGION}", "unknown" if whole["dollars"] is None else whole["dollars"]))
    parts = [
        f"<h1>{escape(str(title))}</h1>",
        *(f'<p lang="{escape(language)}">{escape(said)}</p>' for language, said in whole["disclosure"].items()),
        _table(("", ""), facts),
        _section("To look at", ("line", "row", "prediction", "why"), [_odd(each, rows) for each in whole["review"]]),
        _section("Drifts", ("from line", "why"), [(each["since"], each["reason"]) for each in whole["drifts"]]),
        _section("What is usual", ("group", "pictures", "medians"), [_usual(each) for each in whole["groups"]]),
    ]
    head = f'<meta charset="utf-8"><title>{escape(str(title))}</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _odd(each: Mapping[str, Any], rows: Mapping[int, Mapping[str, Any]]) -> tuple[Any, ...]:
    row = ", ".join(f"{name}: {value}" for name, value in rows[each["line"]].items())
    return each["line"], row, each["prediction"] or "", each["reason"]


def _usual(group: Mapping[str, Any]) -> tuple[Any, ...]:
    known = [each for each in MEASURES if each.usually and each.name in group["medians"]]
    medians = ", ".join(each.usually.format(group["medians"][each.name]) for each in known)
    return group["group"], group["pictures"], group["note"] or medians


def _section(title: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    if not rows:
        return f"<h2>{title}</h2><p>Nothing.</p>"
    more = f"<p>And {len(rows) - MOST_LINES} more, in report.json.</p>" if len(rows) > MOST_LINES else ""
    return f"<h2>{title}</h2>{_table(names, rows[:MOST_LINES])}{more}"


def _table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(value))}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
