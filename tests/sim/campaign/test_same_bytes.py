"""A hundred real runs of sixty metres come to the same table by one worker, by two, shuffled, and on a Dask cluster."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.campaign.campaign import run_campaign
from sim.campaign.draws import parse_varied
from sim.campaign.identity import plan_campaign
from sim.campaign.results import ABOUT, CSV, NPZ, read_table
from sim.campaign.task import Status
from tests.sim.campaign.dask_cluster import Cluster

RUNS = 100


@pytest.fixture
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    started = Cluster(tmp_path_factory.mktemp("dask"))
    yield started
    started.end()


def digests(folder: Path, **how: object) -> dict[str, str]:
    """Return the SHA-256 of each file of a campaign that is done so, and print that of the table."""
    varied = parse_varied(["power.initial_soc=uniform(0.35, 0.9)", "faults.rate_factor=choice(0, 1)"])
    planned = plan_campaign("campaign-short", seed=1, varied=varied, settings=("faults.table=nominal",))
    run_campaign(planned, folder, runs=RUNS, limit_s=3600.0, **how)  # type: ignore[arg-type]
    found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (CSV, NPZ, ABOUT)}
    print(f"{folder.name:12} {found[CSV]}", flush=True)
    return found


@pytest.mark.slow
def test_a_hundred_runs_come_to_the_same_bytes(dask: Cluster, tmp_path: Path) -> None:
    one = digests(tmp_path / "one", workers=1)
    table = read_table(tmp_path / "one")
    assert set(table.status) == {Status.DONE.value} and len(set(table.figures["distance_m"])) > 0.9 * RUNS
    assert digests(tmp_path / "two", workers=2) == one
    shuffle = random.Random(7)
    assert digests(tmp_path / "shuffled", workers=2, order=lambda runs: shuffle.sample(runs, RUNS)) == one
    dask.have(2)
    assert digests(tmp_path / "dask", scheduler=dask.address) == one
