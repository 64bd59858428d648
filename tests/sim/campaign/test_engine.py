"""A campaign comes to the same bytes however it is done, and outlives what its runs do."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rover.core.errors import FarsideError, ResultsError, UsageError
from sim.campaign.campaign import run_campaign
from sim.campaign.draws import parse_varied
from sim.campaign.journal import JOURNAL, locked, read_journal
from sim.campaign.results import ABOUT, CSV, NPZ, read_table
from sim.campaign.task import Ended, Perform, Status, Task, without_drive
from tests.sim.campaign.quick_runs import (
    FAULTY,
    IMPOSSIBLE,
    POISON,
    campaign,
    endless,
    faulty,
    faulty_at_first,
    leaving,
    poisonous,
    quick,
    quick_or_impossible,
    slowly,
)

RUNS = 12


def impossible(task: Task) -> Ended:
    return without_drive(task, Status.IMPOSSIBLE, "cannot be")


def bytes_of(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in (CSV, NPZ, ABOUT)]


def made(folder: Path, doing: Perform = quick, **options: object) -> list[bytes]:
    run_campaign(campaign(), folder, **{"runs": RUNS, "doing": doing, **options})  # type: ignore[arg-type]
    return bytes_of(folder)


def shuffled(seed: int) -> Callable[[Sequence[int]], Sequence[int]]:
    return lambda runs: random.Random(seed).sample(runs, len(runs))


def test_workers_order_and_resume_do_not_matter(tmp_path: Path) -> None:
    one = made(tmp_path / "one")
    assert made(tmp_path / "two", workers=2) == one
    assert made(tmp_path / "shuffled", order=shuffled(1)) == one
    made(tmp_path / "parts", runs=5)
    assert made(tmp_path / "parts", resume=True, order=shuffled(2)) == one
    assert made(tmp_path / "parts", resume=True) == one


def test_the_table_has_no_wall_time_and_reads_back(tmp_path: Path) -> None:
    made(tmp_path / "c", quick_or_impossible)
    text = (tmp_path / "c" / CSV).read_text(encoding="utf-8")
    assert "wall" not in text
    lines = text.splitlines()
    assert lines[0].startswith("run,seed,power.initial_soc,vehicle.name,status,outcome,reason,distance_m")
    assert [int(line.partition(",")[0]) for line in lines[1:]] == list(range(RUNS))
    table = read_table(tmp_path / "c")
    assert table.keys == ("power.initial_soc", "vehicle.name")
    assert table.status[IMPOSSIBLE] == Status.IMPOSSIBLE
    assert (table.status == Status.DONE).sum() == RUNS - 1
    for run in set(range(RUNS)) - {IMPOSSIBLE}:
        anew = quick(campaign().task(run))
        assert table.seed[run] == anew.seed
        assert table.values[0][run] == anew.values[0]
        assert table.figures["distance_m"][run] == anew.figures["distance_m"]


def test_a_poisonous_run_is_tried_again_alone_and_quarantined(tmp_path: Path) -> None:
    """The others, which were under way when it killed the pool, are done, and the same as ever."""
    made(tmp_path / "c", poisonous, workers=2, order=shuffled(4))
    made(tmp_path / "sound")
    table, sound = read_table(tmp_path / "c"), read_table(tmp_path / "sound")
    assert {int(run) for run in table.run[table.status == Status.QUARANTINED]} == {POISON, FAULTY}
    assert table.reason[POISON] == "its process was ended by SIGKILL"
    assert table.reason[FAULTY] == "ZeroDivisionError: of this run alone"
    assert (table.status == Status.DONE).sum() == RUNS - 2
    commands = [one["command"] for one in table.about["quarantined"]]
    assert commands[0] == campaign().task(POISON).command()
    others = table.status == Status.DONE
    for name, column in table.figures.items():
        assert np.array_equal(column[others], sound.figures[name][others], equal_nan=True)


def test_a_faulty_run_is_quarantined_in_this_process_too(tmp_path: Path) -> None:
    made(tmp_path / "c", faulty)
    table = read_table(tmp_path / "c")
    assert list(table.run[table.status == Status.QUARANTINED]) == [FAULTY]


def go_on_with_poison(folder: Path, workers: int) -> None:
    run_campaign(campaign(), folder, runs=POISON + 1, workers=workers, resume=True, doing=poisonous)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_last_run_may_be_poisonous(tmp_path: Path, workers: int) -> None:
    """With one run left, as a resume has after a death, by however many workers: the campaign outlives it."""
    folder = tmp_path / "c"
    made(folder, runs=POISON)
    going = multiprocessing.get_context("fork").Process(target=go_on_with_poison, args=(folder, workers))
    going.start()
    going.join()
    assert going.exitcode == 0
    table = read_table(folder)
    assert table.status[POISON] == Status.QUARANTINED
    assert table.reason[POISON] == "its process was ended by SIGKILL"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_never_ends_is_quarantined(tmp_path: Path, workers: int) -> None:
    """It is ended, begun once more alone, and ended again; the others are as ever."""
    began = time.monotonic()
    made(tmp_path / "c", endless, workers=workers, limit_s=1.0)
    assert 2.0 < time.monotonic() - began < 60.0
    made(tmp_path / "sound")
    table, sound = read_table(tmp_path / "c"), read_table(tmp_path / "sound")
    assert list(table.run[table.status == Status.QUARANTINED]) == [FAULTY]
    assert table.reason[FAULTY] == "it took longer than 1 s"
    assert (tmp_path / "c" / CSV).read_text().splitlines()[FAULTY + 2 :] == (
        tmp_path / "sound" / CSV
    ).read_text().splitlines()[FAULTY + 2 :]
    assert sound.status[FAULTY] == Status.DONE


@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_that_leaves_has_failed(tmp_path: Path, workers: int) -> None:
    """With `sys.exit(0)`: it is neither the end of the campaign nor one that went well."""
    made(tmp_path / "c", leaving, runs=FAULTY + 2, workers=workers)
    table = read_table(tmp_path / "c")
    assert list(table.run[table.status == Status.QUARANTINED]) == [FAULTY]
    assert table.reason[FAULTY] == "SystemExit: 0"


def test_a_table_beside_one_of_before_is_refused(tmp_path: Path) -> None:
    """Death comes between two renamings, and `campaign.json` is the last: a resume makes it whole."""
    expected = made(tmp_path / "whole")
    folder = tmp_path / "c"
    made(folder, runs=5)
    shutil.copy(tmp_path / "whole" / NPZ, folder / NPZ)
    with pytest.raises(ResultsError, match="is of 5 runs, and results.npz beside it of 12.*--resume"):
        read_table(folder)
    assert made(folder, resume=True) == expected


@pytest.mark.parametrize("workers", [0, 1])
def test_a_file_that_changes_ends_the_campaign(tmp_path: Path, workers: int) -> None:
    """What a run came to after it is of another campaign, and is not kept; put back, it goes on."""
    dem = tmp_path / "dem.tif"
    dem.write_bytes(b"before")
    before = dem.stat()
    ours = campaign(stamps={dem: (before.st_size, before.st_mtime_ns)})

    def told(_ended: int, done: int) -> None:
        if done == 3:
            dem.write_bytes(b"after it")

    with pytest.raises(ResultsError, match="dem.tif: has changed since the campaign began.*--resume"):
        run_campaign(ours, tmp_path / "c", runs=RUNS, workers=workers, doing=quick, told=told)
    assert len(read_journal(tmp_path / "c" / JOURNAL).ended) == 3
    dem.write_bytes(b"before")
    os.utime(dem, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert made(tmp_path / "c", resume=True) == made(tmp_path / "whole")


def test_an_infinite_value_is_kept(tmp_path: Path) -> None:
    """Nearly half of these draws are; each goes through the journal and comes to the same bytes."""
    wide = campaign(varied=parse_varied(["power.initial_soc=normal(1.7e308, 1e308)"]))
    run_campaign(wide, tmp_path / "one", runs=8, doing=impossible)
    run_campaign(wide, tmp_path / "c", runs=5, doing=impossible)
    run_campaign(wide, tmp_path / "c", runs=8, resume=True, doing=impossible)
    assert bytes_of(tmp_path / "c") == bytes_of(tmp_path / "one")
    assert np.isinf(read_table(tmp_path / "c").values[0]).any()


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_a_run_that_fails_once_is_done(tmp_path: Path, workers: int) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    run_campaign(
        campaign(settings=(str(marks),)), tmp_path / "c", runs=9, workers=workers, doing=faulty_at_first
    )
    assert (marks / f"{FAULTY}").exists()
    assert set(read_table(tmp_path / "c").status) == {Status.DONE}


def test_folders_that_are_refused(tmp_path: Path) -> None:
    made(tmp_path / "c")
    with pytest.raises(UsageError, match="holds a campaign already"):
        made(tmp_path / "c")
    with pytest.raises(UsageError, match="run 11 is in the journal"):
        made(tmp_path / "c", resume=True, runs=RUNS - 1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with pytest.raises(UsageError, match="not empty"):
        made(tmp_path / "other", resume=True)
    with pytest.raises(UsageError, match="existing file"):
        made(tmp_path / "other" / "file")
    with locked(tmp_path / "c"), pytest.raises(ResultsError, match="at work"):
        made(tmp_path / "c", resume=True)


def test_what_a_death_left_is_tidied(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / ".journal.abcd1234.tmp.jsonl").write_text("half")
    (folder / "lock").touch()
    made(folder)
    assert {path.name for path in folder.iterdir()} == {"lock", JOURNAL, CSV, NPZ, ABOUT}


def keep_on(folder: Path, runs: int, most_bytes: int | None) -> None:
    """Go on with a campaign, as a process that may be killed, or whose files may not grow beyond a size."""
    if most_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    try:
        run_campaign(campaign(), folder, runs=runs, resume=True, doing=slowly)
    except FarsideError as error:
        (folder.parent / "error").write_text(str(error), encoding="utf-8")
        os._exit(error.exit_code)


def process(folder: Path, runs: int, most_bytes: int | None = None) -> Any:
    """Return a process that goes on; a fork, which need not import anything before it can be killed."""
    started = multiprocessing.get_context("fork").Process(target=keep_on, args=(folder, runs, most_bytes))
    started.start()
    return started


def kill_and_go_on(tmp_path: Path, *, kills: int, runs: int, seed: int) -> None:
    """Kill a campaign at random moments until it has been killed often enough, then let it end."""
    expected = made(tmp_path / "undisturbed", runs=runs)
    chance, folder, killed = random.Random(seed), tmp_path / "c", 0
    while killed < kills:
        running = process(folder, runs)
        running.join(chance.uniform(0, 0.06))
        running.kill()
        running.join()
        killed += running.exitcode == -signal.SIGKILL
        if running.exitcode == 0:
            assert bytes_of(folder) == expected
            shutil.rmtree(folder)
    running = process(folder, runs)
    running.join()
    assert running.exitcode == 0
    assert bytes_of(folder) == expected


def test_killed_six_times_it_comes_to_the_same(tmp_path: Path) -> None:
    kill_and_go_on(tmp_path, kills=6, runs=40, seed=1)


@pytest.mark.slow
def test_killed_two_hundred_times_it_comes_to_the_same(tmp_path: Path) -> None:
    kill_and_go_on(tmp_path, kills=200, runs=300, seed=2)


def test_a_file_that_may_not_grow_loses_nothing(tmp_path: Path) -> None:
    """As a full disk: exit 5, and when there is room it goes on to the same table."""
    expected = made(tmp_path / "undisturbed", runs=40)
    running = process(tmp_path / "c", 40, 6000)
    running.join()
    assert running.exitcode == 5
    told = (tmp_path / "error").read_text(encoding="utf-8")
    assert "error[OUTPUT]" in told
    assert "--resume" in told
    kept = len(read_journal(tmp_path / "c" / JOURNAL).ended)
    assert 0 < kept < 40
    running = process(tmp_path / "c", 40)
    running.join()
    assert running.exitcode == 0
    assert bytes_of(tmp_path / "c") == expected


def test_nothing_is_done_twice(tmp_path: Path) -> None:
    done: list[int] = []

    def counted(task: object) -> Ended:
        done.append(task.draw.run)  # type: ignore[attr-defined]
        return quick(task)  # type: ignore[arg-type]

    made(tmp_path / "c", counted, runs=4)
    made(tmp_path / "c", counted, resume=True)
    assert done == list(range(RUNS))
