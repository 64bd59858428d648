"""Relief of squares of 5.2 km all over the floor, beside the measured region (GLD100) and the crater catalogue.

GLD100 is posted at 474 m here and resolves less: craters of 1 to 2 km that a catalogue from finer data knows are all
but level in it. Seeded ground is therefore blurred until it shows craters of each size as GLD100 does; only then is
its relief compared. How much blurring that is comes from the craters alone.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from rover.io.reproject import reproject_dem
from sim.moon.rocks import NO_ROCKS
from sim.moon.surface import surface
from tests.sim.moon.conftest import SEEDS

CELL_M, CELLS, SIDE = 474, 290, 11
INNER_M, OUTER_M = 15e3, 60e3
BLUR_CELLS = 0.9
"""Standard deviation, cells of 474 m."""
SIZES_M = (1000, 1414, 2000, 2828, 4000)
SHARES = 5, 10, 25, 50, 75, 90, 95
AT_M = (np.arange(CELLS) - (CELLS - 1) / 2) * CELL_M
TURNS = np.arange(32) * (2 * np.pi / 32)


def corners():
    """South-west cells of squares that lie wholly on the floor."""
    radius = np.hypot(AT_M[:, None], AT_M[None, :])
    firsts = range(0, CELLS - SIDE + 1, SIDE)
    squares = [(j, i, radius[j : j + SIDE, i : i + SIDE]) for j in firsts for i in firsts]
    return [(j, i) for j, i, part in squares if part.min() > INNER_M and part.max() < OUTER_M]


def is_mare(corner):
    """Tell whether a square lies in the directions without the debris of Von Karman M, 75 to 300 deg."""
    north, east = (AT_M[k] + (SIDE - 1) / 2 * CELL_M for k in corner)
    return 75 < np.degrees(np.arctan2(east, north)) % 360 < 300


def reliefs(elevation_m, squares):
    return np.array([np.ptp(elevation_m[j : j + SIDE, i : i + SIDE]) for j, i in squares])


def shown_m(elevation_m, craters):
    """Depth from rim to floor, as a map shows it, of craters given by (n, 3) east, north and diameter."""

    def ring(share):
        radius = share * 0.5 * craters[:, 2, None]
        at = [
            (craters[:, k, None] + radius * side) / CELL_M + (CELLS - 1) / 2
            for k, side in ((1, np.sin(TURNS)), (0, np.cos(TURNS)))
        ]
        return map_coordinates(elevation_m, at, order=1).mean(axis=1)

    rim = np.max([ring(share) for share in (0.9, 1.0, 1.1, 1.2)], axis=0)
    return rim - np.minimum(ring(0.0), ring(0.2))


def shares_shown(elevation_m, craters, depth_m):
    """Median of shown over true depth for craters of each size."""
    share = shown_m(elevation_m, craters) / depth_m
    sizes = np.digitize(craters[:, 2], SIZES_M)
    return np.array([np.median(share[sizes == k]) for k in range(1, len(SIZES_M))])


def on_floor(craters):
    radius = np.hypot(craters[:, 0], craters[:, 1])
    return (radius > INNER_M) & (radius < OUTER_M) & (craters[:, 2] >= SIZES_M[0])


@pytest.fixture(scope="module")
def real(reference, site):
    dem = reproject_dem(
        reference / "dem" / "vonkarman_region_gld100_64ppd.tif",
        latitude_deg=site.frame.latitude_deg,
        longitude_deg=site.frame.longitude_deg,
        size_m=CELLS * CELL_M,
        resolution_m=float(CELL_M),
    )
    return dem.elevation_m.astype(np.float64)


@pytest.fixture(scope="module")
def catalogue(reference, site):
    """(n, 4) east, north, diameter and depth of the floor's craters, after LU1319373 (Wang and Wu)."""
    (file,) = (reference / "craters").glob("*.csv")
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    places = [site.project(float(row["Latitude"]), float(row["Longitude"])) for row in rows]
    sizes = [(float(row["Diameter_m"]), float(row["Depth_m"])) for row in rows]
    found = np.column_stack([places, sizes])
    return found[on_floor(found)]


@pytest.fixture(scope="module")
def seeded(site, cells_about):
    cells = cells_about((0, 0), 1000 * CELL_M, CELLS, CELLS)
    return {seed: surface(site, seed).elevation_m(cells, NO_ROCKS, rocks=False) for seed in SEEDS}


def seeded_craters(site, seed):
    """As the catalogue, of one seed: its population and the site's own."""
    reach = round(2000 * OUTER_M)
    found = surface(site, seed).craters_in((-reach, -reach, reach, reach), from_m=SIZES_M[0])
    table = np.column_stack([found.place / 2000, found.diameter_m, found.depth_m])
    return table[on_floor(table)]


def test_the_blur_is_that_of_the_measured_region(real, catalogue, seeded, site):
    """Chosen by what share of their depth craters of four sizes show; sharp ground shows far more of them."""
    known = shares_shown(real, catalogue[:, :3], catalogue[:, 3])
    sharp, blurred = [], []
    for seed, elevation_m in seeded.items():
        craters = seeded_craters(site, seed)
        sharp.append(shares_shown(elevation_m, craters[:, :3], craters[:, 3]))
        blurred.append(shares_shown(gaussian_filter(elevation_m, BLUR_CELLS), craters[:, :3], craters[:, 3]))
    assert known[0] < 0.15
    assert (np.median(sharp, axis=0) - known > 0.2).all()
    assert np.median(blurred, axis=0) == pytest.approx(known, abs=0.12)


@pytest.mark.parametrize("part", ["floor", "mare"])
def test_relief_of_squares(real, seeded, part):
    """From the smoothest twentieth to the roughest, for every seed: nowhere a third rougher, nor much smoother."""
    squares = [corner for corner in corners() if part == "floor" or is_mare(corner)]
    assert len(squares) > 200
    known = np.percentile(reliefs(real, squares), SHARES)
    found = [np.percentile(reliefs(gaussian_filter(z, BLUR_CELLS), squares), SHARES) for z in seeded.values()]
    ratio = np.array(found) / known
    assert ratio.max() < 1.34
    assert ratio.min() > 1 / 1.6
    middle = SHARES.index(50)
    assert np.median(ratio, axis=0)[: middle + 1] == pytest.approx(1.0, abs=0.2)


def deepest_m(craters, squares):
    """Depth of the deepest crater wholly inside each square; 0 where there is none."""
    half = craters[:, 2] / 2
    found = []
    for j, i in squares:
        west, south = AT_M[i] - CELL_M / 2, AT_M[j] - CELL_M / 2
        inside = np.ones(len(craters), bool)
        for place, low in ((craters[:, 0], west), (craters[:, 1], south)):
            inside &= (place - half >= low) & (place + half <= low + SIDE * CELL_M)
        found.append(craters[inside, 3].max(initial=0.0))
    return np.array(found)


def test_squares_that_hold_a_deep_crater(catalogue, site):
    """Relief is at least such a crater's depth: the real floor has squares as rough as seeded ones."""
    squares = corners()
    known = deepest_m(catalogue, squares)
    for seed in SEEDS:
        found = deepest_m(seeded_craters(site, seed), squares)
        assert 0.6 < (found > 110).mean() / (known > 110).mean() < 1.6
        assert (found > 200).mean() <= (known > 200).mean()
