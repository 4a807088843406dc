"""Finding out where a picture comes from."""

from contracts.mark_answers import MarkedPrediction
from contracts.route import Route

ROUTES = (
    Route(
        name="get_mark",
        method="GET",
        path="/v1/marks/{mark}",
        about="The client's own prediction whose pictures hold a mark, 12 hexadecimal digits, which `atelier verify` reads in a picture.",
        answer=MarkedPrediction,
    ),
)
