"""Bodies where geometry puts them: known pixels, known ranges, and the terminator of a sphere."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.core.eyes import EyesParams
from rover.io.vehicle import read_vehicle
from sim.sensors.bodies import Bodies, Part, attitude, set_down
from sim.sensors.craft import lander_parts, rover_parts
from tests.sim.sensors.scenes import Floats, eye, flat, pinhole, see, sunlight


def one(part: Part) -> Bodies:
    return set_down([([part], np.zeros(3), attitude(0.0, 0.0, 0.0))])


def ball(at_m: tuple[float, float, float], radius_m: float) -> Part:
    return Part(name="ball", kind="ellipsoid", at_m=at_m, half_m=(radius_m,) * 3, albedo=0.5)


def test_a_ball_is_at_its_pixel_and_as_large_and_as_far_as_it_is() -> None:
    where, lens = eye(0.0, 0.0, 1.5, yaw_deg=30.0, pitch_deg=-5.0), pinhole(401, 40.0)
    centre = np.array([9.0, 4.0, 1.2])
    picture = see(flat(bodies=one(ball((9.0, 4.0, 1.2), 0.5))), where, lens)
    seen = picture.part == 0
    away = centre - where.place_m
    distance = float(np.linalg.norm(away))
    row, col = lens.project(where.axes @ away)
    assert float(picture.range_m[round(row), round(col)]) == pytest.approx(distance - 0.5, abs=1e-3)
    angle = np.arccos(np.clip((lens.sights() @ where.axes) @ (away / distance), -1, 1))
    rim = math.asin(0.5 / distance)
    np.testing.assert_array_equal(seen, angle < rim)
    assert seen.sum() > 1000


def test_a_box_and_a_cylinder_are_met_where_they_stand() -> None:
    box = Part(name="box", kind="box", at_m=(5.0, 0.0, 0.5), half_m=(1.0, 0.5, 0.5), albedo=0.3)
    lens = pinhole(1, 0.01)
    assert see(flat(bodies=one(box)), eye(0.0, 0.2, 0.7), lens).range_m[0, 0] == pytest.approx(4.0)
    assert see(flat(bodies=one(box)), eye(5.3, 0.2, 3.0, pitch_deg=-90.0), lens).range_m[
        0, 0
    ] == pytest.approx(2.0)
    tube = Part(name="tube", kind="cylinder", at_m=(5.0, 0.0, 1.0), half_m=(0.6, 0.6, 1.0), albedo=0.3)
    side = see(flat(bodies=one(tube)), eye(0.0, 0.3, 0.7), lens).range_m[0, 0]
    assert side == pytest.approx(5.0 - math.sqrt(0.36 - 0.09))
    top = see(flat(bodies=one(tube)), eye(5.5, 0.1, 4.0, pitch_deg=-90.0), lens)
    assert top.range_m[0, 0] == pytest.approx(2.0) and top.part[0, 0] == 0
    beside = see(flat(bodies=one(tube)), eye(5.5, 0.4, 4.0, pitch_deg=-90.0), lens)
    assert beside.range_m[0, 0] == pytest.approx(4.0) and beside.part[0, 0] == -1


def inside(part: Part, axes: Floats, points: Floats) -> np.ndarray:
    local = (points - np.array(part.at_m)) @ axes.T / np.array(part.half_m)
    if part.kind == "box":
        return np.abs(local).max(axis=-1) <= 1
    if part.kind == "cylinder":
        return (np.hypot(local[..., 0], local[..., 1]) <= 1) & (np.abs(local[..., 2]) <= 1)
    return (local**2).sum(axis=-1) <= 1


@pytest.mark.parametrize("kind", ["box", "cylinder", "ellipsoid"])
def test_turned_bodies_are_entered_where_points_along_the_ray_come_to_be_inside(kind: str) -> None:
    part = Part(
        name="p",
        kind=kind,
        at_m=(4.0, 0.5, 1.5),
        half_m=(0.9, 0.4, 0.6),
        turn_deg=(35.0, 20.0, -50.0),
        albedo=0.4,
    )
    axes = attitude(*np.radians(part.turn_deg))
    where, lens = eye(0.0, 0.0, 1.8), pinhole(41, 50.0)
    picture = see(flat(bodies=one(part)), where, lens)
    steps = np.arange(2.0, 6.0, 0.002)
    points = where.place_m + steps[:, None, None, None] * (lens.sights() @ where.axes)
    within = inside(part, axes, points)
    hit = within.any(axis=0)
    first = steps[within.argmax(axis=0)]
    seen = picture.part == 0
    assert (seen & ~hit).sum() + (hit & ~seen).sum() <= 2  # rays that graze
    both = seen & hit
    assert both.sum() > 80
    np.testing.assert_allclose(picture.range_m[both], first[both], atol=0.003)


def test_a_spheres_terminator_and_its_light() -> None:
    """Lambert's law on a ball: light is albedo times the cosine of incidence, and none beyond the terminator."""
    sun = sunlight(190.0, 20.0)
    where, lens = eye(0.0, 0.0, 3.0), pinhole(301, 20.0)
    centre = np.array([10.0, 0.0, 3.0])
    picture = see(flat(bodies=one(ball((10.0, 0.0, 3.0), 1.0))), where, lens, sun, lit=True)
    assert picture.lit is not None
    seen = picture.part == 0
    normal = picture.points_m()[seen] - centre
    cosine = normal @ sun.direction
    lit = picture.lit[seen]
    assert (lit[cosine > 2e-3] == 1.0).all() and (lit[cosine < -2e-3] == 0.0).all()
    ambient = 0.5 * (0.004 + 0.08 * sun.direction[2] * 0.5 * (1.0 - normal[:, 2]))
    np.testing.assert_allclose(picture.radiance[seen], 0.5 * np.maximum(cosine, 0.0) + ambient, atol=2e-4)
    assert 0.2 < lit.mean() < 0.8


def test_what_is_nearer_hides_what_is_behind_and_bodies_shade_each_other() -> None:
    near, far = ball((5.0, 0.0, 1.0), 0.3), ball((8.0, 0.0, 1.0), 0.5)
    scene = flat(bodies=set_down([([near, far], np.zeros(3), attitude(0.0, 0.0, 0.0))]))
    picture = see(scene, eye(0.0, 0.0, 1.0), pinhole(201, 30.0), sunlight(270.0, 1.0), lit=True)
    assert picture.part[100, 100] == 0
    assert picture.lit is not None
    # The Sun stands behind the eye: the far ball's middle lies in the shadow of the near one, its rim does not.
    rows, _ = np.nonzero(picture.part == 1)
    assert len(rows) > 0
    above = see(scene, eye(0.0, 0.0, 1.9, pitch_deg=-5.0), pinhole(401, 20.0), sunlight(270.0, 1.0), lit=True)
    assert above.lit is not None
    lit = above.lit[above.part == 1]
    assert (lit == 0).sum() > 50 and (lit == 1).sum() > 50


def test_shade_does_not_depend_on_what_else_a_tile_shows() -> None:
    """Bodies that may hide the Sun are found tile by tile: each pixel by itself has the same light."""
    vehicle = read_vehicle("yutu-2")
    rover = rover_parts(vehicle.params, vehicle.part("eyes", EyesParams).navcam)
    turned = attitude(0.7, 0.0, 0.0)
    scene = flat(bodies=set_down([(lander_parts(), np.array([12.0, 0.0, 0.0]), turned),
                                  (rover, np.array([7.0, -1.5, 0.0]), turned)]))  # fmt: skip
    where, lens = eye(0.0, 0.0, 2.0, pitch_deg=-4.0), pinhole(64, 40.0)
    for sun in (sunlight(300.0, 12.0), sunlight(200.0, 50.0)):
        whole = see(scene, where, lens, sun, lit=True)
        assert whole.lit is not None
        ground = whole.lit[whole.part == -1]
        assert (ground == 0).sum() > 20 and (ground == 1).sum() > 20
        for row in range(1, 64, 3):
            for col in range(1, 64, 3):
                one_px = replace(
                    lens, rows=1, cols=1, centre_row=lens.centre_row - row, centre_col=lens.centre_col - col
                )
                alone = see(scene, where, one_px, sun, lit=True)
                assert alone.lit is not None
                assert alone.lit[0, 0] == pytest.approx(whole.lit[row, col], abs=1e-6)


def test_bodies_turn_and_stand_with_their_group() -> None:
    post = Part(name="post", kind="box", at_m=(2.0, 0.0, 0.5), half_m=(0.1, 0.1, 0.5), albedo=0.3)
    scene = flat(
        bodies=set_down([([post], np.array([1.0, 1.0, 0.0]), attitude(math.radians(90.0), 0.0, 0.0))])
    )
    seen = see(scene, eye(1.0, 0.0, 0.5, yaw_deg=90.0), pinhole(1, 0.01))
    assert seen.range_m[0, 0] == pytest.approx(2.9) and seen.part[0, 0] == 0


@pytest.mark.parametrize("name", ["yutu-2", "curiosity", "small-40kg"])
def test_a_rover_stands_on_its_wheels_within_its_envelope(name: str) -> None:
    vehicle = read_vehicle(name)
    parts = rover_parts(vehicle.params, vehicle.part("eyes", EyesParams).navcam)
    table = set_down([(parts, np.zeros(3), attitude(0.0, 0.0, 0.0))]).arrays[1]
    wheels = [n for n, part in enumerate(parts) if part.name.endswith("wheel")]
    assert len(wheels) == 6
    for n in wheels:
        assert table[n, 2] == pytest.approx(vehicle.params.wheel_radius_m)
    low = table[:, 2] - (np.abs(table[:, [5, 8, 11]]) * table[:, 12:15]).sum(axis=1)  # of the box about each
    assert low.min() > -1e-9
    assert np.abs(table[:, 0]).max() <= vehicle.params.length_m / 2 + 0.3
    assert {"mast", "head", "dish", "left panel", "right panel"} <= {part.name for part in parts}


def test_the_lander_is_seen_with_its_legs_and_panels() -> None:
    parts = lander_parts()
    scene = flat(
        bodies=set_down([(parts, np.array([10.0, 0.0, 0.0]), attitude(math.radians(160.0), 0.0, 0.0))])
    )
    picture = see(scene, eye(0.0, 0.0, 1.5), pinhole(400, 45.0))
    shown = {parts[n].name for n in np.unique(picture.part) if n >= 0}
    assert {"deck", "leg", "foot", "left panel", "right panel", "dish", "left ramp", "right ramp"} <= shown


def test_parts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="known are"):
        Part(name="p", kind="cone", at_m=(0, 0, 0), half_m=(1, 1, 1), albedo=0.5)
    with pytest.raises(ValueError, match="above zero"):
        Part(name="p", kind="box", at_m=(0, 0, 0), half_m=(1, 0, 1), albedo=0.5)
