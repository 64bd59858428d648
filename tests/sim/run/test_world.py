"""The world's motion: felt all the way, charged for, and stopped by what cannot be passed."""

from __future__ import annotations

import gc
import math
import sys
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numba.core.dispatcher
import numba.core.runtime.nrt
import numpy as np
import numpy.typing as npt
import pytest

from rover.core.boundary import Command, Mode
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.heat import HeatParams, PowerParams
from rover.core.time import parse_utc
from rover.io.vehicle import read_vehicle
from rover.sky.almanac import build_almanac
from sim.moon.soil import Soil
from sim.physics.energy import EnergyParams
from sim.physics.mobility import move
from sim.physics.power import body_axes
from sim.physics.steering import turn_commands
from sim.physics.wheel_faults import MobilityFaults, SlipPatch
from sim.run.body import on_the_map
from sim.run.faults import WorldFaults
from sim.run.regolith_heat import read_regolith_heat
from sim.run.scenario_ground import load_site
from sim.run.world import World, WorldState
from tests.sim.shaped import YUTU_2, Shape, ground, train

READ = read_vehicle("yutu-2")
ENERGY = EnergyParams(
    power=READ.part("power", PowerParams),
    heat=READ.part("heat", HeatParams),
    regolith=read_regolith_heat("mare"),
)
SITE = Site(latitude_rad=math.radians(-45.4), longitude_rad=math.radians(177.6), body="moon", crs_wkt="")
SKY = build_almanac(SITE, parse_utc("2019-01-04T00:00:00Z"), duration_s=86_400.0)
TRAIN = train()


def world(
    shape: Shape,
    *,
    soil: Soil | None = None,
    before_sun: npt.NDArray[np.float32] | None = None,
    **settings: Any,
) -> tuple[World, list[WorldState]]:
    heights = np.zeros((20, 20), np.float32) if before_sun is None else before_sun
    geometry = GridGeometry(rows=20, cols=20, resolution_m=5.0, east_m=-50.0, north_m=-50.0, site=SITE)
    shadows = Dem(geometry=geometry, elevation_m=heights, datum_m=0.0, source="flat")
    watched: list[WorldState] = []
    made = World(
        ground=ground(lambda east, north: np.asarray(shape(east + 0 * north, north + 0 * east))),
        soil=soil or Soil.uniform(),
        shadows=shadows,
        sky=SKY,
        vehicle=YUTU_2,
        drivetrain=TRAIN,
        energy=ENERGY,
        watch=watched.append,
        **settings,
    )
    return made, watched


def begin(made: World) -> WorldState:
    return made.init(east_m=0.0, north_m=0.0, yaw_rad=0.0, soc=0.5)


def wall(height_m: float, at_m: float) -> object:
    return lambda east, north: np.where(east > at_m, height_m, 0.0)


def test_a_drive_covers_its_distance_and_is_watched_on_the_way() -> None:
    made, watched = world(lambda east, north: 0.0 * east)
    after = made.step(begin(made), Command(mode=Mode.DRIVE, turn_rad=math.pi / 2, drive_m=1.0))
    assert (after.east_m, after.north_m) == pytest.approx((0.0, 1.0))
    assert after.distance_m == pytest.approx(1.0)
    # With lugs that hold, the rim without them turns a little less than the way.
    assert after.time_s == pytest.approx((90 / 3.5 + 1.0 / YUTU_2.speed_m_s) * (1 + after.slip), rel=1e-3)
    assert -0.05 < after.slip < 0
    steps = np.diff([state.north_m for state in watched])
    assert steps.max() <= 0.1 + 1e-9
    turns = np.diff([0.0, *(state.yaw_rad for state in watched)])
    assert np.degrees(turns).max() <= 10 + 1e-9


@pytest.mark.parametrize(("grade", "rolls"), [(0.0, 1.0), (0.15, 1.0), (0.15, 1.25), (-0.15, 0.9)])
def test_a_drive_by_wheels_ends_when_they_have_rolled_wherever_the_rover_is(
    grade: float, rolls: float
) -> None:
    """On a slope it comes less far than the wheels roll, by slip and by the rise; nobody tells the body."""
    made, watched = world(lambda east, north: grade * east)
    after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=1.0, rolls_per_m=rolls))
    assert not after.stalled and after.rolled_m == pytest.approx(rolls, rel=1e-9)
    assert after.east_m == pytest.approx(after.distance_m, rel=1e-3)
    level = math.cos(math.atan(grade))
    slips = np.array([state.slip for state in watched])
    assert after.east_m == pytest.approx(rolls * level * (1.0 - slips.mean()), rel=0.02)
    true = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=1.0))
    assert true.distance_m == pytest.approx(1.0)
    if grade > 0:
        assert after.distance_m < 0.99 * rolls


def test_a_wall_stops_it_before_the_wheels_and_costs_time_and_energy() -> None:
    made, watched = world(wall(0.5, 1.5))
    state = begin(made)
    after = made.step(state, Command(mode=Mode.DRIVE, drive_m=3.0))
    assert after.stalled
    assert after.slip == 1.0
    front = after.east_m + YUTU_2.wheelbase_m / 2
    assert front < 1.5 <= front + 0.45
    again = made.step(after, Command(mode=Mode.DRIVE, drive_m=1.0))
    assert again.stalled
    assert again.east_m == after.east_m
    assert again.time_s > after.time_s
    assert again.power.load_j > after.power.load_j
    assert again.distance_m == after.distance_m
    assert max(s.stance.step_m for s in watched) > YUTU_2.step_limit_m
    back = made.step(again, Command(mode=Mode.DRIVE, drive_m=-0.5))
    assert not back.stalled
    assert back.east_m == pytest.approx(again.east_m - 0.5)


def test_a_low_ledge_is_climbed() -> None:
    made, _ = world(wall(0.15, 1.5))
    after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=3.0))
    assert not after.stalled
    assert after.stance.up_m == pytest.approx(0.15, abs=1e-6)


def test_a_rock_under_the_belly_is_felt_and_watched() -> None:
    def rock(east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where(np.hypot(east - 2.0, north) < 0.3, 0.4, 0.0)

    made, watched = world(rock)
    after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=3.0))
    assert after.stalled
    assert after.stance.belly_gap_m > 0, "it stands clear where it stopped"
    assert min(state.stance.belly_gap_m for state in watched) < 0, "the monitor has seen the contact"
    assert all(b.time_s >= a.time_s for a, b in zip(watched, watched[1:], strict=False)), (
        "no state is taken back"
    )
    assert watched[-1].time_s == after.time_s


def test_turning_over_a_rock_is_seen() -> None:
    def rock(east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where(np.hypot(east, north - 0.68) < 0.12, 0.4, 0.0)

    made, _ = world(rock)
    state = begin(made)
    assert state.stance.belly_gap_m > 0
    after = made.step(state, Command(mode=Mode.DRIVE, turn_rad=math.pi, drive_m=1.0))
    assert after.stalled
    assert abs(after.yaw_rad) < math.pi / 2 + 0.2
    assert after.distance_m == 0


def test_the_edge_of_the_known_stops_it() -> None:
    made, _ = world(lambda east, north: np.where(east > 2.0, np.nan, 0.0))
    after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=5.0))
    assert after.stalled
    assert math.isfinite(after.time_s)
    assert math.isfinite(after.stance.up_m)
    assert after.east_m < 2.0


def test_staying_charges_by_day() -> None:
    made, _ = world(lambda east, north: 0.0 * east)
    state = begin(made)
    after = made.step(state, Command(mode=Mode.CHARGE, duration_s=600.0))
    assert after.power.stored_j > state.power.stored_j
    asleep = made.step(state, Command(mode=Mode.DORMANT, duration_s=600.0))
    assert asleep.power.harvest_j == 0
    assert asleep.array_w > 0, "folded, it still senses the Sun"


def test_in_the_shadow_of_the_ground_nothing_charges() -> None:
    """A wall to the east, in the morning: the array, 1 m above the ground, is lit over what would hide the wheels."""
    sun = SKY.sun_at(300.0)
    assert math.sin(sun.azimuth_rad) > 0.5, "in the east"
    ray_m = math.tan(sun.elevation_rad) * 5.0 / math.sin(sun.azimuth_rad)  # its height over the wall's edge
    east = -50.0 + 5.0 * np.arange(20)

    def charged(side: npt.NDArray[np.bool_], height_m: float) -> WorldState:
        wall = np.broadcast_to(np.where(side, height_m, 0.0), (20, 20)).astype(np.float32)
        made, _ = world(lambda east, north: 0.0 * east, before_sun=wall)
        return made.step(begin(made), Command(mode=Mode.CHARGE, duration_s=600.0))

    hidden, over = charged(east >= 5.0, ray_m + 1.2), charged(east >= 5.0, ray_m + 0.8)
    behind = charged(east <= -5.0, 100.0)
    assert (hidden.lit, hidden.array_w, hidden.power.harvest_j) == (0.0, 0.0, 0.0)
    assert hidden.power.stored_j < hidden.power.first_j
    assert over.lit == behind.lit == 1.0
    assert over.power.harvest_j == behind.power.harvest_j > 0
    half = charged(east >= 5.0, ray_m + 1.0)
    assert half.lit == pytest.approx(0.5, abs=0.02)
    assert 0.5 < half.power.harvest_j / over.power.harvest_j < 0.56, "cooler cells give a little more"


def hills(amplitude_m: float, length_m: float) -> Shape:
    """Round hills and hollows, no axis of which is that of the drive."""
    k = 2 * math.pi / length_m
    return lambda east, north: (
        amplitude_m * np.sin(k * (east + 0.3 * north)) * np.cos(0.7 * k * (north - 0.2 * east))
    )


def test_across_a_slope_of_20_deg_it_drives_with_a_roll_of_20_deg_and_no_pitch() -> None:
    made, watched = world(lambda east, north: math.tan(math.radians(20)) * north)
    after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=5.0))
    assert not after.stalled
    for state in watched:
        # It crabs: what it slides down does not turn it, nor but a little what the unequal loads do.
        assert math.degrees(state.stance.roll_rad) == pytest.approx(20.0, abs=0.01)
        assert math.degrees(state.stance.pitch_rad) == pytest.approx(0.0, abs=0.5)
    assert -0.2 * 5 < after.north_m < 0, "it slides down"
    assert after.east_m == pytest.approx(5.0, abs=0.05)


def test_halving_the_step_halves_what_is_wrong() -> None:
    """A method of first order: twice as many steps, half the error, in place, heading, time and charge."""

    def end(step_m: float) -> npt.NDArray[np.float64]:
        made, _ = world(hills(0.15, 7.0), micro_step_m=step_m)
        after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=4.0, curvature_per_m=0.1))
        assert not after.stalled
        return np.array([after.east_m, after.north_m, after.yaw_rad, after.time_s, after.power.load_j])

    ends = [end(step_m) for step_m in (0.2, 0.1, 0.05, 0.025)]
    off = [np.abs(a - b) for a, b in zip(ends, ends[1:], strict=False)]
    assert (off[0][:2] < 0.01).all()
    for before, after in zip(off, off[1:], strict=False):
        ratio = before.sum() / after.sum()
        assert 1.5 < ratio < 3.0, ratio


def test_mirrored_ground_mirrors_the_motion() -> None:
    shape = hills(0.2, 6.0)
    here, _ = world(shape)
    there, _ = world(lambda east, north: shape(east, -north))
    one, other = begin(here), begin(there)
    for turn, drive, curvature in ((0.4, 1.5, 0.0), (-0.2, 1.0, 0.3), (0.0, -0.7, -0.2)):
        one = here.step(
            one, Command(mode=Mode.DRIVE, turn_rad=turn, drive_m=drive, curvature_per_m=curvature)
        )
        other = there.step(
            other, Command(mode=Mode.DRIVE, turn_rad=-turn, drive_m=drive, curvature_per_m=-curvature)
        )
        assert not one.stalled
        assert other.east_m == pytest.approx(one.east_m, abs=1e-6)
        assert other.north_m == pytest.approx(-one.north_m, abs=1e-6)
        assert other.yaw_rad == pytest.approx(-one.yaw_rad, abs=1e-6)
        assert other.stance.roll_rad == pytest.approx(-one.stance.roll_rad, abs=1e-6)
        assert other.time_s == pytest.approx(one.time_s, rel=1e-7)


def test_an_arc_closes_to_a_circle() -> None:
    made, watched = world(lambda east, north: 0 * east)
    state = begin(made)
    for _ in range(8):
        state = made.step(state, Command(mode=Mode.DRIVE, drive_m=2 * math.pi * 2.0 / 8, curvature_per_m=0.5))
    assert math.hypot(state.east_m, state.north_m) < 0.3
    assert max(s.north_m for s in watched) == pytest.approx(4.0, abs=0.15)
    assert state.distance_m == pytest.approx(4 * math.pi)
    back = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=-1.0, curvature_per_m=0.5))
    assert back.north_m > 0 and back.yaw_rad < 0, "backwards along the circle to the left"


@pytest.mark.parametrize("pitch_deg, roll_deg", [(0, 0), (20, 0), (0, 20), (15, -12), (-18, 14)])
def test_motion_in_the_plane_of_the_wheels_is_seen_from_above(pitch_deg: float, roll_deg: float) -> None:
    """By the axes of the body themselves, and for the yaw by turning them a little about the body's own up."""
    pitch, roll = math.radians(pitch_deg), math.radians(roll_deg)
    level = begin(world(lambda east, north: 0.0 * east)[0]).stance
    leaning = replace(level, pitch_rad=0.1, roll_rad=0.1)
    moving = move(TRAIN, turn_commands(TRAIN), leaning, np.full(6, 0.5))  # along, sideways and round
    ahead, left, up = body_axes(0.0, pitch, roll)
    velocity = moving.forward_m_s * ahead + moving.left_m_s * left
    stance = replace(level, pitch_rad=pitch, roll_rad=roll)
    forward, aside, yaw = on_the_map(moving, stance)
    assert (forward, aside) == pytest.approx((velocity[0], velocity[1]), abs=1e-15)
    turned = ahead + np.cross(up, ahead) * moving.yaw_rad_s * 1e-6
    assert yaw == pytest.approx(math.atan2(turned[1], turned[0]) / 1e-6, rel=1e-6)


def test_95_per_cent_of_the_slips_of_a_drive_are_within_a_tenth() -> None:
    """Slopes up and down to 8.9 deg and the site's own soil: what Yutu-2 met (Ding et al. 2024, PMC11258293)."""
    steepest = math.tan(math.radians(8.9))
    length_m = 25.0
    amplitude_m = steepest * length_m / (2 * math.pi)
    site = load_site("von-karman")
    slips, sunk = [], []
    for seed in (1, 2, 3):
        made, watched = world(
            lambda east, north: amplitude_m * np.sin(2 * math.pi * east / length_m),
            soil=Soil.synthetic(site, seed=seed),
        )
        after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=60.0))
        assert not after.stalled
        slips += [slip for state in watched if state.motion for slip in state.motion.slip]
        sunk += [depth for state in watched for depth in state.sinkage_m]
    slip = np.array(slips)
    assert (np.abs(slip) <= 0.1).mean() >= 0.95
    assert (slip < -0.1).mean() < 0.01
    assert 0.005 < np.mean(sunk) < 0.015
    pitch = max(math.degrees(abs(state.stance.pitch_rad)) for state in watched)
    assert 8 < pitch < 9


def test_steep_soft_ground_stops_it_and_it_digs_itself_in() -> None:
    made, _ = world(lambda east, north: math.tan(math.radians(20)) * east, soil=Soil.uniform(0.0))
    state = begin(made)
    after = made.step(state, Command(mode=Mode.DRIVE, drive_m=1.0))
    assert after.stalled
    assert after.slip == 1.0
    assert after.east_m == state.east_m
    assert after.time_s > state.time_s
    assert after.power.load_j > state.power.load_j
    assert min(after.dug_m) > 0
    assert after.stance.belly_gap_m < state.stance.belly_gap_m
    on_firmer, _ = world(lambda east, north: math.tan(math.radians(20)) * east)
    assert on_firmer.step(
        begin(on_firmer), Command(mode=Mode.DRIVE, drive_m=1.0)
    ).distance_m == pytest.approx(1)


def test_in_a_trap_it_digs_until_the_belly_lies_on_the_ground() -> None:
    trap = SlipPatch(east_m=3.0, north_m=0.0, radius_m=1.5, firmness=-1.0)
    made, _ = world(lambda east, north: 0 * east)
    faults = WorldFaults(mobility=MobilityFaults(patches=(trap,)))
    state = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=4.0), faults=faults)
    assert state.stalled, "all wheels but two or four are in it"
    assert 0.5 < state.east_m < 3.0
    for _ in range(30):
        state = made.step(state, Command(mode=Mode.DRIVE, drive_m=1.0), faults=faults)
    assert state.stalled
    assert state.dug_m[0] == YUTU_2.wheel_radius_m, "sunk to the hubs"
    assert state.stance.belly_gap_m < 0.1
    back = made.step(state, Command(mode=Mode.DRIVE, drive_m=-1.0), faults=faults)
    assert back.stalled, "and there it stays"


def test_a_hole_is_left_behind() -> None:
    made, _ = world(lambda east, north: 0 * east)
    state = begin(made)
    dug = replace(state, dug_m=(0.01,) * 6)
    after = made.step(dug, Command(mode=Mode.DRIVE, drive_m=0.2))
    assert 0 < max(after.dug_m) < 0.01
    sunk = np.mean(after.sinkage_m) + np.mean(after.dug_m)
    assert after.stance.belly_gap_m < YUTU_2.belly_clearance_m - sunk + 1e-9, (
        "still down by what is left of it"
    )
    assert max(made.step(after, Command(mode=Mode.DRIVE, drive_m=1.0)).dug_m) < 1e-4


def test_a_dead_and_a_stalled_wheel_make_it_veer() -> None:
    ends = []
    for faults in (
        MobilityFaults(),
        MobilityFaults(dead=frozenset({1})),
        MobilityFaults(stalled=frozenset({1})),
    ):
        made, _ = world(lambda east, north: 0 * east)
        command = Command(mode=Mode.DRIVE, drive_m=2.0)
        ends.append(made.step(begin(made), command, faults=WorldFaults(mobility=faults)))
    well, dead, stalled = ends
    assert well.yaw_rad == pytest.approx(0.0, abs=1e-6)
    assert stalled.yaw_rad < dead.yaw_rad < 0, "to the right"
    assert stalled.power.load_j > dead.power.load_j > well.power.load_j


def test_a_step_is_a_pure_function_of_state_and_command() -> None:
    made, _ = world(hills(0.2, 6.0))
    command = Command(mode=Mode.DRIVE, turn_rad=0.3, drive_m=1.0)
    state = begin(made)
    once = made.step(state, command)
    made.step(once, Command(mode=Mode.DRIVE, drive_m=6.0))  # elsewhere, so that other patches are kept
    again = made.step(state, command)
    assert again == once


def arrays_in(arguments: Iterable[Any]) -> int:
    """Count the arrays that a kernel is given, those in tuples too."""
    return sum(
        arrays_in(held) if isinstance(held, tuple) else isinstance(held, np.ndarray) for held in arguments
    )


def test_kernels_of_a_step_allocate_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """numba takes a block for each array that Python hands to a kernel, and a step takes exactly so many: kernels
    make none of their own, on level ground as on rough, where they take many more rounds. All are let go of.
    """
    handed = 0

    def counted(function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            nonlocal handed
            handed += arrays_in(arguments)
            return function(*arguments)

        return call

    for name, module in list(sys.modules.items()):
        if name.startswith(("sim.", "rover.")) and not name.endswith("kernels"):
            for key, held in list(vars(module).items()):
                if isinstance(held, numba.core.dispatcher.Dispatcher):
                    monkeypatch.setattr(module, key, counted(held))
    nrt: Any = numba.core.runtime.nrt
    nrt._nrt.memsys_enable_stats()
    try:
        for amplitude_m in (0.0, 0.02, 0.2):
            made, _ = world(hills(amplitude_m, 3.0), soil=Soil.uniform(0.5))
            state = begin(made)
            for command in (
                Command(mode=Mode.DRIVE, drive_m=1.0),
                Command(mode=Mode.CHARGE, duration_s=600.0),
            ):
                made.step(state, command)
                before, handed = nrt.rtsys.get_allocation_stats(), 0
                made.step(state, command)
                after = nrt.rtsys.get_allocation_stats()
                assert handed > (100 if command.drive_m else 0)
                assert after.alloc - before.alloc == after.mi_alloc - before.mi_alloc == handed
                assert after.free - before.free == after.mi_free - before.mi_free == handed
    finally:
        nrt._nrt.memsys_disable_stats()


@pytest.mark.parametrize(
    "there, back",
    [
        (Command(mode=Mode.DRIVE, drive_m=1.0), Command(mode=Mode.DRIVE, drive_m=-1.0)),
        (Command(mode=Mode.CHARGE, duration_s=600.0), Command(mode=Mode.NAP, duration_s=600.0)),
    ],
    ids=["driving", "parked"],
)
def test_steps_leave_nothing_behind(there: Command, back: Command) -> None:
    """Python's own memory stays level over 300 steps of 0.1 m, or 30 spans of time, once caches are filled.

    The interpreter keeps some names that it looks up; 64 bytes a step are less than any record or array of one.
    """
    made, _ = world(hills(0.1, 3.0), soil=Soil.uniform(0.5))
    made._watch = lambda _state: None
    state = begin(made)

    def go(times: int) -> None:
        after = state
        for count in range(times):
            if count % 10 == 0:
                after = state
            after = made.step(after, there if count % 2 == 0 else back)

    tracemalloc.start()
    try:
        go(20)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        go(30)
        gc.collect()
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now - before < 64 * (300 if there.drive_m else 30)


@pytest.mark.parametrize(
    "drive_m, duration_s, most_bytes", [(1.0, 0.0, 100_000), (4.0, 0.0, 100_000), (0.0, 6000.0, 16_000)]
)
def test_what_a_step_works_with_is_small_whatever_its_length(
    drive_m: float, duration_s: float, most_bytes: int
) -> None:
    """Records and scratch of a few parts of a motion at any one time, and no array of all of it."""
    made, _ = world(hills(0.2, 3.0), soil=Soil.uniform(0.5))
    made._watch = lambda _state: None
    state = begin(made)
    command = Command(mode=Mode.DRIVE if drive_m else Mode.CHARGE, drive_m=drive_m, duration_s=duration_s)
    for _ in range(2):
        made.step(state, command)
    tracemalloc.start()
    try:
        made.step(state, command)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        after = made.step(state, command)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after.time_s > state.time_s
    assert held - before < 32_000
    assert most - before < most_bytes
