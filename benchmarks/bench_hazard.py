"""Time the way from terrain to an inflated cost map, beside scipy's distance transform, and clearance evaluation.

    python benchmarks/bench_hazard.py [--sizes 512 1024 2048 4096 8192] [--repeats 7] [--resolution 1.0]

Every row is a process of its own, so that its peak memory is its own. `cold s` is the first time (compiling, where the
kernel cache is empty: run it once with NUMBA_CACHE_DIR set to a new folder), `warm s` the median of the others and
`least s` the least of them. `MiB` is the peak over what stood before, `out MiB` what is returned. The ground is relief
with a few per cent of it too steep. The last line under each is the exponent of time over cells, by least squares in
logarithms. `clearance` is poses of yutu-2 on a map of 0.05 m, in place of rows and of cells.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

COLUMNS = "  size               what   cold s   warm s  least s  M cells/s      MiB  out MiB"

Work = Callable[[], Any]


def relief(size: int, resolution_m: float) -> Any:
    """A Dem of self-affine waves with a slope of some 5 deg in the mean."""
    from rover.core.grid import Dem, GridGeometry, Site

    rng = np.random.default_rng(1)
    coarse = gaussian_filter(rng.standard_normal((size // 8 + 2, size // 8 + 2), np.float32), 1.5)
    row = np.linspace(0, coarse.shape[0] - 2, size, dtype=np.float32)
    at = row.astype(np.int64)
    part = row - at
    rows = coarse[at] * (1 - part[:, None]) + coarse[at + 1] * part[:, None]
    heights = rows[:, at] * (1 - part) + rows[:, at + 1] * part
    heights *= np.float32(8 * resolution_m)
    heights += np.float32(0.01) * rng.standard_normal((size, size), np.float32)
    site = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
    geometry = GridGeometry(
        rows=size, cols=size, resolution_m=resolution_m, east_m=0.0, north_m=0.0, site=site
    )
    return Dem(geometry=geometry, elevation_m=heights, datum_m=0.0, source="a benchmark")


def work_of(what: str, size: int, resolution_m: float) -> Work:
    """Return what is timed."""
    from rover.hazard.clearance import evaluate_clearance
    from rover.hazard.costmap import build_costmap, footprint_reach_cells, inflate
    from rover.hazard.detect import detect_hazards
    from rover.hazard.directional import directional_cost
    from rover.io.vehicle import read_vehicle
    from rover.terrain.derive import derive_terrain

    vehicle = read_vehicle("yutu-2").params
    if what == "clearance":
        dem = relief(512, 0.05)
        rng = np.random.default_rng(0)
        poses = np.column_stack([rng.uniform(3, 22, (size, 2)), rng.uniform(-4, 4, size)])
        return lambda: evaluate_clearance(dem, vehicle, poses)
    dem = relief(size, resolution_m)
    if what == "whole chain":

        def chain() -> Any:
            terrain = derive_terrain(dem)
            hazards = detect_hazards(terrain, vehicle)
            return terrain, hazards, build_costmap(hazards, terrain, vehicle)

        return chain
    terrain = derive_terrain(dem)
    hazards = detect_hazards(terrain, vehicle)
    mask, reach = hazards.flags != 0, footprint_reach_cells(dem.geometry, vehicle)
    return {
        "detect": lambda: detect_hazards(terrain, vehicle),
        "inflate": lambda: inflate(mask, reach),
        "inflate scipy edt": lambda: distance_transform_edt(~mask) <= reach,
        "costmap": lambda: build_costmap(hazards, terrain, vehicle),
        "detect + costmap": lambda: build_costmap(detect_hazards(terrain, vehicle), terrain, vehicle),
        "directional": lambda: directional_cost(terrain, vehicle),
    }[what]


WHAT = (
    *("detect", "inflate", "inflate scipy edt", "costmap", "detect + costmap", "whole chain", "directional"),
    "clearance",
)
LARGEST = {"inflate scipy edt": 4096}
POSES = (1024, 4096, 16384, 65536)


def measure(what: str, size: int, repeats: int, resolution_m: float) -> str:
    """Return one row of the table."""
    work = work_of(what, size, resolution_m)
    before = peak_bytes()
    began = time.perf_counter()
    made = work()
    cold_s = time.perf_counter() - began
    over, out = (peak_bytes() - before) / 2**20, bytes_of(made) / 2**20
    del made
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    warm_s, items = statistics.median(times), size if what == "clearance" else size * size
    return (
        f"{size:6d}  {what:>17s}  {cold_s:7.3f}  {warm_s:7.4f}  {min(times):7.4f}  "
        f"{items / warm_s / 1e6:9.3f}  {over:7.0f}  {out:7.0f}"
    )


def bytes_of(made: Any) -> int:
    """Bytes of an array, of the arrays of a record, or of several."""
    if isinstance(made, np.ndarray):
        return made.nbytes
    if isinstance(made, tuple):
        return sum(bytes_of(each) for each in made)
    return sum(bytes_of(getattr(made, name)) for name in getattr(made, "__slots__", ()))


def peak_bytes() -> int:
    """Greatest resident memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def exponent(rows: list[str], per_size: float) -> float:
    """Return the slope of log warm time over log cells."""
    sizes, times = zip(*((int(row.split()[0]), float(row.split()[-5])) for row in rows), strict=True)
    return float(np.polyfit(per_size * np.log(sizes), np.log(times), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4096, 8192])
    parser.add_argument("--what", nargs="+", default=list(WHAT), choices=list(WHAT))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--resolution", type=float, default=1.0)
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        print(measure(asked.row[0], int(asked.row[1]), asked.repeats, asked.resolution))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n{COLUMNS}", flush=True)
    for what in asked.what:
        rows = []
        sizes = POSES if what == "clearance" else asked.sizes
        for size in (size for size in sizes if size <= LARGEST.get(what, size)):
            words = f"--repeats {asked.repeats} --resolution {asked.resolution} --row".split()
            command = [sys.executable, __file__, *words, what, str(size)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rows.append(done.stdout.rstrip())
            print(rows[-1], flush=True)
        if len(rows) > 1:
            power = exponent(rows, 1.0 if what == "clearance" else 2.0)
            print(f"        {what:>17s}  time grows as cells to the power {power:.3f}", flush=True)


if __name__ == "__main__":
    main()
