"""Synthesis as the commands do it."""

from pathlib import Path

from cli.assembly import synthesize


def test_what_is_above_the_folder_does_not_tell_nodejs_how_to_read_cdks_bridge(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    out = synthesize(tmp_path / "cdk.out", "local", "")
    assert (out / "manifest.json").is_file()
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("synthesis-")] == []
