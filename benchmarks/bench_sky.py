"""Time Sun positions (azimuth, elevation and distance) over one place on the Moon, beside skyfield and CSPICE.

    python benchmarks/bench_sky.py [--sizes 1 1000 10000 100000 1000000] [--repeats 5]

Every row is a process of its own, so that its imports and peak memory are its own. Times are spread evenly over a
year. `import s` is importing, numpy included; `ready ms` opening kernels, or sampling the spline; `first ms` one
position after that; `cold s` the first run over all times, `warm s` the median of more, `vs skyfield` how many times
faster than skyfield's warm run of that size; `MiB` the peak over what was resident after the first position. The peers
read DE421 and its librations from the packages of the development group, and answer with an integrated ephemeris,
which the series are not. What takes more than a few seconds or gigabytes at a size is left out. The line under each
solver is the exponent of warm time over the number of times, by least squares in logarithms from 1,000 on.
"""

from __future__ import annotations

import argparse
import atexit
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

COLUMNS = "   times   solver  import s  ready ms  first ms     cold s     warm s  us each  vs skyfield    MiB"
LATITUDE_DEG, LONGITUDE_DEG = -45.4446, 177.5991
START_UTC = "2019-01-01T00:00:00Z"
START_TT_JD = 2_458_484.5 + 69.184 / 86_400.0
YEAR_S = 365.25 * 86_400.0
LARGEST = {"skyfield": 100_000, "cspice": 100_000, "series": 100_000, "spline": 1_000_000}
ROOT = Path(__file__).parents[1]

Positions = Callable[[object], tuple[object, object, object]]
Solver = Callable[[], Callable[[], Positions]]
"""Imports what it needs, and returns what opens kernels or samples; that returns what answers at (n,) seconds."""


def series() -> Callable[[], Positions]:
    from rover.core.time import parse_utc
    from rover.sky.sun import sun_from_moon

    def ready() -> Positions:
        epoch = parse_utc(START_UTC)
        place = math.radians(LATITUDE_DEG), math.radians(LONGITUDE_DEG)

        def positions(time_s: object) -> tuple[object, object, object]:
            track = sun_from_moon(*place, *epoch.tt_at(time_s))
            return track.azimuth_rad, track.elevation_rad, track.distance_m

        return positions

    return ready


def spline() -> Callable[[], Positions]:
    from rover.core.time import parse_utc
    from rover.sky.ephemeris import Target
    from rover.sky.track import spline_track

    def ready() -> Positions:
        epoch = parse_utc(START_UTC)
        place = math.radians(LATITUDE_DEG), math.radians(LONGITUDE_DEG)
        sampled = spline_track(Target.SUN, *place, epoch, from_s=0.0, until_s=YEAR_S)

        def positions(time_s: object) -> tuple[object, object, object]:
            track = sampled.at(time_s)
            return track.azimuth_rad, track.elevation_rad, track.distance_m

        return positions

    return ready


def cspice() -> Callable[[], Positions]:
    import spiceypy  # noqa: F401

    from rover.core.time import parse_utc
    from rover.sky.spice import spice_ephemeris
    from rover.sky.sun import sun_from_moon

    sys.path.insert(0, str(ROOT))
    from tests.builders.kernels import mean_earth_meta_kernel

    def ready() -> Positions:
        epoch = parse_utc(START_UTC)
        place = math.radians(LATITUDE_DEG), math.radians(LONGITUDE_DEG)
        until_exit = ExitStack()
        atexit.register(until_exit.close)
        folder = until_exit.enter_context(tempfile.TemporaryDirectory())
        kernels = until_exit.enter_context(spice_ephemeris(mean_earth_meta_kernel(Path(folder))))

        def positions(time_s: object) -> tuple[object, object, object]:
            track = sun_from_moon(*place, *epoch.tt_at(time_s), ephemeris=kernels)
            return track.azimuth_rad, track.elevation_rad, track.distance_m

        return positions

    return ready


def skyfield() -> Callable[[], Positions]:
    import numpy as np
    from skyfield.api import load, load_file
    from skyfield.planetarylib import PlanetaryConstants

    sys.path.insert(0, str(ROOT))
    from tests.builders.kernels import de421, librations, moon_frames

    def ready() -> Positions:
        bodies, constants, scale = (
            load_file(str(de421())),
            PlanetaryConstants(),
            load.timescale(builtin=True),
        )
        constants.read_text(moon_frames().open("rb"))
        constants.read_binary(librations().open("rb"))
        constants.variables["BODY301_RADII"] = [1737.4] * 3
        frame = constants.build_frame_named("MOON_ME_DE421")
        site = bodies["moon"] + constants.build_latlon_degrees(frame, LATITUDE_DEG, LONGITUDE_DEG)

        def positions(time_s: object) -> tuple[object, object, object]:
            times = scale.tt_jd(START_TT_JD, np.asarray(time_s) / 86_400.0)
            altitude, azimuth, distance = site.at(times).observe(bodies["sun"]).apparent().altaz()
            return azimuth.radians, altitude.radians, distance.m

        return positions

    return ready


SOLVERS: dict[str, Solver] = {"skyfield": skyfield, "cspice": cspice, "series": series, "spline": spline}


def measure(solver: str, size: int, repeats: int) -> list[float]:
    """Return the figures of one row, `vs skyfield` aside."""
    began = time.perf_counter()
    ready = SOLVERS[solver]()
    imported = time.perf_counter()
    positions = ready()
    opened = time.perf_counter()
    import numpy as np

    one = time.perf_counter()
    positions(np.array([0.0]))
    answered = time.perf_counter()
    time_s = np.linspace(0.0, YEAR_S, size)
    before = resident_bytes()
    runs = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        positions(time_s)
        runs.append(time.perf_counter() - start)
    return [
        imported - began,
        1e3 * (opened - imported),
        1e3 * (answered - one),
        runs[0],
        statistics.median(runs[1:]),
        max(0, peak_bytes() - before) / 2**20,
    ]


def resident_bytes() -> int:
    """Memory of this process that is resident now; its peak so far where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else peak_bytes()


def peak_bytes() -> int:
    """Greatest resident memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def exponent(warm_s: dict[int, float]) -> float:
    """Return the power of the number of times that warm time grows with."""
    points = [(math.log(size), math.log(taken)) for size, taken in warm_s.items() if size >= 1000]
    mean_x, mean_y = (statistics.fmean(values) for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        print(*measure(asked.row[0], int(asked.row[1]), asked.repeats))
        return
    print(COLUMNS, flush=True)
    peer: dict[int, float] = {}
    for solver in SOLVERS:
        warm_s: dict[int, float] = {}
        for size in (size for size in asked.sizes if size <= LARGEST[solver]):
            command = [sys.executable, __file__, "--row", solver, str(size), "--repeats", str(asked.repeats)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            imported, ready, first, cold, warm, grown = (float(word) for word in done.stdout.split())
            warm_s[size] = warm
            if solver == "skyfield":
                peer[size] = warm
            ratio = f"{peer[size] / warm:.1f}" if size in peer else "-"
            print(
                f"{size:>8} {solver:>8} {imported:>9.3f} {ready:>9.2f} {first:>9.3f} {cold:>10.6f} {warm:>10.6f} "
                f"{1e6 * warm / size:>8.2f} {ratio:>12} {grown:>6.0f}",
                flush=True,
            )
        if sum(size >= 1000 for size in warm_s) >= 2:
            print(f"         {solver:>8} grows with the {exponent(warm_s):.2f}th power", flush=True)


if __name__ == "__main__":
    main()
