"""What a browser loads of ``web/``, compressed as CloudFront does."""

import gzip
from pathlib import Path

LOADED = frozenset({".html", ".js", ".css", ".svg", ".json", ".webmanifest"})
LANGUAGES = ("en", "ko")


def weights(web: Path) -> dict[str, int]:
    """Bytes by language of all that may be loaded but pictures: texts are fetched in the language that is read.

    Modules of types are named in comments only, and no browser asks for them.
    """
    served = [path for path in web.rglob("*") if path.suffix in LOADED and path.name != "types.js"]
    bytes_of = {path: len(gzip.compress(path.read_bytes(), 6)) for path in served}
    texts = {
        language: sum(size for path, size in bytes_of.items() if path.is_relative_to(web / "text" / language))
        for language in LANGUAGES
    }
    both = sum(bytes_of.values())
    return {language: both - sum(texts.values()) + texts[language] for language in LANGUAGES}
