"""Time light from a horizon map, beside the same in plain numpy.

    python benchmarks/bench_light.py [--sizes 512 1024 2048 4096] [--suns 354] [--azimuths 72] [--repeats 5]

Every row is a process of its own, so that its peak memory is its own. `load s` is importing and a calendar or map of
64 x 64 cells (compiling, where the kernel cache is empty: run it once with NUMBA_CACHE_DIR set to a new folder),
`warm s` the median over all Suns, hourly ones over Chang'e 4's site from a dawn on, and `cpu s` the processor time of
that on all cores, which other work on the machine changes less. `out` writes every map into the
same array, `fresh` into a new one each; `calendar` tells first and last light, longest shadow, time lit and the map's
lit share and keeps no maps, and `link` does with a point what `fresh` does with a disc. `numpy` makes maps with array
operations, of a few Suns, and its time is scaled up. The horizon is seeded noise, which costs as much as any. `MiB
over` is peak memory beyond the horizon map and what the row hands out. The last line under each table is the exponent
of time over cells, by least squares in logarithms.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

COLUMNS = "  size       what  load s   warm s    cpu s  ns/cell/Sun  MiB over"
LARGEST = {"numpy": 1024}
NUMPY_SUNS = 12


def horizon_map(size: int, azimuths: int):  # type: ignore[no-untyped-def]
    """Return a horizon map of noise about 0 deg, a few degrees high."""
    from rover.core.grid import GridGeometry, Site
    from rover.terrain.horizon import HorizonMap

    rng = np.random.default_rng(1)
    steps = np.empty((azimuths, size, size), np.uint16)
    for plane in steps:
        plane[:] = rng.integers(32_000, 34_500, (size, size), np.uint16)
    site = Site(
        latitude_rad=math.radians(-45.457), longitude_rad=math.radians(177.588), body="moon", crs_wkt=""
    )
    geometry = GridGeometry(rows=size, cols=size, resolution_m=1.0, east_m=0.0, north_m=0.0, site=site)
    return HorizonMap(geometry=geometry, steps=steps, observer_height_m=1.0)


def hourly_suns(horizon, count: int):  # type: ignore[no-untyped-def]
    """Return times and the Sun from the sunrise of lunar day 1."""
    from rover.core.time import parse_utc
    from rover.sky.sun import sun_from_moon

    site, epoch = horizon.geometry.site, parse_utc("2018-12-31T00:00:00Z")
    time_s = np.arange(count) * 3600.0
    return time_s, sun_from_moon(site.latitude_rad, site.longitude_rad, *epoch.tt_at(time_s))


def into_one(horizon, time_s, sun) -> None:  # type: ignore[no-untyped-def]
    from rover.terrain.light import lit_maps

    for _ in lit_maps(horizon, sun, time_s, out=OUT[horizon.geometry.shape]):
        pass


def into_fresh(horizon, time_s, sun) -> None:  # type: ignore[no-untyped-def]
    from rover.terrain.light import lit_maps

    for _ in lit_maps(horizon, sun, time_s):
        pass


def link(horizon, time_s, sun) -> None:  # type: ignore[no-untyped-def]
    from rover.terrain.link import link_masks

    for _ in link_masks(horizon, sun, time_s):
        pass


def calendar(horizon, time_s, sun) -> None:  # type: ignore[no-untyped-def]
    from rover.terrain.light import light_over

    light_over(horizon, sun, time_s)


def in_numpy(horizon, time_s, sun) -> None:  # type: ignore[no-untyped-def]
    """Make maps the way one would without a kernel; curvature left out."""
    planes, step = horizon.steps.shape[0], np.float32(math.pi / 65534)
    for k in range(len(time_s)):
        place = float(sun.azimuth_rad[k]) / (2 * math.pi) * planes
        before, weight = int(place) % planes, np.float32(place % 1)
        low, high = horizon.steps[before], horizon.steps[(before + 1) % planes]
        elevation = (low * (1 - weight) + high * weight) * step - np.float32(math.pi / 2)
        over = np.float32(sun.elevation_rad[k]) - elevation
        x = np.clip(over / np.float32(sun.angular_diameter_rad[k] / 2), -1, 1)
        lit = 0.5 + (x * np.sqrt(1 - x * x) + np.arcsin(x)) / np.float32(math.pi)
        lit[low == 65535] = np.nan


OUT: dict[tuple[int, int], npt.NDArray[np.float32]] = {}
WHAT: dict[str, Callable[..., None]] = {
    "out": into_one,
    "fresh": into_fresh,
    "link": link,
    "calendar": calendar,
    "numpy": in_numpy,
}
BYTES_OUT = {"out": 0, "fresh": 4, "link": 1, "calendar": 16, "numpy": 4}
"""Per cell, that a row hands out at a time and that were not there before."""


def measure(what: str, size: int, asked: argparse.Namespace) -> str:
    """Return one row of the table."""
    horizon = horizon_map(size, asked.azimuths)
    suns = min(asked.suns, NUMPY_SUNS) if what == "numpy" else asked.suns
    time_s, sun = hourly_suns(horizon, asked.suns)
    chosen = np.linspace(0, asked.suns - 1, suns).astype(int)
    time_s, sun = time_s[chosen], at_times(sun, chosen)
    for side in (64, size):
        OUT[side, side] = np.zeros((side, side), np.float32)
    began = time.perf_counter()
    WHAT[what](horizon_map(64, asked.azimuths), time_s, sun)
    load_s = time.perf_counter() - began
    before, times, busy = peak_bytes(), [], []
    for _ in range(1 if what == "numpy" else asked.repeats):
        began, used = time.perf_counter(), time.process_time()
        WHAT[what](horizon, time_s, sun)
        times.append(time.perf_counter() - began)
        busy.append(time.process_time() - used)
    warm_s, cpu_s = (statistics.median(taken) * asked.suns / suns for taken in (times, busy))
    over = max(0.0, (peak_bytes() - before - BYTES_OUT[what] * size * size) / 2**20)
    each = warm_s / asked.suns / size / size * 1e9
    return f"{size:6d} {what:>10s} {load_s:7.3f} {warm_s:8.3f} {cpu_s:8.3f} {each:12.2f} {over:9.0f}"


def at_times(sun, chosen: npt.NDArray[np.int64]):  # type: ignore[no-untyped-def]
    """Return the Sun at some of its times."""
    from rover.sky.sun import Track

    names = ("azimuth_rad", "elevation_rad", "distance_m", "angular_diameter_rad")
    return Track(**{name: getattr(sun, name)[chosen] for name in names})


def peak_bytes() -> int:
    """Greatest resident memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def exponent(rows: list[str]) -> float:
    """Return the slope of log warm time over log cells."""
    sizes, times = zip(*((int(row.split()[0]), float(row.split()[3])) for row in rows), strict=True)
    return float(np.polyfit(2.0 * np.log(sizes), np.log(times), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    parser.add_argument("--what", nargs="+", default=list(WHAT), choices=list(WHAT))
    parser.add_argument("--suns", type=int, default=354)
    parser.add_argument("--azimuths", type=int, default=72)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        print(measure(asked.row[0], int(asked.row[1]), asked))
        return
    print(f"{os.cpu_count()} cores, {asked.suns} Suns, {asked.azimuths} azimuths\n{COLUMNS}", flush=True)
    for what in asked.what:
        rows = []
        for size in (size for size in asked.sizes if size <= LARGEST.get(what, size)):
            words = [sys.executable, __file__, "--row", what, str(size)]
            for name in ("suns", "azimuths", "repeats"):
                words += [f"--{name}", str(getattr(asked, name))]
            done = subprocess.run(words, check=False, stdout=subprocess.PIPE, text=True)
            if done.returncode:
                print(f"       {what:>10s}  not measured: is the package installed?")
                break
            rows.append(done.stdout.rstrip())
            print(rows[-1], flush=True)
        if len(rows) > 1:
            print(f"       {what:>10s}  time grows as cells to the power {exponent(rows):.3f}", flush=True)


if __name__ == "__main__":
    main()
