"""The measure of manifests: what is counted as valid, and as told."""

from bench.lawful import manifest


def test_a_picture_of_each_format_is_valid_and_a_changed_one_is_told() -> None:
    assert manifest.measure(3) == {"manifest_valid": (3, 3), "manifest_tampered_told": (3, 3)}
