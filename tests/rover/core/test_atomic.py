"""Outputs are whole or absent."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from rover.core import atomic
from rover.core.atomic import atomic_folder, atomic_path, check_outputs, text_output
from rover.core.errors import OutputError, UsageError

Output = Callable[[Path], AbstractContextManager[Path]]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_only_when_whole(tmp_path: Path) -> None:
    final = tmp_path / "dem.tif"
    with atomic_path(final) as temporary:
        temporary.write_text("half")
        assert not final.exists()
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")
        assert temporary.suffix == ".tif"
    assert final.read_text() == "half"
    assert names(tmp_path) == ["dem.tif"]


def test_a_file_has_the_rights_that_any_new_file_has(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with atomic_path(tmp_path / "atomic"):
        pass
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_ends_the_block_leaves_the_old_file(tmp_path: Path, end: type[BaseException]) -> None:
    final = tmp_path / "dem.tif"
    final.write_text("old")
    with pytest.raises(end), atomic_path(final) as temporary:
        temporary.write_text("new")
        raise end
    assert final.read_text() == "old"
    assert names(tmp_path) == ["dem.tif"]


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt])
def test_whatever_ends_the_block_leaves_no_folder(tmp_path: Path, end: type[BaseException]) -> None:
    with pytest.raises(end), atomic_folder(tmp_path / "run") as temporary:
        (temporary / "deep").mkdir()
        (temporary / "deep" / "file").write_text("half")
        raise end
    assert names(tmp_path) == []


def test_a_folder_appears_only_when_whole(tmp_path: Path) -> None:
    final = tmp_path / "run"
    with atomic_folder(final) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")
        (temporary / "deep").mkdir()
        (temporary / "deep" / "file").write_text("whole")
        assert not final.exists()
    assert (final / "deep" / "file").read_text() == "whole"
    assert names(tmp_path) == ["run"]


def test_a_folder_may_replace_an_empty_one_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with atomic_folder(tmp_path / "link") as temporary:
        (temporary / "file").write_text("whole")
    assert (tmp_path / "real" / "file").read_text() == "whole"
    assert (tmp_path / "link").is_symlink()


def test_a_folder_with_something_in_it_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine").write_text("keep")
    refused = pytest.raises(UsageError, match=r"--out = .*: the output folder is not empty; name a new")
    with refused, atomic_folder(tmp_path / "run"):
        pytest.fail("the block was entered")
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["mine"]


def test_a_file_is_no_output_folder(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(UsageError, match="an existing file"), atomic_folder(tmp_path / "run"):
        pytest.fail("the block was entered")


def test_the_working_folder_is_not_pulled_from_under_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="working folder"), atomic_folder(Path()):
        pytest.fail("the block was entered")


@pytest.mark.parametrize("output", [atomic_path, atomic_folder])
@pytest.mark.parametrize("parent", ["absent", "file", "/proc"])
def test_a_place_that_cannot_be_written_is_an_output_error(
    tmp_path: Path, output: Output, parent: str
) -> None:
    (tmp_path / "file").write_text("a file is no folder")
    final = tmp_path / parent / "out"
    with pytest.raises(OutputError) as caught, output(final):
        pytest.fail("the block was entered")
    assert caught.value.exit_code == 5
    assert str(caught.value).startswith(f"farside: error[OUTPUT]: {final}: cannot be written: ")


def test_a_name_taken_by_a_folder_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "dem.tif").mkdir()
    with pytest.raises(OutputError), atomic_path(tmp_path / "dem.tif") as temporary:
        temporary.write_text("new")
    assert names(tmp_path) == ["dem.tif"]


def test_no_name_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match="no name"), atomic_path(""):
        pytest.fail("the block was entered")


@pytest.mark.parametrize("output", [atomic_path, atomic_folder])
def test_a_full_disk_is_an_output_error_that_leaves_nothing(tmp_path: Path, output: Output) -> None:
    refused = pytest.raises(OutputError, match="No space left on device; free some space")
    with refused, output(tmp_path / "out"), open("/dev/full", "wb", buffering=0) as full:
        full.write(b"x")
    assert names(tmp_path) == []


@pytest.mark.parametrize("output", [atomic_path, atomic_folder])
def test_a_failing_sync_is_an_output_error_that_leaves_nothing(
    tmp_path: Path, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic.os, "fsync", fail)
    with pytest.raises(OutputError), output(tmp_path / "out"):
        pass
    assert names(tmp_path) == []


@pytest.mark.parametrize("output", [atomic_path, atomic_folder])
def test_an_input_that_is_missing_is_not_blamed_on_the_output(tmp_path: Path, output: Output) -> None:
    with pytest.raises(FileNotFoundError), output(tmp_path / "out"):
        open(tmp_path / "elsewhere" / "input")  # noqa: SIM115 - it does not open
    assert names(tmp_path) == []


def test_everything_is_synced_before_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[Any] = []
    real_sync, real_rename = os.fsync, os.rename

    def sync(handle: int) -> None:
        order.append(os.readlink(f"/proc/self/fd/{handle}"))
        real_sync(handle)

    def rename(source: Any, target: Any) -> None:
        order.append("rename")
        real_rename(source, target)

    monkeypatch.setattr(atomic.os, "fsync", sync)
    monkeypatch.setattr(atomic.os, "rename", rename)
    with atomic_folder(tmp_path / "run") as temporary:
        (temporary / "file").write_text("whole")
    assert order == [str(temporary / "file"), str(temporary), "rename", str(tmp_path)]


# Links, pipes, devices


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_points_to_is_written(tmp_path: Path, there: bool) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "data", tmp_path / "link.tif"
    if there:
        target.write_text("old")
    link.symlink_to("real/data")
    check_outputs({"--out": link})
    with atomic_path(link) as temporary:
        temporary.write_text("new")
        assert temporary.parent == target.parent  # another folder may be another disk
        assert temporary.suffix == ".tif"
    assert os.readlink(link) == "real/data"
    assert target.read_text() == "new"
    assert (names(tmp_path), names(target.parent)) == (["link.tif", "real"], ["data"])


def test_a_link_in_a_circle_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for refused in (atomic_path, text_output):
        with pytest.raises(OutputError, match="cannot be written: Too many levels"), refused(tmp_path / "a"):
            pytest.fail("the block was entered")
    assert names(tmp_path) == ["a", "b"]


def made(folder: Path, kind: str) -> Path:
    """Return the path of something that is no regular file."""
    path = folder / "out.png"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to a pipe":
        os.mkfifo(folder / "pipe")
        path.symlink_to("pipe")
    elif kind == "socket":
        os.mknod(path, 0o600 | stat.S_IFSOCK)
    else:
        try:
            os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 7))  # full: whatever is written fails
        except PermissionError:
            pytest.skip("only root makes devices")
    return path


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "socket", "device"])
def test_nothing_but_a_regular_file_is_replaced(tmp_path: Path, kind: str) -> None:
    path = made(tmp_path, kind)
    before, mode = names(tmp_path), path.stat().st_mode
    message = f"farside: error[OUTPUT]: {path}: is no regular file; name a file"
    with pytest.raises(OutputError) as caught, atomic_path(path):
        pytest.fail("the block was entered")
    assert str(caught.value) == message
    with pytest.raises(OutputError) as caught:
        check_outputs({"--out": path}, texts=["--report"])
    assert str(caught.value) == message
    assert (names(tmp_path), path.stat().st_mode) == (before, mode)


def test_a_device_put_there_during_the_work_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no regular file"), atomic_path(tmp_path / "out.png") as temporary:
        temporary.write_text("new")
        made(tmp_path, "pipe")
    assert names(tmp_path) == ["out.png"]


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe"])
def test_text_goes_through_a_pipe(tmp_path: Path, kind: str) -> None:
    path, read = made(tmp_path, kind), []
    before = names(tmp_path)
    check_outputs({"--out": path}, texts=["--out"])
    reader = threading.Thread(target=lambda: read.append(path.read_text(encoding="utf-8")), daemon=True)
    reader.start()
    with text_output(path) as file:
        file.write("5\u00b0\n")
    reader.join(timeout=10)
    assert read == ["5\u00b0\n"]
    assert names(tmp_path) == before


def test_text_for_a_full_device_is_an_output_error_and_the_device_stays(tmp_path: Path) -> None:
    path = made(tmp_path, "device")
    check_outputs({"--out": path}, texts=["--out"])
    with pytest.raises(OutputError, match=r"out\.png: cannot be written: No space left on device; free"):  # noqa: SIM117
        with text_output(path) as file:
            file.write("text")
    assert stat.S_ISCHR(path.stat().st_mode)
    assert names(tmp_path) == ["out.png"]


def test_a_reader_that_has_gone_is_no_output_error(tmp_path: Path) -> None:
    path = made(tmp_path, "pipe")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(BrokenPipeError), text_output(path) as file:
        os.close(reader)
        file.write("text")


def test_text_for_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(KeyError), text_output(path) as file:
        file.write("half")
        raise KeyError
    assert path.read_text() == "old"
    with text_output(path) as file:
        file.write("a\n")
    assert path.read_bytes() == b"a\n"
    assert names(tmp_path) == ["out.csv"]


def test_text_for_what_standard_output_is_comes_after_what_is_there(tmp_path: Path) -> None:
    """Opened anew, a log that standard output is added to would be cut to nothing."""
    code = (
        "from rover.core.atomic import text_output\n"
        "print('first', flush=True)\n"
        "with text_output('out.log') as file: file.write('second\\n')\n"
        "print('third')\n"
    )
    (tmp_path / "out.log").write_text("before\n")
    with (tmp_path / "out.log").open("a") as log:
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, stdout=log, env=_found(), check=True)
    assert (tmp_path / "out.log").read_text() == "before\nfirst\nsecond\nthird\n"


def _found() -> dict[str, str]:
    """An environment in which another folder's process imports the package that is under test."""
    return {**os.environ, "PYTHONPATH": str(Path(atomic.__file__).parents[2])}
