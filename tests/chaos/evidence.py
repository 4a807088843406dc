"""What is there when everything has settled, as the invariants read it."""

from dataclasses import dataclass, field
from typing import Any

from tests.chaos.messages import Message, Webhook


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version in ``styles/``: which run made it, its package, whether its files are there as its manifest says."""

    style: str
    number: int
    run: str
    package: str
    complete: bool
    newest_is_manifest: bool


@dataclass(frozen=True, kw_only=True)
class Run:
    """A training in the end: the steps that it started, the version it reports, the training that it takes up."""

    status: str
    started: frozenset[str]
    version: str = ""
    resumes: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is there when everything has settled."""

    runs: dict[str, int] = field(default_factory=dict)
    """Predictions by how often a model server finished one."""
    attempts: dict[str, int] = field(default_factory=dict)
    """Predictions by how often they were submitted."""
    cut_off: dict[str, int] = field(default_factory=dict)
    """Predictions by how often the local cloud was killed between a model server's answer and its place in S3."""
    outputs: dict[str, int] = field(default_factory=dict)
    """Predictions by how many pictures of theirs are stored."""
    gave_up: frozenset[str] = frozenset()
    """Predictions that ended only because the time for an answer ran out."""
    trainings: dict[str, Run] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    latest: dict[str, int] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    """Model packages by their approval."""
    endpoints: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Styles' own endpoints: which version each serves."""
    jobs: tuple[str, ...] = ()
    """The runs whose training job completed, one entry a job."""
    running: tuple[str, ...] = ()
    """Jobs that still run."""
    orphans: tuple[str, ...] = ()
    """Processes that outlived the local cloud."""
    left_folders: tuple[str, ...] = ()
    """Folders of functions' workers that are not there any more."""
    dead_letters: tuple[dict[str, Any], ...] = ()
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The prompts of batches' rows, by how each prediction that was made of one ended."""
    waiting_items: tuple[str, ...] = ()
    """Records of rows whose prediction a state waits for."""
    running_batches: tuple[str, ...] = ()
    """Executions of batches that run."""
    prompts: dict[str, int] = field(default_factory=dict)
    """What predictions that no batch made were asked to paint, by how many were."""
    folders: dict[str, frozenset[int]] = field(default_factory=dict)
    """Styles by the numbers of the versions of which there are files."""
    deletions: tuple[str, ...] = ()
    """Records of deletions of styles and versions that are not finished."""
    files: frozenset[str] = frozenset()
    """Uploads that are there, by id."""
    messages: tuple[Message, ...] = ()
    """What receivers heard, the first in front."""
    strayed: tuple[str, ...] = ()
    """Requests that came where only a redirect leads."""
    webhooks: tuple[Webhook, ...] = ()
