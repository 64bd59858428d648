"""The ring of the rover's pairs: closed, clear of the rover itself, and with the two eyes where they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.bodies import AU_M
from rover.core.eyes import EyesParams
from rover.io.vehicle import read_vehicle
from sim.mission.panorama import Shot, put_together, shoot
from sim.mission.rover_ring import EYES, PAIRS, PCAM_SPAN, RoverPlace, anaglyph, ring_looks
from sim.moon.ground import Patch
from sim.run.scenario_ground import load_site
from sim.sensors.camera import Sunlight
from sim.sensors.mount import BodyPose
from sim.sensors.scene import build_scene

ROVER = read_vehicle("yutu-2")
PCAM = ROVER.part("eyes", EyesParams).pcam
SUN = Sunlight(azimuth_rad=math.radians(60.0), elevation_rad=math.radians(30.0), distance_m=AU_M)
AZIMUTH_DEG, AWAY_M = 200.0, 14.0
HORIZON_SKY_DEG = 0.1
"""Over the horizon, where a frame still shows sky: its upper edge is a quarter of a degree over level."""


@pytest.fixture(scope="module")
def place() -> RoverPlace:
    """A level plain with a rover that faces somewhere, and a lander."""
    plain = Patch(
        east_m=-400.0, north_m=-400.0, resolution_m=4.0, elevation_m=np.zeros((201, 201), np.float32)
    )
    way = math.radians(AZIMUTH_DEG)
    return RoverPlace(
        scene=build_scene([plain], east_m=0.0, north_m=0.0),
        vehicle=ROVER.params,
        mast=ROVER.part("eyes", EyesParams).navcam,
        rover=BodyPose(
            east_m=0.0,
            north_m=0.0,
            up_m=0.0,
            yaw_rad=0.7,
            pitch_rad=math.radians(5.0),
            roll_rad=math.radians(-3.0),
        ),
        lander=BodyPose(east_m=AWAY_M * math.sin(way), north_m=AWAY_M * math.cos(way), up_m=0.0, yaw_rad=0.2),
    )


@pytest.fixture(scope="module")
def shots(place: RoverPlace) -> list[list[Shot]]:
    """Of each eye."""
    optics = load_site("von-karman").optics
    assert optics is not None
    return [
        list(
            shoot(
                ring_looks(place, PCAM, side),
                PCAM,
                SUN,
                optics,
                turns=PAIRS,
                cols=98,
                noise=np.random.default_rng,
            )
        )
        for side in EYES
    ]


def test_twenty_eight_pairs_leave_no_gap(shots: list[list[Shot]]) -> None:
    assert [len(eye) for eye in shots] == [28, 28]
    panorama = put_together(shots[0], PCAM_SPAN)
    down = PCAM_SPAN.rows / (PCAM_SPAN.top_deg - PCAM_SPAN.bottom_deg)
    middle = PCAM_SPAN.top_deg - PAIRS.tilts_deg[0]
    band = slice(round((middle - 6.0) * down), round((middle + 6.0) * down))
    assert panorama.shots[band].min() >= 1 and panorama.shots[band].max() >= 2


def test_the_band_is_level_though_the_rover_leans(shots: list[list[Shot]]) -> None:
    """Middles of frames are at one elevation to a quarter of a degree, while the deck leans by 5.8 deg."""
    middles = [math.degrees(math.asin(float(shot.picture.eye.axes[0, 2]))) for shot in shots[0]]
    assert middles == pytest.approx([PAIRS.tilts_deg[0]] * 28, abs=0.25)
    grey = put_together(shots[0], PCAM_SPAN).light.mean(axis=2)
    row = round(
        (PCAM_SPAN.top_deg - HORIZON_SKY_DEG) * PCAM_SPAN.rows / (PCAM_SPAN.top_deg - PCAM_SPAN.bottom_deg)
    )
    clear = np.ones(PCAM_SPAN.cols, bool)
    clear[round((AZIMUTH_DEG - 20.0) * 15) : round((AZIMUTH_DEG + 20.0) * 15)] = False
    assert grey[row, clear].max() < 0.1 * np.median(grey[-60:])  # sky a degree over the horizon, all round


def test_the_head_turns_with_the_eyes_and_nothing_of_the_rover_is_before_them(
    place: RoverPlace, shots: list[list[Shot]]
) -> None:
    _, after = place.lander_parts
    assert max(int(shot.picture.part.max()) for eye in shots for shot in eye) < after
    names = [part.name for part in place.bodies().parts]
    assert names[after:].count("head") == 1


def test_feet_of_the_lander_are_at_their_pixels_in_both_eyes(
    place: RoverPlace, shots: list[list[Shot]]
) -> None:
    """Each foot that is whole in a frame lies where its middle is projected, further right for the left eye."""
    bodies = place.bodies()
    feet = [n for n in range(place.lander_parts[1]) if bodies.parts[n].name == "foot"]
    found: list[dict[tuple[int, int], float]] = []
    for eye in shots:
        found.append({})
        for shot in eye:
            picture = shot.picture
            for n in feet:
                rows, cols = np.nonzero(picture.part == n)
                if rows.size < 4 or cols.min() == 0 or cols.max() == picture.lens.cols - 1:
                    continue
                middle = place.lander.place_m + np.array(bodies.parts[n].at_m) @ place.lander.axes
                row, col = picture.lens.project(picture.eye.axes @ (middle - picture.eye.place_m))
                assert abs(rows.mean() - row) < 1.5 and abs(cols.mean() - col) < 1.5
                found[-1][shot.number, n] = float(cols.mean())
    both = found[0].keys() & found[1].keys()
    assert len(both) >= 3
    focal = shots[0][0].picture.lens.focal_px
    for key in both:
        assert found[0][key] - found[1][key] == pytest.approx(focal * PCAM.baseline_m / AWAY_M, rel=0.4)


def test_an_anaglyph_has_the_left_eye_in_red_and_is_dark_where_one_eye_saw_nothing(
    shots: list[list[Shot]],
) -> None:
    left, right = (put_together(eye[:9], PCAM_SPAN) for eye in shots)
    both = anaglyph(left, right)
    seen = (left.shots > 0) & (right.shots > 0)
    np.testing.assert_allclose(both[seen, 0], left.light.mean(axis=2)[seen], rtol=1e-6)
    np.testing.assert_allclose(both[seen, 2], right.light.mean(axis=2)[seen], rtol=1e-6)
    assert not both[~seen].any() and (~seen).any()
