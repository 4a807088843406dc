"""The consent reference of a call whose body has no place for one."""

import pytest

from atelier_inference.custom_attributes import consented
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput

PHOTO = PredictionInput.from_json({"mode": "image_to_image", "prompt": "a skirt", "image": "abcd"})
WORDS = PredictionInput.from_json({"mode": "text_to_image", "prompt": "a skirt"})


def test_a_call_may_name_it_beside_its_body() -> None:
    attributes = "trace=1;consent=release-17;adapter=skirt"
    assert consented(PHOTO, attributes, "required").consent == "release-17"
    assert consented(PHOTO, "trace=1", "optional").consent == ""


def test_a_stage_may_demand_it_of_pictures() -> None:
    with pytest.raises(InvalidInputError, match="consent: got nothing"):
        consented(PHOTO, "", "required")
    assert consented(WORDS, "", "required") == WORDS


@pytest.mark.parametrize(("attributes", "body"), [("consent=a b", ""), ("consent=other-one", "release-17")])
def test_a_wrong_one_is_refused_and_not_repeated(attributes: str, body: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        consented(PHOTO.model_copy(update={"consent": body}), attributes, "optional")
    assert attributes.partition("=")[2] not in str(refused.value)
    assert "release-17" not in str(refused.value)
