"""What styles are learnt on."""

from contracts.queries import PageQuery
from contracts.route import Route
from contracts.style_answers import BaseModelPage, NamedBaseModel

ROUTES = (
    Route(
        name="list_base_models",
        method="GET",
        path="/v1/base-models",
        about="The base models that the stage has, by name: those that paint, and those that mask or enlarge. Who trains names one in "
        "input.base_model.",
        query=PageQuery,
        answer=BaseModelPage,
    ),
    Route(
        name="get_base_model",
        method="GET",
        path="/v1/base-models/{name}",
        about="The revisions of one base model.",
        answer=NamedBaseModel,
    ),
)
