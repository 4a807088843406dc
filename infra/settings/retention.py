"""For how long a stage keeps what may show people, where that is less than what it keeps everything for."""

from dataclasses import dataclass

from infra.settings.kinds import check_kinds
from infra.settings.validation import check, check_range

OLD_VERSION_DAYS = 30
"""For how many days an overwritten or deleted object of the data or model bucket can be restored."""

FEWEST_DAYS_OF_OUTPUTS = 2
"""A webhook is tried for a day, and whoever it tells then wants the pictures and masks."""

FEWEST_DAYS_OF_OLD_VERSIONS = 7
"""A week to notice that what cannot be made again was deleted by mistake. A person's deletion does not wait for it."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """By class of data. ``uploads_days`` are those of photos and masks that clients put, ``None``: as long as predictions.
    ``outputs_days`` are those of what was painted, ``None``: the same; their records say that they are gone. ``masks_days`` are those of
    masks that were found for predictions, ``None``: as long as pictures.

    After ``datasets_days`` pictures to learn from expire, each by when it was put; ``None``: when somebody deletes them, or their style.
    ``old_versions_days`` are those of what was overwritten or deleted in the data and model buckets.
    """

    uploads_days: int | None = None
    outputs_days: int | None = None
    masks_days: int | None = None
    datasets_days: int | None = None
    old_versions_days: int = OLD_VERSION_DAYS

    def __post_init__(self) -> None:
        check_kinds(self, "retention")
        for name, fewest in (
            ("uploads_days", 1),
            ("outputs_days", FEWEST_DAYS_OF_OUTPUTS),
            ("masks_days", FEWEST_DAYS_OF_OUTPUTS),
            ("datasets_days", 1),
        ):
            if (days := getattr(self, name)) is not None:
                check_range(f"retention.{name}", days, fewest, unit="days" if fewest > 1 else "day")
        least = FEWEST_DAYS_OF_OLD_VERSIONS
        check_range("retention.old_versions_days", self.old_versions_days, least, unit="days")

    def require_within(self, media_days: int) -> None:
        """Raises ValueError for a class that would be kept longer than what it is a part of, whose days S3 counts if they are fewer."""
        pictures = ("outputs_days", self.outputs_days) if self.outputs_days else ("media_days", media_days)
        for name, (of, most) in {
            "uploads_days": ("media_days", media_days),
            "outputs_days": ("media_days", media_days),
            "masks_days": pictures,
        }.items():
            days = getattr(self, name) or 0
            check(days <= most, f"retention.{name}", got=days, allowed=f"{of} at most")
