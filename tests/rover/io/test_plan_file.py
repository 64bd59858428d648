"""A plan on disk: read back as it was written, and refused by name whatever is done to it."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rover.core.errors import PlanFileError
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.plan_file import PlanFile, dem_digest, plan_dem, plan_from_table, read_plan, write_plan


def small_dem(**changes: Any) -> Dem:
    site = Site(latitude_rad=-0.7, longitude_rad=3.1, body="moon", crs_wkt="")
    geometry = GridGeometry(rows=3, cols=4, resolution_m=2.0, east_m=0.0, north_m=10.0, site=site)
    elevation = np.arange(12, dtype=np.float32).reshape(3, 4)
    given = {"geometry": geometry, "elevation_m": elevation, "datum_m": -5000.0, "source": "test"}
    return Dem(**{**given, **changes})


def table() -> dict[str, Any]:
    step = {
        "mode": "drive", "start_s": 0.0, "end_s": 60.5, "cell": [1, 1], "to": [1, 2], "from_m": [2.0, 12.0],
        "to_m": [4.0, 12.0], "soc": 0.9, "soc_after": 0.891, "harvest_wh": 0.3, "load_wh": 1.2,
    }  # fmt: skip
    wait = {
        **step,
        "mode": "charge",
        "start_s": 60.5,
        "end_s": 3600.0,
        "cell": [1, 2],
        "soc": 0.891,
        "soc_after": 0.95,
    }
    return {
        "format": 1, "kind": "traverse", "scenario": {"format": 1, "name": "x"},
        "dem": plan_dem(small_dem()).model_dump(), "planner": "traverse", "criterion": "time", "value": 3600.0,
        "depart_utc": "2019-01-03T14:22:00Z", "arrive_utc": "2019-01-03T15:22:00Z", "bin_s": 3600.0,
        "limits": {
            "slope_deg": 20.0, "roll_deg": 15.0, "reach_m": 2.9, "reserve_soc": 0.3, "least_lit": 0.0,
            "longest_shadow_s": None, "dusk_margin_s": 0.0, "haven_tilt_deg": 10.0, "link_margin_deg": None,
            "deadline_s": 1e6, "stop_every_m": 7.0, "command_cycle_s": 0.0,
        },
        "steps": [step, wait],
        "margins": [{"limit": "dusk_s", "value": 60.5, "bound": None, "slack": None, "time_s": 60.5}],
    }  # fmt: skip


def test_what_is_written_is_read(tmp_path: Path) -> None:
    plan = plan_from_table(table(), file="plan.json")
    write_plan(tmp_path / "plan.json", plan)
    again = read_plan(tmp_path / "plan.json")
    assert again == plan
    assert again.steps[0].soc_after == 0.891 and again.arrive_s == 3600.0
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


BAD: dict[str, tuple[tuple[Any, ...], Any, tuple[str, ...]]] = {
    "newer": (("format",), 2, ("format = 2", "upgrade")),
    "kind": (("kind",), "route", ("kind", "not a traverse")),
    "missing": (("limits", "reach_m"), ..., ("limits.reach_m", "missing")),
    "unknown": (("limits", "reech_m"), 1.0, ("limits.reech_m", "did you mean reach_m?")),
    "text for a number": (("steps", 0, "soc"), "0.9", ("steps.0.soc = 0.9", "give a number")),
    "truth for a number": (("steps", 0, "start_s"), True, ("steps.0.start_s",)),
    "no step list": (("steps",), {"0": 1}, ("steps",)),
    "no such mode": (("steps", 1, "mode"), "hover", ("steps.1.mode", "hover")),
    "over full": (("steps", 0, "soc"), 1.2, ("steps.0.soc = 1.2", "out of range")),
    "a cell beyond all numbers": (("steps", 0, "to"), [1, 10**400], ("steps.0.to.1", "out of range")),
    "more than any array": (("steps", 0, "harvest_wh"), 1e300, ("steps.0.harvest_wh", "out of range")),
    "bins by the second": (("bin_s",), 1.0, ("bin_s = 1.0", "out of range")),
    "half a cell": (("steps", 0, "to"), [1, 2.5], ("steps.0.to.1",)),
    "three of a pair": (("steps", 0, "to_m"), [1.0, 2.0, 3.0], ("steps.0.to_m",)),
    "backwards": (("steps", 0, "end_s"), -1.0, ("steps.0", "ends before it begins")),
    "overlap": (("steps", 1, "start_s"), 50.0, ("steps.1 begins at 50.0 s",)),
    "no time": (("depart_utc",), "yesterday", ("depart_utc", "yesterday")),
    "hash cut": (("dem", "sha256"), "abc", ("dem.sha256",)),
    "no bin": (("bin_s",), 0.0, ("bin_s = 0.0", "out of range")),
    "scenario": (("scenario",), [], ("scenario",)),
    "infinite": (("limits", "deadline_s"), math.inf, ("Infinity", "not a finite number")),
    "not a number": (("steps", 0, "load_wh"), math.nan, ("NaN", "not a finite number")),
}


@pytest.mark.parametrize("name", BAD)
def test_each_fault_is_named(name: str, tmp_path: Path) -> None:
    place, value, words = BAD[name]
    held = copy.deepcopy(table())
    inner: Any = held
    for key in place[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(PlanFileError) as refused:
        read_plan(path)
    line = str(refused.value)
    assert "plan.json" in line and "\n" not in line
    assert all(word in line for word in words), line
    assert refused.value.exit_code == 2
    assert all(problem.remedy for problem in refused.value.problems)


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    text = json.dumps(table())
    path = tmp_path / "plan.json"
    for length in range(0, len(text) - 1, 37):
        path.write_text(text[:length], encoding="utf-8")
        with pytest.raises(PlanFileError, match="truncated or not JSON"):
            read_plan(path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe{", b"[1, 2]", b"null", b'{"kind": 1e999}', b"[" * 100_000]
)
def test_what_is_no_plan_at_all(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(PlanFileError, match=r"plan\.json"):
        read_plan(path)
    with pytest.raises(PlanFileError, match="cannot be read"):
        read_plan(tmp_path / "none.json")


def test_the_digest_tells_grounds_apart() -> None:
    dem = small_dem()
    assert dem_digest(dem) == dem_digest(small_dem(source="another"))
    raised = dem.elevation_m.copy()
    raised[2, 3] = np.nextafter(raised[2, 3], np.float32(100))
    moved = replace(dem.geometry, east_m=1e-3)
    others = [small_dem(elevation_m=raised), small_dem(datum_m=-5000.1), small_dem(geometry=moved)]
    assert len({dem_digest(d) for d in [dem, *others]}) == 4


def test_all_that_is_unknown_is_one() -> None:
    bits = np.arange(12, dtype=np.float32)
    bits[3], other = np.nan, bits.copy()
    other.view(np.uint32)[3] = 0xFFC00001  # another NaN
    bits[0], other[0] = 0.0, -0.0
    assert other[3] != other[3]
    one, two = (small_dem(elevation_m=held.reshape(3, 4)) for held in (bits, other))
    assert dem_digest(one) == dem_digest(two)


def test_a_plan_without_a_step_arrives_where_it_departs() -> None:
    held = table()
    held["steps"] = []
    assert isinstance(plan := plan_from_table(held, file="x"), PlanFile)
    assert plan.arrive_s == plan.depart_s == 0.0
