"""Errors whose class names become Step Functions error names: named for whoever retries or catches them."""


class MissingObjectError(LookupError):
    """Nothing lies at this key: the step that should have written it did not, or somebody removed it."""


class NotPurgedError(RuntimeError):
    """S3 did not remove every version of what is to be gone. The next sweep tries again."""


class MetricMissingError(ValueError):
    """The gate names a metric that the evaluation did not write, or wrote as something that is not a finite number."""


class ArtifactIncompleteError(ValueError):
    """A trained artifact lacks a file that its manifest names, or the manifest is another run's."""


class VersionTakenError(ValueError):
    """A published version of that number is there already, made by another run: published versions never change."""


class PromotionRaceError(RuntimeError):
    """What a style's bare name means was changed by others again and again while it was to be changed."""


class VersionGoneError(LookupError):
    """A style's version is deleted, or is being deleted: its name can mean it no more."""


class PromotedError(RuntimeError):
    """A style's name means this version, which is therefore not deleted."""


class NameCollisionError(ValueError):
    """A SageMaker resource of the deterministic name exists and says something else than what was asked for."""


class EndpointBusyError(RuntimeError):
    """The endpoint is being changed by something else: try again later."""


class QuotaExceeded(RuntimeError):  # noqa: N818 - the name is what people see in Step Functions
    """The account may not have that many of the instance type. Final until the quota is raised."""


class EndpointUnavailableError(RuntimeError):
    """The endpoint that should take a request is not there, or refuses it at the moment."""


class EndpointDeniedError(EndpointUnavailableError):
    """Whoever asks may not invoke the endpoint. Final until his role is changed."""


class SubmissionUnclearError(RuntimeError):
    """The endpoint may have taken a request or not: its answer was lost, or was an error of SageMaker's own."""


class FunctionFailedError(RuntimeError):
    """A function of ours that was asked gave no answer."""


class ApiUnavailableError(RuntimeError):
    """The API does not take a request at the moment: try again later."""


class ExecutionNameTakenError(ValueError):
    """An execution of that name exists, with another input or already ended."""


class SourceFileError(ValueError):
    """A file of a base model differs from what its source promised, or cannot be had."""


class BrokenStreamError(SourceFileError):
    """A download ended before its last byte: another try may get it."""


class BaseModelChangedError(ValueError):
    """A base model that is mirrored under this revision has other files: a changed model needs a new revision."""


class MirrorTimeoutError(RuntimeError):
    """The time a Lambda may run ends before the base model is copied; files copied so far are kept."""
