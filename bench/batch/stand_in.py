"""A stand-in for the model server, in its own container: SageMaker's contract, and a picture of one colour in no time.

It answers as the model server does and logs a line for each request that it has finished, but reads no photo and has no model. It refuses
what ``REFUSED`` is a word of, as the model server refuses a garment that it does not find.
"""

import base64
import io
import json
import os
import signal
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

from contracts.appearance import Appearance, PaintingMetrics, PaletteColour
from contracts.prediction import PredictionOutput

REFUSED = "unpaintable"
_SIDE = 16
_LIGHT = 50


def picture(seed: int) -> bytes:
    """A PNG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (_SIDE, _SIDE), (seed % 256, seed // 256 % 256, 128)).save(file, "PNG")
    return file.getvalue()


def answer(asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and body for a request's body."""
    if REFUSED in asked["prompt"]:
        error = {"type": "InvalidInputError", "message": f"prompt: got {REFUSED!r}; allowed: others"}
        return 400, {"error": {**error, "what": "prompt", "allowed": "others"}}
    seed = int(asked["seed"])
    colour = PaletteColour(lightness=_LIGHT, red=40, yellow=seed % 5, share=1)
    looks = Appearance(palette=[colour], light=_LIGHT, light_spread=1, frame_light=60, frame_light_spread=10)
    output = PredictionOutput(
        images=[base64.b64encode(picture(seed)).decode()],
        output_format="png",
        seed=seed,
        model="stand-in@1",
        metrics=PaintingMetrics(mask_area=0.2, mask_score=0.9, pictures=[looks]),
    )
    return 200, output.to_json()


class StandIn(BaseHTTPRequestHandler):
    """``GET /ping`` and ``POST /invocations``."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Healthy from the start."""
        self._send(200, {"status": "ready"})

    def do_POST(self) -> None:
        """One request."""
        status, body = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._send(status, body)
        line = {"message": "request", "id": self.headers.get("X-Amzn-SageMaker-Inference-Id"), "status": status}
        # In one piece: other threads write, too.
        sys.stdout.write(json.dumps(line) + "\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 its own name
        """Nothing besides."""

    def _send(self, status: int, body: Mapping[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), StandIn).serve_forever()


if __name__ == "__main__":
    main()
