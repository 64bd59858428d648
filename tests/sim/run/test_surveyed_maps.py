"""With real senses all that is planned and sent up comes from the surveyed map: a truth below it changes no bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.grid import Dem, GridGeometry
from rover.planning.astar import AStarPlanner
from rover.planning.problem import Plan
from sim.mission import operations
from sim.run import setting as settings
from sim.run.closed_loop_parties import mind_of
from sim.run.scenario import Scenario, scenario_from_table
from sim.run.setting import Setting, energy_params, prepare
from tests.sim.run.test_real_senses import BASE

Floats = npt.NDArray[np.float64]

TERRAIN = {"size_m": 80.0, "world_resolution_m": 0.1}


def scenario(senses: str = "real", driver: str = "path") -> Scenario:
    return scenario_from_table(
        {**BASE, "terrain": TERRAIN, "senses": senses, "driver": driver}, file="a test"
    )


@lru_cache(maxsize=4)
def prepared(senses: str) -> Setting:
    return prepare(scenario(senses))


def hills(geometry: GridGeometry) -> Floats:
    """Steep ground beside the way and on it, of steps of an eighth of a metre."""
    east, north = geometry.centres_of(np.argwhere(np.ones(geometry.shape, np.bool_))).T.reshape(
        2, *geometry.shape
    )
    return np.asarray(np.round(8 * 3.0 * np.sin(east / 3.0) * np.cos(north / 4.0)) / 8)


def sent(setting: Setting) -> tuple[bytes, ...]:
    """Return everything that planner and rover are given of the ground, and the plan, as bytes."""
    control, planner = setting.control, AStarPlanner()
    answer = control.plan(planner)
    assert isinstance(answer, Plan), str(answer)
    uplink, belief = control.uplink(answer, planner)
    mind = mind_of(setting, energy_params(setting.scenario), answer, planner, 0.0)
    horizon = control.horizon()
    arrays = [
        answer.cells,
        answer.waypoints_m,
        control.maps.dem.elevation_m,
        control.timed_maps.dem.elevation_m,
        horizon.steps,
        *(getattr(uplink.terrain, name) for name in ("slope_rad", "aspect_rad", "roughness_m", "step_m")),
        uplink.path_m,
        belief.costmap.cost_s_per_m,
        belief.hazards.flags,
        belief.steep,
    ]
    perceiver = mind._perceiver
    if perceiver is not None:
        arrays += [perceiver.params.orbital.elevation_m, perceiver.state.local.height_m]
        arrays.append(np.array(perceiver.state.located.place_m))
    return (*(np.ascontiguousarray(array).tobytes() for array in arrays), repr(answer.schedule).encode())


def over_another_truth(monkeypatch: pytest.MonkeyPatch, made: Scenario, *, surveyed: bool) -> Setting:
    """Return the setting over ground with hills, which the survey does not see where `surveyed` is false."""
    orbital, drawn = settings.orbital_dem, operations.error_clones

    def raised(*args: object, **given: object) -> Dem:
        dem = orbital(*args, **given)  # type: ignore[arg-type]
        return replace(dem, elevation_m=(dem.elevation_m + hills(dem.geometry)).astype(np.float32))

    def less(geometry: GridGeometry, *args: object, **given: object):  # type: ignore[no-untyped-def]
        truth = orbital(made).elevation_m
        raise_m = (truth + hills(geometry)).astype(np.float32).astype(np.float64) - truth
        for error in drawn(geometry, *args, **given):  # type: ignore[arg-type]
            yield error - raise_m

    with monkeypatch.context() as patched:
        patched.setattr(settings, "orbital_dem", raised)
        if not surveyed:
            patched.setattr(operations, "error_clones", less)
        return prepare(made)


def test_ground_that_the_survey_has_not_seen_changes_nothing_that_is_planned_or_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = prepared("real")
    other = over_another_truth(monkeypatch, scenario(), surveyed=False)
    assert np.ptp(other.truth.elevation_m - base.truth.elevation_m) > 5.0
    assert sent(other) == sent(base)


@pytest.mark.parametrize("senses", ["real", "perfect"])
def test_ground_that_it_has_seen_changes_the_plan(monkeypatch: pytest.MonkeyPatch, senses: str) -> None:
    """The test above can fail: costs follow the map."""
    base = prepared(senses)
    other = over_another_truth(monkeypatch, scenario(senses), surveyed=True)
    costs: Callable[[Setting], bytes] = lambda made: made.control.maps.costmap.cost_s_per_m.tobytes()  # noqa: E731
    assert costs(other) != costs(base)


def test_the_map_is_out_by_what_it_is_said_to_be_with_real_senses_alone() -> None:
    real, perfect = prepared("real"), prepared("perfect")
    assert perfect.dem is perfect.truth and perfect.control.maps.dem is perfect.truth
    np.testing.assert_array_equal(real.truth.elevation_m, perfect.truth.elevation_m)
    assert real.control.maps.dem is real.dem
    error = real.dem.elevation_m.astype(np.float64) - real.truth.elevation_m
    assert 0.25 < np.hypot(error.std(), error.mean()) < 1.0  # sixteen lengths of correlation squared
    # Smooth over its 20 m: cells of 2 m differ by sigma times the root of two and a tenth.
    assert np.diff(error, axis=1).std() == pytest.approx(0.5 * np.sqrt(2) * 0.1, rel=0.3)
