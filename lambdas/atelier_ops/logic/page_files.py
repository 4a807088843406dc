"""Custom::Page: the web page's files in their bucket, just those of the stack's asset, and ``config.json``."""

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile

from atelier_ops.gateways.answers import Answers
from atelier_ops.gateways.handed_keys import HandedKeys
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.custom_resource import answer, failed
from atelier_ops.observability import logger
from contracts.page import CONFIG, FILES, INDEX, PageConfig

CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""By a file's ending; browsers are told to believe them."""

ASK_AGAIN = "no-cache"
"""Browsers ask for every file again, by its ETag: its name does not change with its bytes, and modules of two releases do not fit."""

NEVER_KEEP = "no-store"


def settle_page(
    event: Mapping[str, Any], page: ObjectStore, assets: ObjectStore, keys: HandedKeys, answers: Answers
) -> None:
    """Do what the event asks and answer it, whatever happens: without an answer the stack waits for minutes."""
    # The same at every change: CloudFormation deletes what has another name, and that would empty the bucket.
    physical = page.bucket
    try:
        if event["RequestType"] == "Delete":
            _remove_all_but(set(), page)
        else:
            _publish(event["ResourceProperties"], page, assets, keys)
        outcome: Mapping[str, Any] = {"Status": "SUCCESS"}
    except Exception as error:  # noqa: BLE001 - the process edge: CloudFormation must hear of every failure
        logger.exception("page not published")
        outcome = failed(error)
    answer(event, answers, physical, outcome)


def _publish(properties: Mapping[str, Any], page: ObjectStore, assets: ObjectStore, keys: HandedKeys) -> None:
    """Write every file, the one that refers to the others last, and remove what is no more."""
    files = dict(_unpacked(assets.read(properties["AssetKey"])))
    if INDEX not in files or CONFIG in files:
        raise ValueError(f"page: got {', '.join(sorted(files))}; allowed: an {INDEX}, and no {CONFIG}")
    kinds = {name: content_type(name) for name in files}
    config = PageConfig.from_text(properties["Config"])
    if key_id := properties.get("KeyId"):
        config = config.model_copy(update={"key": keys.value(key_id)})
    told = json.dumps(config.model_dump(mode="json"), ensure_ascii=False).encode()
    page.serve(FILES + CONFIG, told, content_type=CONTENT_TYPES[".json"], cache_control=NEVER_KEEP)
    for name in sorted(files, key=lambda each: each == INDEX):
        page.serve(FILES + name, files[name], content_type=kinds[name], cache_control=ASK_AGAIN)
    _remove_all_but({CONFIG, *files}, page)
    logger.info("page published", files=len(files))


def _unpacked(archive: bytes) -> Iterator[tuple[str, bytes]]:
    with ZipFile(io.BytesIO(archive)) as packed:
        for entry in packed.infolist():
            if not entry.is_dir():
                yield entry.filename, packed.read(entry)


def content_type(name: str) -> str:
    """What a file of the page is. Raises ValueError for one of another kind."""
    ending = PurePosixPath(name).suffix or ".txt"  # licences have none
    if ending not in CONTENT_TYPES:
        raise ValueError(f"page file: got {name}; allowed: {', '.join(CONTENT_TYPES)}, or no ending, for plain text")
    return CONTENT_TYPES[ending]


def _remove_all_but(kept: set[str], page: ObjectStore) -> None:
    for found in page.listing(FILES):
        if found.key.removeprefix(FILES) not in kept:
            page.delete(found.key)
