"""A folder as a source: its files in order, and nothing else; what is odd is told instead of being left out."""

import os
from pathlib import Path

import pytest

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.sources import folder


def filled(at: Path, *names: str) -> Path:
    """Files, each of four bytes."""
    at.mkdir(exist_ok=True)
    for name in names:
        (at / name).write_text("row\n")
    return at


def test_what_is_a_folder(tmp_path: Path) -> None:
    """One that is there, and what says that it is one; no file, and no web address."""
    (tmp_path / "feed.txt").write_text("")
    assert folder.is_folder(str(tmp_path))
    assert folder.is_folder(f"{tmp_path}/nowhere/")
    assert not folder.is_folder(f"{tmp_path}/nowhere")
    assert not folder.is_folder(str(tmp_path / "feed.txt"))
    assert not folder.is_folder("https://feed.example/list/")


async def test_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    """Without what is hidden, and without folders in it, whatever these hold."""
    reports = filled(tmp_path / "reports", "b.csv", "a.csv", "10.csv", "9.csv", "ä.csv", ".c.csv.part")
    filled(reports / "old", "z.csv")
    filled(reports / ".git", "z.csv")
    found = await folder.files(f"{reports}/")
    assert [one.name for one in found] == ["10.csv", "9.csv", "a.csv", "b.csv", "ä.csv"]


async def test_a_folder_without_a_file(tmp_path: Path) -> None:
    """Empty, or with hidden files only, or not there: the run fails, as with a feed of no bytes."""
    with pytest.raises(FeedFailed, match="holds no file"):
        await folder.files(str(filled(tmp_path / "empty")))
    with pytest.raises(FeedFailed, match="holds no file"):
        await folder.files(str(filled(tmp_path / "hidden", ".a.csv")))
    with pytest.raises(FeedFailed, match="cannot be read: No such file"):
        await folder.files(f"{tmp_path}/nowhere/")
    with pytest.raises(FeedFailed, match="cannot be read: Not a directory"):
        await folder.files(f"{filled(tmp_path, 'file') / 'file'}/")


async def test_what_is_no_file(tmp_path: Path) -> None:
    """A pipe would be waited for without end; a link may stay in the folder (as mounted ones do), and lead nowhere else."""
    reports = filled(tmp_path / "reports", "a.csv")
    filled(reports / "..data", "b.csv")
    (reports / "b.csv").symlink_to(Path("..data") / "b.csv")
    assert [one.name for one in await folder.files(str(reports))] == ["a.csv", "b.csv"]
    (reports / "c.csv").symlink_to(filled(tmp_path, "elsewhere") / "elsewhere")
    with pytest.raises(FeedFailed, match=r"c\.csv in .* leads out"):
        await folder.files(str(reports))
    (reports / "c.csv").unlink()
    os.mkfifo(reports / "c.csv")
    with pytest.raises(FeedFailed, match=r"c\.csv in .* is no file"):
        await folder.files(str(reports))
    (reports / "c.csv").unlink()
    (reports / "c.csv").symlink_to("gone")
    with pytest.raises(FeedFailed, match="cannot be read"):
        await folder.files(str(reports))


async def test_more_than_a_run_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In files, and in bytes of all of them together."""
    reports = str(filled(tmp_path / "reports", "a", "b", "c"))
    monkeypatch.setattr(folder, "MAX_FILES", 2)
    with pytest.raises(FeedFailed, match="more than 2 files"):
        await folder.files(reports)
    monkeypatch.setattr(folder, "MAX_FILES", 3)
    monkeypatch.setattr(folder, "MAX_BYTES", 12)
    assert len(await folder.files(reports)) == 3
    monkeypatch.setattr(folder, "MAX_BYTES", 11)
    with pytest.raises(FeedFailed, match="11 bytes"):
        await folder.files(reports)


@pytest.mark.skipif(os.name != "posix" or os.uname().sysname != "Linux", reason="only Linux takes any bytes as a name")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """It can be told: a reason is kept in a database."""
    assert folder.shown(tmp_path / os.fsdecode(b"\xff.csv")) == "\ufffd.csv"
