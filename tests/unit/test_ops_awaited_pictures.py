"""Facades that answer with the pictures look at what was sent once, as a prediction of our own does."""

from typing import Any

import pytest

from atelier_ops.logic import header
from tests.unit.ops_api import Api
from tests.unit.ops_fakes import PNG


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/images/edits", {"prompt": "a red skirt", "image": PNG, "mask_prompt": "a skirt", "size": "64x64"}),
        (
            "/v2beta/stable-image/edit/search-and-replace",
            {"prompt": "a red skirt", "image": PNG, "search_prompt": "a skirt"},
        ),
    ],
)
def test_a_picture_is_looked_at_once(monkeypatch: pytest.MonkeyPatch, path: str, fields: dict[str, Any]) -> None:
    api, looks, look = Api(), list[int](), header.read_header

    def counted(body: bytes) -> Any:
        looks.append(len(body))
        return look(body)

    monkeypatch.setattr("atelier_ops.logic.request_pictures.read_header", counted)
    assert api.post_form(path, fields).status == 503, "it is being painted"
    assert looks == [len(PNG)]
    assert [key for key in api.records.items if key.startswith("prediction#")]
