"""A campaign on a Dask cluster comes to the same bytes, and outlives what happens to workers and scheduler."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rover.core.errors import ClusterError, UsageError
from sim.campaign import cluster, cluster_engine
from sim.campaign.campaign import run_campaign
from sim.campaign.cluster import check_address
from sim.campaign.identity import Campaign, plan_campaign
from sim.campaign.journal import JOURNAL, read_journal
from sim.campaign.results import read_table
from sim.campaign.task import Status
from tests.sim.campaign.dask_cluster import Cluster
from tests.sim.campaign.quick_runs import (
    FAULTY,
    POISON,
    campaign,
    endless,
    poisonous,
    quick,
    slowly,
    waiting_at_first,
)
from tests.sim.campaign.test_engine import bytes_of, made, shuffled


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    started = Cluster(tmp_path_factory.mktemp("dask"))
    yield started
    started.end()


def test_a_cluster_comes_to_the_same_bytes(dask: Cluster, tmp_path: Path) -> None:
    dask.have(2)
    one = made(tmp_path / "one")
    assert made(tmp_path / "two", workers=2) == one
    assert made(tmp_path / "dask", scheduler=dask.address) == one
    made(tmp_path / "parts", runs=5, scheduler=dask.address, order=shuffled(3))
    assert made(tmp_path / "parts", resume=True) == one


def test_a_run_outlives_its_worker(dask: Cluster, tmp_path: Path) -> None:
    """It goes to the other worker."""
    dask.have(2)
    mark = tmp_path / f"{FAULTY}"
    killed: list[int] = []

    def kill() -> None:
        while not mark.exists():
            time.sleep(0.01)
        killed.append(int(mark.read_text()))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    here = campaign(settings=(str(tmp_path),))
    run_campaign(here, tmp_path / "c", runs=12, doing=waiting_at_first, scheduler=dask.address)
    killer.join()
    assert killed[0] in [worker.pid for worker in dask.workers]
    run_campaign(here, tmp_path / "sound", runs=12, doing=quick)
    assert bytes_of(tmp_path / "c") == bytes_of(tmp_path / "sound")


@pytest.mark.slow
def test_a_run_that_kills_its_workers_is_quarantined(dask: Cluster, tmp_path: Path) -> None:
    """Dask gives it up after two, and it is tried once more on this machine, as one that raises is."""
    dask.have(3)
    made(tmp_path / "c", poisonous, scheduler=dask.address)
    made(tmp_path / "pool", poisonous, workers=2)
    assert bytes_of(tmp_path / "c") == bytes_of(tmp_path / "pool")
    table = read_table(tmp_path / "c")
    assert {int(run) for run in table.run[table.status == Status.QUARANTINED]} == {POISON, FAULTY}


@pytest.mark.slow
def test_a_run_that_never_ends_is_quarantined(dask: Cluster, tmp_path: Path) -> None:
    """Each worker that it is given to dies of it in time, and so does the process on this machine."""
    dask.have(3)
    made(tmp_path / "c", endless, scheduler=dask.address, limit_s=2.0)
    made(tmp_path / "pool", endless, workers=2, limit_s=2.0)
    assert bytes_of(tmp_path / "c") == bytes_of(tmp_path / "pool")
    table = read_table(tmp_path / "c")
    assert list(table.run[table.status == Status.QUARANTINED]) == [FAULTY]
    assert table.reason[FAULTY] == "it took longer than 2 s"


def real(digest: str | None = None, **versions: str) -> Campaign:
    """Return a campaign of real runs, with another digest or other versions."""
    planned = plan_campaign("campaign-short", seed=1, varied=(), settings=())
    return replace(planned, digest=digest or planned.digest, versions={**planned.versions, **versions})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"numpy": "1.0"}, "and the campaign was begun with 1.0"),
        ({"digest": "0" * 64}, "reads another scenario"),
    ],
)
def test_a_worker_that_differs_ends_the_campaign(
    dask: Cluster, tmp_path: Path, changed: dict[str, str], told: str
) -> None:
    dask.have(2)
    planned = real(**changed)
    with pytest.raises(ClusterError, match=told):
        run_campaign(planned, tmp_path / "c", runs=2, scheduler=dask.address)
    assert not (tmp_path / "c" / JOURNAL).exists()  # nothing has been run


@pytest.mark.slow
def test_real_runs_from_another_folder(
    dask: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scenario is found by a path that means something only where the campaign was begun."""
    from rover.io.bundle import maps_folder

    dask.have(2)
    text = (maps_folder() / "von-karman" / "campaign-short.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    planned = plan_campaign("mine.toml", seed=1, varied=(), settings=())
    run_campaign(planned, tmp_path / "dask", runs=6, scheduler=dask.address)
    run_campaign(planned, tmp_path / "one", runs=6)
    assert bytes_of(tmp_path / "dask") == bytes_of(tmp_path / "one")
    assert set(read_table(tmp_path / "one").status) == {Status.DONE}


def test_a_cluster_that_goes_ends_the_campaign_and_nothing_is_lost(
    dask: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First all of its workers, then the scheduler; what has ended is kept, and it goes on elsewhere."""
    monkeypatch.setattr(cluster_engine, "_PATIENCE_S", 0.5)
    monkeypatch.setattr(cluster_engine, "_LOOK_S", 0.2)
    monkeypatch.setattr(cluster, "_FIRST_WORKER_S", 0.3)
    dask.have(2)

    def at(count: int, kill: object) -> object:
        return lambda _ended, done: kill() if done == count else None  # type: ignore[operator]

    with pytest.raises(ClusterError, match="no worker has been there.*--resume"):
        made(tmp_path / "c", slowly, scheduler=dask.address, told=at(3, dask.kill_workers), runs=200)
    assert 3 <= len(read_journal(tmp_path / "c" / JOURNAL).ended) < 200
    with pytest.raises(ClusterError, match="has no worker"):
        made(tmp_path / "c", slowly, scheduler=dask.address, resume=True, runs=200)
    dask.have(1)
    with pytest.raises(ClusterError, match="the scheduler has gone.*--resume"):
        made(
            tmp_path / "c",
            slowly,
            scheduler=dask.address,
            told=at(3, dask.scheduler.kill),
            resume=True,
            runs=200,
        )
    assert made(tmp_path / "c", resume=True, runs=200) == made(tmp_path / "one", runs=200)


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_address("127.0.0.1:8786", insecure=False) == "tcp://127.0.0.1:8786"
    assert check_address("tcp://localhost:8786", insecure=False) == "tcp://localhost:8786"
    assert check_address("tcp://[::1]:8786", insecure=True) == "tcp://[::1]:8786"
    for address in (
        "localhost",
        "http://localhost:1",
        "tcp://:1",
        "localhost:0",
        "localhost:x",
        "",
        "a:70000",
    ):
        with pytest.raises(UsageError, match="not an address"):
            check_address(address, insecure=True)
    with pytest.raises(UsageError, match="not on this machine.*--insecure-cluster"):
        check_address("192.0.2.1:8786", insecure=False)
    assert check_address("192.0.2.1:8786", insecure=True) == "tcp://192.0.2.1:8786"
    assert check_address("tls://192.0.2.1:8786", insecure=False) == "tls://192.0.2.1:8786"

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ClusterError, match="no such host"):
        check_address("nowhere.invalid:8786", insecure=False)


def test_no_scheduler_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_S", 0.3)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    for asked in (address, address.replace("tcp", "tls")):  # nobody has named certificates here
        with pytest.raises(ClusterError, match="no scheduler to be had there"):
            made(tmp_path / "c", scheduler=asked, resume=True)


def test_tls_without_certificates_is_told_in_a_line(tmp_path: Path) -> None:
    """A client that could not be made would say so once more when the process ends, and take its time over it."""
    words = [
        "campaign",
        "campaign-short",
        "--runs",
        "1",
        "--scheduler",
        "tls://127.0.0.1:9",
        "--out",
        "c",
        "-q",
    ]
    ended = subprocess.run(
        [sys.executable, "-c", "from sim.cli.main import main; main()", *words],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 5
    assert "no certificates are named" in ended.stderr and ended.stderr.count("\n") == 1, ended.stderr
