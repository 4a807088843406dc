"""What whoever is shown a picture is told, by language."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.disclosure import LANGUAGE, LANGUAGE_RULE, LONGEST, MOST_BYTES, TEXTS
from infra.settings.kinds import check_kinds
from infra.settings.validation import check, check_range, check_text


@dataclass(frozen=True, kw_only=True)
class Disclosure:
    """``texts`` are sentences by language (``en``, ``ko``); the first is the stage's own, for whoever asks in no other."""

    texts: Mapping[str, str] = field(default_factory=lambda: TEXTS)

    def __post_init__(self) -> None:
        check_kinds(self, "disclosure")
        check(bool(self.texts), "disclosure.texts", got=self.texts, allowed="a sentence for one language at least")
        for language, sentence in self.texts.items():
            where = f"disclosure.texts[{language!r}]"
            check_text("disclosure.texts", language, LANGUAGE, LANGUAGE_RULE)
            printed = sentence.isprintable() and bool(sentence.strip())
            check(printed, where, got=sentence, allowed="a sentence in one line")
            check_range(where, len(sentence), 1, LONGEST, unit="characters")
        check_range("disclosure.texts", len(self.environment.encode()), 1, MOST_BYTES, unit="bytes of JSON in all")

    @property
    def environment(self) -> str:
        """As handlers and the model server read it."""
        return json.dumps(dict(self.texts), ensure_ascii=False)
