"""What logs call predictions: no line of ours has an id, wherever it came from, and an operator finds the lines of one."""

import io
import json
import logging

from atelier_inference.journal import JsonLines
from atelier_ops.observability import logger
from contracts.log_names import by_log_names, log_name
from tests.unit.ops_logs import lines

ID = "dd4d0dfc5bd68f60e2e9f4f62e"
NAME = log_name(ID)


def test_an_id_is_replaced_wherever_it_stands_and_nothing_else_is() -> None:
    assert ID[:16] != NAME
    assert by_log_names(f"s3://media/requests/{ID}.json: {ID}") == f"s3://media/requests/{NAME}.json: {NAME}"
    others = f"{ID}0 0{ID} {ID[:-1]} {ID.upper()} 8f14e45f-ceea-467f-a830-5c4a7a2b1f0e"
    assert by_log_names(others) == others


def test_no_line_of_a_handler_has_an_id() -> None:
    with lines() as logged:
        try:
            raise RuntimeError(f"no such key: requests/{ID}.json")
        except RuntimeError:
            logger.exception(f"{ID}: not found", prediction=ID)
    (line,) = logged
    assert ID not in json.dumps(line)
    assert (line["message"], line["prediction"]) == (f"{NAME}: not found", NAME)
    assert NAME in line["exception"]


def test_no_line_of_the_model_server_has_an_id() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    own = logging.Logger("own")
    own.addHandler(handler)
    own.info("canceled %s", ID, extra={"fields": {"id": ID, "status": 410}})
    line = json.loads(stream.getvalue())
    assert (line["message"], line["id"], line["status"]) == (f"canceled {NAME}", NAME, 410)
