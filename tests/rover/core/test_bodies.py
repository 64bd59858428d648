"""Constants against the documents that they cite, digit by digit."""

from __future__ import annotations

import math

import pytest

from rover.core.bodies import (
    AU_M,
    BODIES,
    EARTH,
    MARS,
    MOON,
    SOLAR_CONSTANT_W_M2,
    SPEED_OF_LIGHT_M_S,
    Body,
    body_of_radius,
)


def test_golden_values() -> None:
    assert AU_M == 149_597_870_700  # IAU 2012 B2
    assert SPEED_OF_LIGHT_M_S == 299_792_458  # SI
    assert pytest.approx(1360.8, abs=0.5) == SOLAR_CONSTANT_W_M2  # Kopp and Lean 2011
    assert MOON.radius_m == 1_737_400  # IAU WGCCRE 2015
    assert MARS.radius_m == 3_396_190
    assert EARTH.radius_m == 6_378_137  # WGS 84


@pytest.mark.parametrize("body, gm_m3_s2, radius_m, within", [
    (MOON, 4.902_800e12, 1_737_400, 2e-3),  # GRAIL
    (MARS, 4.282_837e13, 3_389_500, 5e-3),  # MRO, mean radius
    (EARTH, 3.986_004e14, 6_371_000, 2e-3),
])  # fmt: skip
def test_gravity_is_gm_over_radius_squared(
    body: Body, gm_m3_s2: float, radius_m: float, within: float
) -> None:
    assert body.gravity_m_s2 == pytest.approx(gm_m3_s2 / radius_m**2, rel=within)


def test_every_body_is_cited_and_found_by_its_radius() -> None:
    for body in BODIES:
        assert body.reference
        assert body_of_radius(body.radius_m) is body
        assert body_of_radius(body.radius_m * 1.004) is body
    assert body_of_radius(1_736_000.0) is MOON  # polar radii and old reference spheres
    assert body_of_radius(6_356_752.3) is EARTH
    for nothing in (0.0, 1e6, 1_747_000.0, math.nan, math.inf):
        assert body_of_radius(nothing) is None
