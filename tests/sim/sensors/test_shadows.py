"""Shadows: the published crater, the disc behind an edge, bodies, and a march by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sim.moon.ground import Patch
from sim.physics.light import disc_above
from sim.sensors.bodies import Part, attitude, set_down
from sim.sensors.camera import height_at
from sim.sensors.lens import Lens
from sim.sensors.scene import build_scene
from tests.sim.sensors.scenes import AU_M, eye, flat, heights_at, pinhole, rough, scene_of, see, sunlight

SUN_RADIUS_RAD = math.asin(6.957e8 / AU_M)


def from_above(cells: int, cell_m: float, up_m: float = 1.0e7) -> Lens:
    """A lens far above the origin, looking straight down with north at its top, whose pixels see nodes of a raster."""
    return Lens(
        projection="pinhole", rows=cells, cols=cells, focal_px=up_m / cell_m, centre_row=(cells - 1) / 2,
        centre_col=(cells - 1) / 2,
    )  # fmt: skip


def down(up_m: float = 1.0e7):  # type: ignore[no-untyped-def]
    """An eye that looks down, its top to the north."""
    return eye(0.0, 0.0, up_m, yaw_deg=90.0, pitch_deg=-90.0)


def test_a_published_crater_lit_and_shadow_on_every_cell(reference: Path) -> None:
    """Bowl crater of the Planetary Code Collection's Topo3D, the Sun 10 deg high along the lines of the file."""
    heights = np.loadtxt(
        reference / "illumination" / "topo81.xyz"
    ).T  # the Sun towards +row, which grows north
    table = np.loadtxt(reference / "illumination" / "qinst.topo81")
    scene = build_scene(
        [Patch(east_m=-200.0, north_m=-200.0, resolution_m=5.0, elevation_m=heights.astype(np.float32))],
        east_m=0.0,
        north_m=0.0,
    )
    picture = see(scene, down(), from_above(81, 5.0), sunlight(0.0, 10.0, 1.0e15), lit=True)
    assert picture.lit is not None
    lit = picture.lit[::-1]  # rows northwards
    wrong = [
        (row, col)
        for col, row, flux in zip(*table[:, [0, 1, 4]].T, strict=True)
        if (lit[int(row) - 1, int(col) - 1] > 0.5) != (flux > 0)
    ]
    assert len(table) == 79 * 79
    assert wrong == []
    assert 1000 < (table[:, 4] == 0).sum() < 3000


@pytest.mark.parametrize("elevation_deg", [29.6, 29.9, 30.0, 30.1, 30.35])
def test_the_disc_behind_a_wall(elevation_deg: float) -> None:
    """A wall whose top stands 30 deg over a point hides as much of the disc as a level edge does."""
    wall = scene_of(
        lambda e, n: np.where(n >= 10.0, 10.0 * math.tan(math.radians(30.0)), 0.0), half_m=40.0, cell_m=0.5
    )
    picture = see(
        wall, eye(0.0, -1e-9, 3.0, pitch_deg=-90.0), pinhole(1, 0.01), sunlight(0.0, elevation_deg), lit=True
    )
    assert picture.lit is not None
    expected = disc_above(math.radians(elevation_deg - 30.0), SUN_RADIUS_RAD)
    assert float(picture.lit[0, 0]) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("azimuth_deg", "elevation_deg"), [(20.0, 8.0), (135.0, 25.0), (250.0, 15.0)])
def test_shadows_on_rough_ground_are_those_of_a_brute_march(azimuth_deg: float, elevation_deg: float) -> None:
    heights = rough(5, 101, 3.0).astype(np.float32)
    scene = build_scene(
        [Patch(east_m=-50.0, north_m=-50.0, resolution_m=1.0, elevation_m=heights)], east_m=0.0, north_m=0.0
    )
    sun = sunlight(azimuth_deg, elevation_deg, 1.0e15)
    picture = see(scene, down(), from_above(21, 4.0), sun, lit=True)
    assert picture.lit is not None
    way, level = sun.direction, math.cos(sun.elevation_rad)
    unsure = shadowed = wrong = 0
    for row in range(21):
        for col in range(21):
            east, north = 4.0 * (col - 10), 4.0 * (10 - row)
            start = np.array([east, north, height_at(scene, east, north)])
            points = start + np.arange(1.0, 140.0, 0.02)[:, None] * way / level
            over = points[:, 2] - heights_at(scene, points[:, 0], points[:, 1])
            clear = float(np.nanmin(over))
            if abs(clear) < 0.01:
                unsure += 1
            elif clear < 0:
                shadowed += 1
                wrong += picture.lit[row, col] > 0
            else:
                # Ground that faces away is dark as well.
                wrong += picture.lit[row, col] not in (0.0, 1.0)
    assert wrong == 0
    assert unsure < 40
    assert shadowed > (30 if elevation_deg < 10 else 1)


def test_no_sun_below_the_horizon_and_light_when_it_is_up() -> None:
    for elevation in (-0.3, 0.05, 0.15, 0.3):
        expected = disc_above(math.radians(elevation), SUN_RADIUS_RAD) if elevation > 0 else 0.0
        picture = see(
            flat(), eye(0.0, 0.0, 2.0, pitch_deg=-90.0), pinhole(1, 0.1), sunlight(40.0, elevation), lit=True
        )
        assert picture.lit is not None
        assert float(picture.lit[0, 0]) == pytest.approx(expected, abs=0.02)


def test_a_balls_shadow_is_where_geometry_puts_it() -> None:
    ball = Part(name="ball", kind="ellipsoid", at_m=(0.0, 0.0, 3.0), half_m=(1.0, 1.0, 1.0), albedo=0.5)
    scene = flat(40.0, 1.0, set_down([([ball], np.zeros(3), attitude(0, 0, 0))]))
    sun = sunlight(90.0, 40.0)
    # From below the ball's height, so that it does not stand in the way.
    picture = see(
        scene, eye(-4.0, 6.0, 2.0, yaw_deg=-75.0, pitch_deg=-20.0), pinhole(200, 70.0), sun, lit=True
    )
    assert picture.lit is not None
    ground = picture.part == -1
    points = picture.points_m()[ground]
    away = points - np.array([0.0, 0.0, 3.0])
    along = away @ sun.direction
    miss = np.sqrt((away**2).sum(axis=-1) - along**2)
    margin = 3.0 / math.sin(math.radians(40.0)) * 1.2 * SUN_RADIUS_RAD + 1e-3
    lit = picture.lit[ground]
    assert (lit[(miss < 1.0 - margin) & (along < 0)] == 0.0).all()
    assert (lit[miss > 1.0 + margin] == 1.0).all()
    assert ((miss < 1.0 - margin) & (along < 0)).sum() > 500
    edge = np.abs(miss - 1.0) < 0.8 * margin
    assert len(np.unique(lit[edge])) > 2
