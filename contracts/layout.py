"""Where things lie in S3. Every prefix ends in a slash; every key is relative to its bucket."""

from dataclasses import dataclass

from contracts.errors import InvalidInputError

STYLE_PATTERN = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
"""A style's name: lower-case letters, digits and inner hyphens, at most 40 characters."""

PREDICTION_ID = r"[0-9a-f]{26}"
"""What the HTTP API calls a prediction; requests that it did not make are called otherwise."""

MANIFEST = "manifest.json"
"""Written last into every artifact prefix: where it is missing, the artifact is not complete."""

FAILURE = "failure.json"
"""``runs/{run}/failure.json``: at which step an execution failed, was stopped or ran out of time, when, why, and what it has cost."""

RESUMPTION = "resumption.json"
"""``runs/{run}/resumption.json``: what a later execution needs to take up a run that failed (``contracts.plan.Resumption``)."""

TAKEN_UP = "taken_up.json"
"""``runs/{run}/taken_up.json``: which execution does the rest of a run that did not succeed, ``{"execution": name}``."""

LATEST = "latest.json"
"""``styles/{style}/latest.json`` names the promoted version, which the style's bare name means, and the one promoted before it:
``{"version": 3, "previous": 2}``."""

VALIDATION, STRIP = "validation", "strip.png"
"""Among a training's checkpoints: the folder of what was painted while it learnt, and all of that in one picture."""

RESPONSES, FAILURES = "responses/", "failures/"
"""Media bucket: the answers of endpoints, and what is said instead of one."""

UPLOADS = "uploads/"
"""Media bucket: what clients put, a folder each."""

FOUND_MASKS = "outputs/masks/"
"""Media bucket: masks that were found for predictions, a folder each. No prediction is called that."""

STYLES = "styles/"
"""Model bucket: a folder a style."""

CERTIFICATES = "certificates/"
"""Model bucket: a file a signing key, ``{key's id}.pem``: the certificates with which its signatures are checked."""

BASES = "base/"
"""Model bucket: a folder a base model, name@revision."""


BEFORE = "before"
"""The folder of what the base model painted for an evaluation, by what each picture depends on; and the job's input of that name."""


@dataclass(frozen=True, kw_only=True)
class S3Uri:
    """An ``s3://bucket/key`` address; ``key`` may be empty and, for a prefix, ends in a slash."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str, *, where: str = "S3 URI") -> "S3Uri":
        """Split an address. Raises InvalidInputError where it is not ``s3://bucket/…``."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not uri.startswith("s3://") or not bucket:
            raise InvalidInputError(where, got=uri, allowed="s3://bucket/key")
        return cls(bucket=bucket, key=key)

    def child(self, name: str) -> "S3Uri":
        """The address of ``name`` below this prefix."""
        return S3Uri(bucket=self.bucket, key=f"{self.key.rstrip('/')}/{name}".lstrip("/"))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def dataset_prefix(style: str) -> str:
    """Data bucket: pictures at the root, ``dataset_info.json``, optional ``masks/`` and ``evaluation/``."""
    return f"datasets/{style}/"


def run_prefix(execution: str, step: str = "") -> str:
    """Data bucket: what one execution wrote, a folder a step (``segment``, ``train``, ``evaluate``)."""
    return f"runs/{execution}/{step}/" if step else f"runs/{execution}/"


def checkpoint_prefix(execution: str) -> str:
    """Data bucket: from where an interrupted training of this execution goes on; worth nothing once it has ended."""
    return f"checkpoints/{execution}/"


def class_pictures_prefix(execution: str, name: str) -> str:
    """Data bucket: the class pictures among an execution's checkpoints; ``name`` says what they depend on."""
    return f"checkpoints/{execution}/class_pictures/{name}/"


def class_pictures_key(name: str) -> str:
    """Data bucket: which executions painted such class pictures; it expires with the checkpoints."""
    return f"checkpoints/lent/class_pictures/{name}.json"


def before_prefix(execution: str) -> str:
    """Data bucket: what the base model painted in earlier evaluations of a run's style; the run's own evaluation starts with it."""
    return f"runs/{execution}/before/"


def before_key(style: str) -> str:
    """Data bucket: which executions evaluated a style; it expires with the checkpoints."""
    return f"checkpoints/lent/before/{style}.json"


def import_prefix(version: str) -> str:
    """Data bucket: an adapter that was trained elsewhere, as it is registered; ``version`` is the id of the request that brought it."""
    return f"imports/{version}/"


def base_prefix(name: str, revision: str) -> str:
    """Model bucket: a base model as mirrored, never changed once its manifest is there."""
    return f"base/{name}@{revision}/"


def style_prefix(style: str, version: int | None = None) -> str:
    """Model bucket: a style's published versions, or one of them."""
    return f"{STYLES}{style}/" if version is None else f"{STYLES}{style}/{version}/"


def upload_key(folder: str, upload: str, name: str) -> str:
    """Media bucket: a file that a client put by presigned URL; ``folder`` is the client's."""
    return f"uploads/{folder}/{upload}/{name}"


def answer_keys(attempt: str) -> tuple[str, str]:
    """Media bucket: where the answer of one attempt at a real-time endpoint is written, or else its failure, as SageMaker's own are."""
    return f"{RESPONSES}{attempt}.out", f"{FAILURES}{attempt}-error.out"


def request_key(prediction: str) -> str:
    """Media bucket: the request body handed to the endpoint. It is there as long as somebody waits for the prediction."""
    return f"requests/{prediction}.json"


def progress_key(prediction: str) -> str:
    """Media bucket: how far the model server is with a prediction (``contracts.running``), where it takes more than some seconds."""
    return f"progress/{prediction}.json"


def outputs_prefix(prediction: str) -> str:
    """Media bucket: the pictures that a prediction made."""
    return f"outputs/{prediction}/"


def output_key(prediction: str, index: int, suffix: str) -> str:
    """Media bucket: one of them; ``suffix`` without a dot."""
    return f"outputs/{prediction}/{index}.{suffix}"


def found_masks_prefix(prediction: str) -> str:
    """Media bucket: the masks that a prediction found; a stage may keep them less long than pictures."""
    return f"outputs/masks/{prediction}/"


def found_mask_key(prediction: str, index: int, suffix: str) -> str:
    """Media bucket: one of them, ``index`` being its place in the prediction's output; ``suffix`` without a dot."""
    return f"outputs/masks/{prediction}/{index}.{suffix}"


def batch_key(batch: str, name: str) -> str:
    """Media bucket: a batch's rows, its items and its report."""
    return f"batches/{batch}/{name}"


def round_key(batch: str, number: int) -> str:
    """Media bucket: what the state machine maps in this round of a batch, a ``contracts.batches.BatchItem`` a line."""
    return batch_key(batch, f"rounds/{number}.jsonl")
