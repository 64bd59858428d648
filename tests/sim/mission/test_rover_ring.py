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
from sim.run.setting import load_site
from sim.sensors.camera import Sunlight
from sim.sensors.mount import BodyPose
from sim.sensors.scene import build_scene

ROVER = read_vehicle("yutu-2")
PCAM = ROVER.part("eyes", EyesParams).pcam
SUN = Sunlight(azimuth_rad=math.radians(60.0), elevation_rad=math.radians(30.0), distance_m=AU_M)
AZIMUTH_DEG, AWAY_M = 200.0, 14.0


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
        rover=BodyPose(east_m=0.0, north_m=0.0, up_m=0.0, yaw_rad=0.7),
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
    band = slice(round((PCAM_SPAN.top_deg + 1.0) * down), round((PCAM_SPAN.top_deg + 13.0) * down))
    assert panorama.shots[band].min() >= 1 and panorama.shots[band].max() >= 2


def test_the_head_turns_with_the_eyes_and_nothing_of_the_rover_is_before_them(
    place: RoverPlace, shots: list[list[Shot]]
) -> None:
    _, after = place.lander_parts
    assert max(int(shot.picture.part.max()) for eye in shots for shot in eye) < after
    names = [part.name for part in place.bodies().parts]
    assert names[after:].count("head") == 1


def test_the_lander_is_at_its_azimuth_and_nearer_to_the_right_for_the_left_eye(
    place: RoverPlace, shots: list[list[Shot]]
) -> None:
    _, after = place.lander_parts
    number = max(range(len(PAIRS)), key=lambda n: int((shots[0][n].picture.part >= 0).sum()))
    middle = []
    for eye in shots:
        picture = eye[number].picture
        feet = [n for n in range(after) if place.bodies().parts[n].name == "foot"]
        rows, cols = np.nonzero(np.isin(picture.part, feet))
        assert rows.size > 10
        middle.append(cols.mean())
        forward = picture.eye.axes[0]
        azimuth = math.degrees(math.atan2(forward[0], forward[1])) % 360.0
        assert abs(azimuth - AZIMUTH_DEG) < 13.0
    focal = shots[0][number].picture.lens.focal_px
    assert middle[0] - middle[1] == pytest.approx(focal * PCAM.baseline_m / AWAY_M, rel=0.2)


def test_an_anaglyph_has_the_left_eye_in_red_and_is_dark_where_one_eye_saw_nothing(
    shots: list[list[Shot]],
) -> None:
    left, right = (put_together(eye[:9], PCAM_SPAN) for eye in shots)
    both = anaglyph(left, right)
    seen = (left.shots > 0) & (right.shots > 0)
    np.testing.assert_allclose(both[seen, 0], left.light.mean(axis=2)[seen], rtol=1e-6)
    np.testing.assert_allclose(both[seen, 2], right.light.mean(axis=2)[seen], rtol=1e-6)
    assert not both[~seen].any() and (~seen).any()
