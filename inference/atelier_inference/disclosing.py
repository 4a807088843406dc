"""What callers are told for whoever is shown the pictures: in the answer's body where that is ours, and in headers whoever's it is.

SageMaker passes on one header of a container's answer, CustomAttributes; whoever asks the server itself reads the other, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from atelier_inference.answer_stream import FinishedAnswer
from atelier_inference.custom_attributes import CUSTOM_ATTRIBUTES
from contracts.disclosure import HEADER, Texts, chosen, header_value
from contracts.modes import MODES
from contracts.prediction import PredictionInput


@dataclass(frozen=True, kw_only=True)
class Disclosing:
    """The sentence of one call, in ``language``; empty where nothing is painted."""

    language: str
    sentence: str

    @classmethod
    def of(cls, request: Request, asked: Sequence[PredictionInput], texts: Texts) -> "Disclosing":
        """In the language that the request prefers."""
        language, sentence = chosen(texts, request.headers.get("accept-language", ""))
        painted = any(MODES[each.mode].paints for each in asked)
        return cls(language=language, sentence=sentence if painted else "")

    def said(self, answer: FinishedAnswer) -> FinishedAnswer:
        """The answer with the sentence in it."""
        return replace(answer, output=answer.output.model_copy(update={"disclosure": self.sentence}))

    def head(self, response: Response) -> Response:
        """The response with the sentence in its headers."""
        if self.sentence:
            value = header_value(self.language, self.sentence)
            response.headers[HEADER] = value
            response.headers[CUSTOM_ATTRIBUTES] = f"disclosure={value}"
        return response
