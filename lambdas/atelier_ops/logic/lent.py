"""Which runs left what a later run can use: a small list of their names, by what it is."""

import json

from atelier_ops.gateways.storage import ObjectStore, parse_json

MOST_RUNS = 5
"""Runs that a list names: the newest."""


def noted(execution: str, key: str, data: ObjectStore) -> list[str]:
    """The other runs that the list names, the newest last, after this one was added.

    Of two that add themselves at once one may be left out.
    """
    stored = data.read_tagged(key)
    listed: list[str] = parse_json(stored[0], key) if stored else []
    others = [run for run in listed if run != execution]
    body = json.dumps([*others[-(MOST_RUNS - 1) :], execution]).encode()
    data.write_if(key, body, "application/json", etag=stored[1] if stored else None)
    return others
