"""The journal: what was kept is read back, what a death leaves is cut off, damage is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rover.core.errors import OutputError, ResultsError
from sim.campaign.campaign import run_campaign
from sim.campaign.journal import JOURNAL, Journal, locked, read_journal, require_same
from tests.sim.campaign.quick_runs import campaign, quick

RUNS = 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    run_campaign(campaign(), tmp_path / "c", runs=RUNS, doing=quick)
    return tmp_path / "c" / JOURNAL


def runs_in(path: Path) -> list[int]:
    return [one.run for one in read_journal(path).ended]


def test_it_reads_back(path: Path) -> None:
    held = read_journal(path)
    assert held.header == campaign().header()
    for one in held.ended:
        anew = quick(campaign().task(one.run))
        assert (one.seed, one.values, one.outcome, one.figures) == (
            anew.seed,
            anew.values,
            anew.outcome,
            anew.figures,
        )
    assert [one.run for one in held.ended] == list(range(RUNS))
    assert held.length == path.stat().st_size


def test_cut_anywhere_it_holds_what_was_committed(path: Path) -> None:
    """After every byte: as many runs as there are commit records in front of the cut, and it goes on from there."""
    whole = path.read_bytes()
    commits = [end + 1 for end, byte in enumerate(whole) if byte == 10][2::2]
    header = whole.index(b"\n") + 1
    for length in range(header, len(whole) + 1, 7):
        path.write_bytes(whole[:length])
        kept = sum(commit <= length for commit in commits)
        assert runs_in(path) == list(range(kept))
    path.write_bytes(whole[: commits[1] + 11])
    journal = Journal(path, read_journal(path))
    for run in range(2, RUNS):
        journal.add(quick(campaign().task(run)))
    journal.close()
    assert runs_in(path) == list(range(RUNS))


def test_room_that_was_never_written_to_is_cut_off(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0" * 5000)
    assert runs_in(path) == list(range(RUNS))


@pytest.mark.parametrize("record", [-2, -1])
@pytest.mark.parametrize("behind", [0, 700])
def test_a_last_line_with_room_that_was_never_written_to_is_cut_off(
    path: Path, record: int, behind: int
) -> None:
    """Its end is on the disk and what is before is not; the run has not ended. Before other lines it is damage."""
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    torn = b"\0" * (len(lines[record]) - 1) + b"\n"
    half = lines[record][:9] + b"\0" * (len(lines[record]) - 10) + b"\n"
    before = lines[:-2] if record == -2 else lines[:-1]
    for line in (torn, half):
        path.write_bytes(b"".join([*before, line]) + b"\0" * behind)
        held = read_journal(path)
        assert [one.run for one in held.ended] == list(range(RUNS - 1))
        path.write_bytes(b"".join([*lines[:-4], line, *lines[-2:]]))
        with pytest.raises(ResultsError, match="does not fit its checksum"):
            read_journal(path)


def test_a_flipped_bit_anywhere_is_refused_or_costs_a_run_at_the_end(path: Path) -> None:
    """It is never taken for something else; only the end of the last line may pass for what a death leaves."""
    whole = path.read_bytes()
    for place in [*range(0, len(whole) - 1, 13), len(whole) - 1]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << (place % 8)
        path.write_bytes(flipped)
        try:
            assert runs_in(path) == list(range(RUNS - 1))
            assert place == len(whole) - 1
        except ResultsError as error:
            number = whole[:place].count(b"\n") + 1
            assert error.exit_code == 7
            assert f"record {number}" in str(error)
            assert str(path) in str(error)


def test_a_record_taken_out_or_put_in_twice_is_refused(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for other in (lines[:1] + lines[3:], [*lines, *lines[-2:]], [lines[0], lines[3], lines[4], *lines[1:3]]):
        path.write_bytes(b"".join(other))
        with pytest.raises(ResultsError, match="damaged"):
            read_journal(path)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 2}, "--seed"),
        ({"digest": "e" * 64}, "scenario"),
        ({"settings": ()}, "--set"),
        ({"varied": ()}, "--vary"),
        ({"versions": {"farside": "1"}}, "versions"),
    ],
)
def test_another_campaign_is_refused(path: Path, changes: dict[str, object], named: str) -> None:
    with pytest.raises(ResultsError, match="another campaign") as refused:
        require_same(read_journal(path).header, campaign(**changes).header(), path)  # type: ignore[arg-type]
    assert refused.value.problems[0].field == named


def test_a_newer_format_is_refused(path: Path) -> None:
    newer = path.with_name("newer")
    Journal.begin(newer.with_suffix(".a"), campaign().header()).close()
    with pytest.raises(ResultsError, match="reads formats up to"):
        Journal.begin(newer, {**campaign().header(), "format": 2})


def test_one_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(ResultsError, match="another campaign is at work"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_full_disk_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int) -> None:
    """Neither data nor its commit record stays by half."""
    before = path.read_bytes()
    journal = Journal(path, read_journal(path))
    calls = 0
    write = os.write

    def full(handle: int, part: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            write(handle, part[:5])
            raise OSError(28, "No space left on device")
        return write(handle, part)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OutputError, match="free some space") as refused:
        journal.add(quick(campaign().task(RUNS)))
    monkeypatch.undo()
    journal.close()
    assert refused.value.exit_code == 5
    assert path.read_bytes() == before
