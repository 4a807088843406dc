"""What people are told who see pictures: by stage, by language, and in a header that any client can read."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.disclosure import (
    LONGEST,
    MOST_BYTES,
    TEXTS,
    as_variables,
    chosen,
    from_variables,
    header_value,
    read_texts,
)
from contracts.errors import InvalidInputError
from infra.settings.disclosure import Disclosure

SENTENCES = {"en": "AI made it.", "ko": "AI가 만들었습니다.", "pt-BR": "Feito por IA."}


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ko", "ko"),
        ("ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        ("en;q=0.3, ko;q=0.5", "ko"),
        ("KO-kr", "ko"),
        ("pt", "pt-BR"),
        ("pt-br", "pt-BR"),
        ("fr, ko;q=0.1", "ko"),
        ("fr", "en"),
        ("ko;q=0", "en"),
        ("*", "en"),
        ("fr, *;q=0.5, ko;q=0.1", "en"),
        ("ko;q=2, pt", "pt-BR"),
        ("ko;level=1;q=0.9", "en"),
        (",,;;q=", "en"),
        ("x" * 100_000, "en"),
    ],
)
def test_the_sentence_is_in_a_language_that_is_asked_for_or_the_stage_s_own(accepted: str, language: str) -> None:
    assert chosen(SENTENCES, accepted) == (language, SENTENCES[language])


@given(st.text(max_size=300))
def test_any_header_finds_a_sentence(accepted: str) -> None:
    language, sentence = chosen(SENTENCES, accepted)
    assert SENTENCES[language] == sentence


def unescaped(value: str) -> str:
    """The sentence of a Display String, as RFC 9651 reads it."""
    found = re.fullmatch(r'%"((?:[ !#$&-~]|%[0-9a-f]{2})*)";lang="([A-Za-z0-9-]+)"', value)
    assert found, value
    codes = re.sub(r"%([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), found[1])
    return codes.encode("latin-1").decode()


@given(st.text(st.characters(codec="utf-8"), max_size=LONGEST))
def test_a_header_has_any_sentence_in_ascii(sentence: str) -> None:
    assert unescaped(header_value("ko", sentence)) == sentence


def test_the_longest_sentence_fits_sagemakers_custom_attributes() -> None:
    assert len(f"disclosure={header_value('zh-Hant-TW', '한' * LONGEST)}") <= 1_024


def test_sentences_are_read_as_settings_write_them() -> None:
    assert read_texts("") == TEXTS
    assert read_texts(Disclosure().environment) == TEXTS
    assert list(read_texts(Disclosure(texts=SENTENCES).environment).items()) == list(SENTENCES.items())


@pytest.mark.parametrize("wrong", ["[]", "{}", '{"en": ""}', '{"en": "two\\nlines"}', '{"EN": "x"}', '{"en": 1}'])
def test_other_documents_are_refused(wrong: str) -> None:
    with pytest.raises(InvalidInputError, match="disclosure"):
        read_texts(wrong)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({}, "disclosure.texts: got {}; allowed: a sentence for one language at least"),
        ({"english": "AI made it."}, "disclosure.texts: got 'english'; allowed: a language as BCP 47 writes it"),
        ({"en": " "}, r"disclosure.texts\['en'\]: got ' '; allowed: a sentence in one line"),
        ({"en": "two\nlines"}, r"disclosure.texts\['en'\]: got .*; allowed: a sentence in one line"),
        ({"en": "x" * (LONGEST + 1)}, r"disclosure.texts\['en'\]: got 101; allowed: 1 to 100 characters"),
        (
            dict.fromkeys(("ko", "en"), "한" * LONGEST),
            rf"disclosure.texts: got 620; allowed: 1 to {MOST_BYTES} bytes of JSON in all",
        ),
        ({"en": 7}, "disclosure.texts: got {'en': 7}; allowed: a mapping of a text to a text"),
    ],
)
def test_a_stage_s_sentences_are_checked(texts: Any, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}"):
        Disclosure(texts=texts)


def test_jobs_have_a_variable_a_sentence_which_sagemaker_takes() -> None:
    texts = {f"x{letter}": f"{letter} = AI." for letter in "qwertyuiopas"} | {"zh-Hant-TW": "한" * LONGEST}
    variables = as_variables(texts)
    assert max(map(len, variables.values())) <= 256
    shuffled = dict(sorted(variables.items(), key=lambda pair: pair[0][::-1]))
    assert list(from_variables({**shuffled, "PATH": "/bin"}).items()) == list(texts.items())
    assert from_variables({"PATH": "/bin"}) == TEXTS
