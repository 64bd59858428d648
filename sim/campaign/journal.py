"""The journal of a campaign: what has ended, kept so that the process may die at any moment.

Lines of text, each a CRC-32 of all that stands before it and of itself, a kind and JSON. First a header. Then for each
run its data (`data`), synced to disk, and after it a commit record (`done`), synced as well: a run without its commit
record has not ended. A line that is not whole at the end of the file, a last one with a stretch that was never written
to, or data whose commit record is missing, is what a death leaves: it is cut off. Any other line that does not fit its
CRC is damage and refused.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import math
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rover.core.atomic import atomic_path
from rover.core.errors import OutputError, ResultsError
from sim.campaign.draws import Value
from sim.campaign.identity import FORMAT
from sim.campaign.task import Ended, Status

JOURNAL, LOCK = "journal.jsonl", "lock"

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CRC_DIGITS = 8

_SAID_BY = {"digest": "scenario", "settings": "--set", "seed": "--seed", "vary": "--vary"}
"""Under which option or name a field of the header is said."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a campaign's folder; the system lets go of it when the process ends, however that comes.

    Raises:
        ResultsError: Another process holds it.
        OutputError: The lock cannot be written.
    """
    try:
        handle = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise _unwritable(error, folder / LOCK) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResultsError(
                "another campaign is at work in this folder",
                remedy="wait for it, or name another folder",
                file=folder,
            ) from None
        yield
    finally:
        os.close(handle)


def _unwritable(error: OSError, path: Path) -> OutputError:
    remedy = "free some space" if error.errno in _FULL else "check the disk and who may write there"
    return OutputError(
        f"cannot be written: {error.strerror}",
        remedy=f"{remedy}, then go on with --resume: nothing that was kept is lost",
        file=path,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What a journal holds.

    Attributes:
        header: As `Campaign.header`.
        ended: Runs, in the order in which they ended.
        length: Bytes up to the last commit record.
        crc: Of those.
    """

    header: Mapping[str, Any]
    ended: list[Ended]
    length: int
    crc: int


def read_journal(path: Path) -> Held:
    """Read a journal.

    Raises:
        ResultsError: None there, damaged, or of a newer format; names the record.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ResultsError(
            f"cannot be read ({error.strerror})", remedy="name the folder of a campaign", file=path
        ) from None
    records = _records(content, path)
    first = next(records, None)
    if first is None or first.kind != "campaign":
        raise _damaged(path, 1, "is no header of a campaign")
    header = first.value
    if not isinstance(header.get("format"), int) or header["format"] > FORMAT:
        raise ResultsError(
            f"this farside reads formats up to {FORMAT}",
            remedy="upgrade farside",
            file=path,
            field="format",
            value=header.get("format"),
        )
    ended: list[Ended] = []
    length, crc, pending = first.end, first.crc, None
    for number, record in enumerate(records, start=2):
        if record.kind == "data" and pending is None:
            pending = _ended_of(record.value, path, number)
        elif record.kind == "done" and pending is not None and record.value == {"run": pending.run}:
            ended.append(pending)
            length, crc, pending = record.end, record.crc, None
        else:
            raise _damaged(path, number, "is out of place")
    return Held(header=header, ended=ended, length=length, crc=crc)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    kind: str
    value: dict[str, Any]
    end: int
    crc: int


def _records(content: bytes, path: Path) -> Iterator[_Record]:
    """Yield whole records; the end that a death has left is passed over."""
    start, crc, number = 0, 0, 0
    while start < len(content):
        number += 1
        stop = content.find(b"\n", start)
        if stop < 0 or not content[start:].strip(b"\0"):  # cut short, or room that was never written to
            return
        line = content[start : stop + 1]
        crc = zlib.crc32(line[_CRC_DIGITS:], crc)
        if line[:_CRC_DIGITS] != b"%08x" % crc:
            if _is_torn(line) and not content[stop + 1 :].strip(b"\0"):
                return
            raise _damaged(path, number, "does not fit its checksum")
        kind, _, text = line[_CRC_DIGITS + 1 : -1].decode("utf-8").partition(" ")
        yield _Record(kind=kind, value=json.loads(text), end=stop + 1, crc=crc)
        start = stop + 1


def _is_torn(line: bytes) -> bool:
    """Whether a line has a block that was never written: it reads as zeros, which neither text nor one bad bit has."""
    return line.startswith(b"\0") or b"\0\0" in line


def _ended_of(value: Mapping[str, Any], path: Path, number: int) -> Ended:
    try:
        values = tuple(_value_of(held) for held in value["values"])
        return Ended(**{**value, "values": values, "status": Status(value["status"])})
    except (TypeError, KeyError, ValueError):
        raise _damaged(path, number, "is no run of this format") from None


def _held_value(value: Value) -> Value | dict[str, str]:
    """Return a drawn value as JSON has it, which has no word for an infinite one."""
    return {"float": repr(value)} if isinstance(value, float) and not math.isfinite(value) else value


def _value_of(held: Any) -> Value:
    return float(held["float"]) if isinstance(held, dict) else held


def _damaged(path: Path, number: int, what: str) -> ResultsError:
    return ResultsError(
        f"record {number} {what}: the journal is damaged",
        remedy="take it from a copy, or begin anew in another folder",
        file=path,
    )


def require_same(held: Mapping[str, Any], asked: Mapping[str, Any], path: Path) -> None:
    """Refuse a journal of another campaign, or of other versions; where the scenario lies does not matter.

    Raises:
        ResultsError: Naming the first difference.
    """
    for name in ("scenario", "digest", "settings", "seed", "vary", "versions"):
        if held.get(name) == asked[name]:
            continue
        if name == "versions":
            raise _of_other_versions(held.get(name) or {}, asked[name], path)
        raise ResultsError(
            f"the journal is of another campaign: asked for is {_shown(name, asked[name])}",
            remedy="say what it was begun with, or name another folder",
            file=path,
            field=_SAID_BY.get(name, name),
            value=_shown(name, held.get(name)),
        )


def _of_other_versions(held: Mapping[str, str], asked: Mapping[str, str], path: Path) -> ResultsError:
    differ = [name for name in {**held, **asked} if held.get(name) != asked.get(name)]
    was, here = ({name: one.get(name, "none") for name in differ} for one in (held, asked))
    return ResultsError(
        f"the journal is of another campaign: here is {_shown('versions', here)}",
        remedy="go on with what it was begun with, or begin anew in another folder",
        file=path,
        field="versions",
        value=_shown("versions", was),
    )


def _shown(name: str, value: Any) -> str:
    if name == "digest":
        return f"{str(value)[:12]} (SHA-256)"
    if isinstance(value, Mapping):
        return " ".join(f"{key} {held}" for key, held in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(value) or "none"
    return json.dumps(value)


class Journal:
    """A journal that is written to.

    Args:
        path: Of the file, which must hold `held` and whatever a death has left behind it.
        held: What was read of it.

    Raises:
        OutputError: It cannot be written.
    """

    def __init__(self, path: Path, held: Held) -> None:
        self._path = path
        self._length, self._crc = held.length, held.crc
        try:
            self._handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            os.ftruncate(self._handle, held.length)
        except OSError as error:
            raise _unwritable(error, path) from error
        os.lseek(self._handle, held.length, os.SEEK_SET)

    @classmethod
    def begin(cls, path: Path, header: Mapping[str, Any]) -> Journal:
        """Write a new journal, whole or not at all, and return it."""
        with atomic_path(path) as temporary:
            temporary.write_bytes(_line("campaign", header, 0)[0])
        return cls(path, read_journal(path))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)

    def add(self, ended: Ended) -> None:
        """Keep a run: when this returns it is on disk.

        Raises:
            OutputError: It cannot be written; what was kept before stays.
        """
        values = [_held_value(value) for value in ended.values]
        data, crc = _line("data", {**asdict(ended), "values": values}, self._crc)
        commit, crc = _line("done", {"run": ended.run}, crc)
        try:
            for part in (data, commit):
                self._write(part)
                os.fsync(self._handle)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._length)
            raise _unwritable(error, self._path) from error
        self._length += len(data) + len(commit)
        self._crc = crc

    def _write(self, part: bytes) -> None:
        while part:
            part = part[os.write(self._handle, part) :]


def _line(kind: str, value: Mapping[str, Any], crc: int) -> tuple[bytes, int]:
    """Return a record and the CRC of all up to it."""
    body = f" {kind} {json.dumps(value, allow_nan=False)}\n".encode()
    crc = zlib.crc32(body, crc)
    return b"%08x" % crc + body, crc
