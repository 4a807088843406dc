"""What logs call a prediction or a batch: by a name that its id leads to, and that leads back to nothing.

CloudWatch deletes no single line, so a line must not hold what has to go when a person takes back their consent (docs/adr/0042). An
id is 104 random bits: nobody finds it from its name by trying.
"""

import hashlib
import re

from contracts.layout import PREDICTION_ID

_DIGITS = 16
_IDS = re.compile(rf"(?<![0-9a-f]){PREDICTION_ID}(?![0-9a-f])")


def log_name(drawn: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of an id."""
    return hashlib.sha256(drawn.encode()).hexdigest()[:_DIGITS]


def by_log_names(text: str) -> str:
    """A text with the log's name in place of each id, also where an address or a key has it."""
    return _IDS.sub(lambda found: log_name(found.group()), text)
