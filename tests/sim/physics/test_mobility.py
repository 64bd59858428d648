"""How six wheels get on: steering in closed form, the balance of forces by hand, and what faults do to it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from sim.moon.soil import Soil
from sim.physics.drivetrain import Drivetrain
from sim.physics.mobility import Motion, firmness_at, hole_resistance, move, resting_sinkage_m
from sim.physics.steering import WheelCommands, arc_commands, turn_commands
from sim.physics.suspension import Stance, settle
from sim.physics.wheel_faults import NO_FAULTS, MobilityFaults, SlipPatch
from tests.sim.shaped import YUTU_2, leaning, train

TRAIN = train()
AHEAD = train(mass_centre_forward_m=0.2)
WEIGHT_N = YUTU_2.mass_kg * 1.625
STRAIGHT = arc_commands(TRAIN, curvature_per_m=0.0)
BACK = arc_commands(TRAIN, curvature_per_m=0.0, backwards=True)
MIRRORED = [1, 0, 3, 2, 5, 4]


def stand(pitch_deg: float = 0.0, roll_deg: float = 0.0) -> Stance:
    return settle(
        leaning(pitch_deg, roll_deg), TRAIN.rig, east_m=0.0, north_m=0.0, yaw_rad=0.0, backwards=False
    )


def drive(
    pitch_deg: float = 0.0,
    roll_deg: float = 0.0,
    *,
    firmness: float | npt.NDArray[np.float64] = 0.5,
    commands: WheelCommands = STRAIGHT,
    faults: MobilityFaults = NO_FAULTS,
    dug_m: float = 0.0,
    on: Drivetrain = TRAIN,
) -> Motion:
    soil = np.broadcast_to(np.asarray(firmness, np.float64), 6)
    dug = np.full(6, dug_m)
    return move(on, commands, stand(pitch_deg, roll_deg), soil, dug_m=dug, faults=faults)


class TestSteering:
    @pytest.mark.parametrize("curvature", [-1.2, -0.5, -0.05, 0.02, 0.3, 1.0])
    @pytest.mark.parametrize("backwards", [False, True])
    def test_every_axle_points_at_one_centre(self, curvature: float, backwards: bool) -> None:
        told = arc_commands(TRAIN, curvature_per_m=curvature, backwards=backwards)
        centre = np.array([0.0, 1 / curvature])
        ahead = np.stack([np.cos(told.steer_rad), np.sin(told.steer_rad)], axis=1)
        to_centre = centre - TRAIN.places
        np.testing.assert_allclose((ahead * to_centre).sum(axis=1), 0.0, atol=1e-12)
        far = np.hypot(*to_centre.T)
        speed = np.abs(told.rim_m_s)
        np.testing.assert_allclose(speed / far, abs(told.twist[2]), rtol=1e-12)
        assert speed.max() == pytest.approx(YUTU_2.speed_m_s)
        assert told.twist[0] * (-1 if backwards else 1) > 0
        assert (told.steer_rad[2:4] == 0).all()

    def test_straight_ahead_nothing_is_steered_and_all_rims_have_the_vehicles_speed(self) -> None:
        assert (STRAIGHT.steer_rad == 0).all()
        assert (STRAIGHT.rim_m_s == YUTU_2.speed_m_s).all()
        assert (BACK.rim_m_s == -YUTU_2.speed_m_s).all()

    def test_turning_in_place_the_wheels_stand_across_their_arms(self) -> None:
        told = turn_commands(TRAIN)
        velocity = told.rim_m_s[:, None] * np.stack([np.cos(told.steer_rad), np.sin(told.steer_rad)], axis=1)
        x, y = TRAIN.places.T
        rate = math.radians(YUTU_2.turn_rate_deg_s)
        np.testing.assert_allclose(velocity, rate * np.stack([-y, x], axis=1), atol=1e-15)
        assert math.degrees(abs(told.steer_rad[0])) == pytest.approx(math.degrees(math.atan(0.55 / 0.45)))
        np.testing.assert_allclose(turn_commands(TRAIN, clockwise=True).rim_m_s, -told.rim_m_s)

    def test_no_wheel_is_steered_beyond_its_limit_nor_driven_beyond_its_speed(self) -> None:
        short = train(steer_limit_deg=20.0)
        told = arc_commands(short, curvature_per_m=1.5)
        assert np.degrees(np.abs(told.steer_rad)).max() == pytest.approx(20.0)
        assert np.abs(told.rim_m_s).max() <= YUTU_2.speed_m_s + 1e-12
        free = drive(commands=arc_commands(TRAIN, curvature_per_m=1.5))
        held = drive(commands=told, on=short)
        assert held.yaw_rad_s / held.forward_m_s < 0.8 * free.yaw_rad_s / free.forward_m_s


class TestStraight:
    def test_on_level_ground_all_wheels_do_the_same(self) -> None:
        motion = drive()
        assert motion.slip == pytest.approx((motion.slip[0],) * 6, abs=1e-7)
        assert (motion.left_m_s, motion.yaw_rad_s) == pytest.approx((0.0, 0.0), abs=1e-9)
        assert motion.forward_m_s == pytest.approx(YUTU_2.speed_m_s / (1 + motion.slip[0]), rel=1e-6)
        shaft_w = sum(motion.torque_n_m) * YUTU_2.speed_m_s / 0.15
        assert motion.power_w == pytest.approx(shaft_w / 0.35)

    def test_slip_and_power_grow_with_the_slope(self) -> None:
        motions = [drive(pitch) for pitch in (-20, -10, -5, 0, 5, 10, 20)]
        assert (np.diff([m.mean_slip for m in motions]) > 0).all()
        assert (np.diff([m.power_w for m in motions]) >= 0).all()
        assert motions[0].mean_slip < 0 < motions[-1].mean_slip
        assert motions[0].forward_m_s > YUTU_2.speed_m_s > motions[-1].forward_m_s

    @pytest.mark.parametrize("pitch_deg", [2, 5, 10, 15, 20])
    @pytest.mark.parametrize("firmness", [0.3, 0.5, 1.0])
    def test_the_wheels_do_more_work_than_the_weight_is_lifted_by(
        self, pitch_deg: float, firmness: float
    ) -> None:
        """What is left over goes into the soil: it takes, and never gives."""
        motion = drive(pitch_deg, firmness=firmness)
        lifting_w = WEIGHT_N * math.sin(math.radians(pitch_deg)) * motion.forward_m_s
        assert motion.power_w * 0.35 > lifting_w

    def test_backwards_up_is_as_forwards_up(self) -> None:
        """The bogies stand behind, so that loads differ a little, and with them the slips."""
        up, back = drive(8), drive(-8, commands=BACK)
        assert back.forward_m_s == pytest.approx(-up.forward_m_s, rel=2e-3)
        assert back.power_w == pytest.approx(up.power_w, rel=0.02)

    def test_20_deg_are_climbed_on_nominal_soil_and_not_on_the_softest(self) -> None:
        assert not drive(20, firmness=0.5).stuck
        softest = drive(20, firmness=0.0)
        assert softest.stuck
        assert softest.forward_m_s == 0.0
        assert softest.slip == (1.0,) * 6
        assert softest.power_w > 0, "the wheels spin all the same"

    def test_a_trap_holds_it_on_level_ground(self) -> None:
        assert drive(firmness=-1.0).stuck

    def test_energy_per_metre_on_level_ground_is_near_the_rovers_own_figure(self) -> None:
        """The file's rolling resistance of 0.15 of the weight is what the rover reckons with; truth may differ."""
        motion = drive(firmness=0.25)
        resistance = motion.power_w * 0.35 / YUTU_2.speed_m_s / WEIGHT_N
        assert 0.05 < resistance < 0.25


class TestSideways:
    def test_across_a_slope_it_slides_down(self) -> None:
        left_up = drive(0, 10)
        assert left_up.left_m_s < 0
        assert drive(0, 20).left_m_s < 2 * left_up.left_m_s
        assert drive(0, 10, firmness=0.0).left_m_s < 1.5 * left_up.left_m_s
        assert abs(left_up.left_m_s) < 0.1 * left_up.forward_m_s

    @pytest.mark.parametrize("pitch_deg, roll_deg", [(0, 10), (8, -6), (-12, 5)])
    @pytest.mark.parametrize("curvature", [0.0, 0.4])
    def test_mirrored_ground_mirrors_the_motion(
        self, pitch_deg: float, roll_deg: float, curvature: float
    ) -> None:
        soil = np.array([0.2, 0.5, 0.3, 0.6, 0.4, 0.7])
        one = drive(
            pitch_deg, roll_deg, firmness=soil, commands=arc_commands(TRAIN, curvature_per_m=curvature)
        )
        other = drive(
            pitch_deg,
            -roll_deg,
            firmness=soil[MIRRORED],
            commands=arc_commands(TRAIN, curvature_per_m=-curvature),
        )
        assert other.forward_m_s == pytest.approx(one.forward_m_s, rel=1e-6)
        assert other.left_m_s == pytest.approx(-one.left_m_s, rel=1e-5, abs=1e-9)
        assert other.yaw_rad_s == pytest.approx(-one.yaw_rad_s, rel=1e-5, abs=1e-8)
        assert other.slip == pytest.approx([one.slip[k] for k in MIRRORED], abs=1e-6)
        assert other.power_w == pytest.approx(one.power_w, rel=1e-6)

    def test_softer_soil_on_one_side_turns_it_that_way_uphill(self) -> None:
        left_soft = drive(8, firmness=np.array([0.1, 0.8] * 3))
        assert left_soft.yaw_rad_s > 0
        assert left_soft.slip[0] > left_soft.slip[1]


class TestTurning:
    def test_in_place_it_stays_in_place_on_level_ground(self) -> None:
        motion = drive(commands=turn_commands(TRAIN))
        assert (motion.forward_m_s, motion.left_m_s) == pytest.approx((0.0, 0.0), abs=1e-9)
        assert motion.yaw_rad_s == pytest.approx(math.radians(YUTU_2.turn_rate_deg_s), rel=0.05)

    def test_on_a_slope_it_creeps_down_as_it_turns(self) -> None:
        motion = drive(10, commands=turn_commands(TRAIN))
        assert motion.forward_m_s < 0
        assert abs(motion.forward_m_s) < 0.2 * YUTU_2.speed_m_s

    @pytest.mark.parametrize("curvature", [-0.8, 0.25, 0.8])
    def test_an_arc_has_about_the_curvature_asked_for(self, curvature: float) -> None:
        motion = drive(commands=arc_commands(TRAIN, curvature_per_m=curvature))
        assert motion.yaw_rad_s / motion.forward_m_s == pytest.approx(curvature, rel=0.05)

    @pytest.mark.parametrize("seed", range(40))
    def test_forces_balance(self, seed: int) -> None:
        """Pulls and side forces read from the table at the slips found, turned and added up by other code.

        Of every third rover the mass lies ahead of its middle: on a slope its weight then turns it as well. Every fifth
        stands in holes, which hold against the way that each wheel goes.
        """
        generator = np.random.default_rng(seed)
        pitch, roll = generator.uniform(-12, 12, 2).tolist()
        soil = generator.uniform(0.2, 1.0, 6)
        told = arc_commands(TRAIN, curvature_per_m=float(generator.uniform(-1, 1)), backwards=seed % 2 == 1)
        on = AHEAD if seed % 3 == 0 else TRAIN
        stance = settle(leaning(pitch, roll), on.rig, east_m=0.0, north_m=0.0, yaw_rad=0.0, backwards=False)
        dug = np.full(6, 0.003 if seed % 5 == 0 else 0.0)
        motion = move(on, told, stance, soil, dug_m=dug)
        assert not motion.stuck
        level = math.cos(stance.pitch_rad) * math.cos(stance.roll_rad)
        total = np.zeros(3)
        for k, (x, y) in enumerate(TRAIN.places.tolist()):
            cos, sin = math.cos(told.steer_rad[k]), math.sin(told.steer_rad[k])
            u = motion.forward_m_s - motion.yaw_rad_s * y
            v = motion.left_m_s + motion.yaw_rad_s * x
            rolls, slides = u * cos + v * sin, v * cos - u * sin
            rim = told.rim_m_s[k]
            found = TRAIN.table.forces(
                firmness=soil[k],
                load_n=stance.load_n[k] * level,
                slip=motion.slip[k],
                lateral=slides / max(abs(rolls), abs(rim)),
            )
            pull = found.pull_n * math.copysign(1.0, rim)
            side = -math.copysign(found.side_n, slides)
            force = np.array([pull * cos - side * sin, pull * sin + side * cos])
            force -= (
                hole_resistance(dug, 0.15)[k] * stance.load_n[k] * level * np.array([u, v]) / math.hypot(u, v)
            )
            total += [*force, x * force[1] - y * force[0]]
        total[0] -= WEIGHT_N * math.sin(stance.pitch_rad)
        across = WEIGHT_N * math.cos(stance.pitch_rad) * math.sin(stance.roll_rad)
        total[1:] -= across, across * on.rig.mass_centre_forward_m
        assert np.abs(total).max() < 1e-4 * WEIGHT_N


class TestFaults:
    @pytest.mark.parametrize("wheel", range(6))
    def test_a_dead_wheel_drags_and_a_stalled_one_more(self, wheel: int) -> None:
        well = drive()
        dead = drive(faults=MobilityFaults(dead=frozenset({wheel})))
        stalled = drive(faults=MobilityFaults(stalled=frozenset({wheel})))
        assert stalled.forward_m_s < dead.forward_m_s < well.forward_m_s
        assert stalled.power_w > dead.power_w > well.power_w
        to_its_side = 1.0 if wheel % 2 == 0 else -1.0
        assert 0 < to_its_side * dead.yaw_rad_s < to_its_side * stalled.yaw_rad_s
        assert dead.torque_n_m[wheel] == stalled.torque_n_m[wheel] == 0.0
        assert stalled.slip[wheel] == -1.0
        assert stalled.rim_m_s[wheel] == 0.0
        assert -0.2 < dead.slip[wheel] < well.slip[wheel], "the soil turns it"

    @pytest.mark.parametrize("wheel", range(6))
    def test_a_stalled_wheel_drags_against_the_way_that_it_is_taken(self, wheel: int) -> None:
        """Across a slope the wheel is taken sideways too: with its drag, all forces balance by other code."""
        told, stance, soil = arc_commands(TRAIN, curvature_per_m=0.4), stand(0, 8), np.full(6, 0.8)
        level = math.cos(stance.pitch_rad) * math.cos(stance.roll_rad)
        motion = move(TRAIN, told, stance, soil, faults=MobilityFaults(stalled=frozenset({wheel})))
        assert not motion.stuck
        total, aside = np.zeros(3), 0.0
        for k, (x, y) in enumerate(TRAIN.places.tolist()):
            ground = np.array(
                [motion.forward_m_s - motion.yaw_rad_s * y, motion.left_m_s + motion.yaw_rad_s * x]
            )
            along = np.array([math.cos(told.steer_rad[k]), math.sin(told.steer_rad[k])])
            across = np.array([-along[1], along[0]])
            rolls, slides = float(ground @ along), float(ground @ across)
            fast = float(np.hypot(rolls, slides)) if k == wheel else max(abs(rolls), told.rim_m_s[k])
            found = TRAIN.table.forces(
                firmness=0.8, load_n=stance.load_n[k] * level, slip=motion.slip[k], lateral=slides / fast
            )
            if k == wheel:
                force, aside = -abs(found.pull_n) * ground / fast, abs(slides) / fast
            else:
                force = found.pull_n * along - math.copysign(found.side_n, slides) * across
            total += [*force, x * force[1] - y * force[0]]
        total[0] -= WEIGHT_N * math.sin(stance.pitch_rad)
        total[1] -= WEIGHT_N * math.cos(stance.pitch_rad) * math.sin(stance.roll_rad)
        assert np.abs(total).max() < 1e-4 * WEIGHT_N
        assert aside > 0.005

    def test_with_all_motors_gone_it_stands(self) -> None:
        every = frozenset(range(6))
        assert drive(faults=MobilityFaults(dead=every)).stuck
        assert drive(faults=MobilityFaults(stalled=every)).stuck

    def test_a_hole_is_to_be_climbed_out_of(self) -> None:
        assert hole_resistance(np.array([0.0, 0.015, 0.15, 0.5]), 0.15) == pytest.approx(
            [0.0, math.sqrt(0.015 / 0.285), 1.0, 1.0]
        )
        assert drive(dug_m=0.02).mean_slip > drive().mean_slip + 0.05
        assert drive(dug_m=0.02, firmness=0.0).stuck
        assert not drive(firmness=0.0).stuck

    def test_a_slip_patch_lies_under_the_wheels_that_it_touches(self) -> None:
        soil = Soil.uniform(0.5).near(20.0, -7.0)
        patch = SlipPatch(east_m=20.55, north_m=-6.55, radius_m=0.1, firmness=-0.5)
        place = {"east_m": 20.0, "north_m": -7.0, "faults": MobilityFaults(patches=(patch,))}
        east = firmness_at(TRAIN, soil, yaw_rad=0.0, **place)
        np.testing.assert_allclose(east, [-0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
        north = firmness_at(TRAIN, soil, yaw_rad=math.pi / 2, **place)
        np.testing.assert_allclose(north, [0.5] * 6)

    @pytest.mark.parametrize("radius_m, firmness, says", [
        (0.0, 0.0, "radius_m = 0.0 of a slip patch: not a radius; give metres, more than 0"),
        (math.nan, 0.0, "not a radius"),
        (1.0, -1.5, "firmness = -1.5 of a slip patch: out of range; give -1 to 1"),
        (1.0, math.nan, "out of range"),
    ])  # fmt: skip
    def test_a_patch_that_cannot_be_is_refused(self, radius_m: float, firmness: float, says: str) -> None:
        with pytest.raises(ValueError, match=says):
            SlipPatch(east_m=0.0, north_m=0.0, radius_m=radius_m, firmness=firmness)

    def test_a_wheel_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(ValueError, match="dead = 6: no such wheel; give 0 to 5"):
            MobilityFaults(dead=frozenset({6}))


class TestLifted:
    """A wheel that bears nothing turns freely: it neither pulls, holds, sinks nor takes work."""

    @staticmethod
    def lift(
        wheels: list[int], pitch_deg: float, load_n: float, faults: MobilityFaults = NO_FAULTS
    ) -> Motion:
        stance = stand(pitch_deg)
        loads = [load_n if k in wheels else load for k, load in enumerate(stance.load_n)]
        return move(TRAIN, STRAIGHT, replace(stance, load_n=tuple(loads)), np.full(6, 0.5), faults=faults)

    @pytest.mark.parametrize("wheels", [[0], [2], [0, 1], [0, 2, 4]], ids=str)
    @pytest.mark.parametrize("pitch_deg", [0.0, 10.0])
    def test_it_does_nothing(self, wheels: list[int], pitch_deg: float) -> None:
        held = self.lift(wheels, pitch_deg, 0.0)
        assert self.lift(wheels, pitch_deg, -5.0) == held  # what would have to hold it down is no load either
        for k in range(6):
            bears = k not in wheels
            assert (held.torque_n_m[k] != 0.0) == (held.sinkage_m[k] > 0.0) == bears
        assert np.isfinite([held.forward_m_s, held.left_m_s, held.yaw_rad_s, held.power_w, *held.slip]).all()
        shaft_w = sum(t * r for t, r in zip(held.torque_n_m, held.rim_m_s, strict=True)) / 0.15
        assert held.power_w == pytest.approx(shaft_w / 0.35)
        assert shaft_w > WEIGHT_N * math.sin(math.radians(pitch_deg)) * held.forward_m_s

    def test_the_others_climb_with_more_slip(self) -> None:
        assert (
            drive(10.0).mean_slip
            < self.lift([2], 10.0, 0.0).mean_slip
            < self.lift([2, 3], 10.0, 0.0).mean_slip
        )

    def test_its_motor_makes_no_difference(self) -> None:
        held = self.lift([2], 10.0, 0.0)
        for faults in (MobilityFaults(stalled=frozenset({2})), MobilityFaults(dead=frozenset({2}))):
            other = self.lift([2], 10.0, 0.0, faults)
            assert other.forward_m_s == held.forward_m_s
            assert other.power_w == held.power_w

    def test_mirrored_it_turns_the_other_way(self) -> None:
        left, right = self.lift([0, 2, 4], 10.0, 0.0), self.lift([1, 3, 5], 10.0, 0.0)
        assert left.yaw_rad_s == pytest.approx(-right.yaw_rad_s, rel=1e-6)
        assert left.forward_m_s == pytest.approx(right.forward_m_s, rel=1e-9)
        assert abs(left.yaw_rad_s) > 0.001

    @pytest.mark.parametrize("pitch_deg", [0.0, 10.0])
    def test_with_all_in_the_air_it_goes_nowhere(self, pitch_deg: float) -> None:
        held = self.lift(list(range(6)), pitch_deg, 0.0)
        assert held.stuck
        assert (held.forward_m_s, held.left_m_s, held.yaw_rad_s, held.power_w) == (0.0, 0.0, 0.0, 0.0)


def test_at_rest_each_wheel_sinks_by_its_load() -> None:
    stance = stand(0, 15)
    sunk = resting_sinkage_m(TRAIN, stance, np.full(6, 0.5))
    for depth, load_n in zip(sunk, stance.load_n, strict=True):  # by what of it is normal to the slope
        pressed_n = load_n * math.cos(math.radians(15))
        pressed = TRAIN.table.forces(firmness=0.5, load_n=pressed_n, slip=0.0)
        assert depth == pytest.approx(pressed.sinkage_m, rel=1e-6)
    assert min(sunk[1::2]) > max(sunk[::2])
    assert 0.004 < sum(sunk) / 6 < 0.015
