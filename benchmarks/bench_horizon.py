"""Time the horizon, beside topocalc, and measure its error against a brute force march in the same run.

    python benchmarks/bench_horizon.py [--sizes 512 1024 2048 4096 8192] [--azimuths 72] [--repeats 3]
    python benchmarks/bench_horizon.py --peer PYTHON   # an interpreter that has topocalc; by default this one

Every row is a process of its own, so that its peak memory is its own. Sizes over 2048 are timed in 8 directions. `warm
s` is the least of the repeats after a first small map, `core s` the processor time of that run on all threads, so that
work and waiting for other programs are told apart. Errors are against half-cell steps on the bilinear surface, at 300
cells in 36 directions (farside with its curvature; topocalc without, as it knows none). topocalc (Dozier and Frew's
algorithm) runs on one thread as it comes, in 24 directions one by one: along rows and columns it is faster than
elsewhere, so that fewer would flatter it.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import subprocess
import sys
import time

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
COLUMNS = "  size      what  directions   warm s   core s  us/cell/direction  memory/map  <0.1 deg%   p50    p99  worst"
MOON_M = 1_737_400.0
TIMED_IN_FEW = 2048


def ground(size: int) -> npt.NDArray[np.float32]:
    """Self-affine ground of 10 deg rms slope at a cell of 1 m; the same whoever asks."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    frequency[0, 0] = math.inf
    noise = np.fft.rfft2(np.random.default_rng(1).standard_normal((size, size)))
    heights = np.fft.irfft2(noise * frequency**-1.9, s=(size, size))
    north, east = np.gradient(heights)
    return (heights * math.tan(math.radians(10)) / math.sqrt(float((north**2 + east**2).mean()))).astype(
        np.float32
    )


def brute_force_deg(heights: Floats, azimuth: float, cells: npt.NDArray[np.int64], radius_m: float) -> Floats:
    """(n,) horizons of cells of 1 m in half-cell steps; `radius_m` infinite for flat ground."""
    rows, cols = heights.shape
    way = np.arange(1, int(2 * math.hypot(rows, cols)) + 1) * 0.5
    out = np.full(len(cells), -90.0)
    for n, (row, col) in enumerate(cells):
        up, along = row + way * round(math.cos(azimuth), 15), col + way * round(math.sin(azimuth), 15)
        inside = (up >= 0) & (up <= rows - 1) & (along >= 0) & (along <= cols - 1)
        up, along, far = up[inside], along[inside], way[inside]
        if not far.size:
            continue
        i, j = np.minimum(up.astype(int), rows - 2), np.minimum(along.astype(int), cols - 2)
        u, v = up - i, along - j
        south = heights[i, j] * (1 - v) + heights[i, j + 1] * v
        north = heights[i + 1, j] * (1 - v) + heights[i + 1, j + 1] * v
        tangent = (south * (1 - u) + north * u - heights[row, col]) / far - far / (2 * radius_m)
        out[n] = math.degrees(math.atan(float(tangent.max())))
    return out


def farside_deg(
    heights: npt.NDArray[np.float32], azimuths: int, exact: bool
) -> tuple[npt.NDArray[np.uint16], float]:
    """Steps of a map, and degrees per step."""
    from rover.core.grid import Dem, GridGeometry, Site
    from rover.terrain.horizon import STEP_RAD, trace_horizon

    rows, cols = heights.shape
    site = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
    geometry = GridGeometry(rows=rows, cols=cols, resolution_m=1.0, east_m=0.0, north_m=0.0, site=site)
    dem = Dem(geometry=geometry, elevation_m=heights, datum_m=0.0, source="benchmark")
    return trace_horizon(dem, azimuths=azimuths, exact=exact).steps, math.degrees(STEP_RAD)


def topocalc_deg(heights: npt.NDArray[np.float32], azimuths: int) -> npt.NDArray[np.float32]:
    """(azimuths, rows, cols) elevations. Its rows run south, its azimuths from south, eastward positive."""
    from topocalc.horizon import horizon

    southward = np.ascontiguousarray(heights[::-1], np.float64)
    out = np.empty((azimuths, *heights.shape), np.float32)
    for k in range(azimuths):
        from_south = (180.0 - 360.0 * k / azimuths + 180.0) % 360.0 - 180.0
        out[k] = np.degrees(np.pi / 2 - np.arccos(horizon(from_south, southward, 1.0)))[::-1]
    return out


def measure(what: str, size: int, azimuths: int, repeats: int) -> str:
    """Return one row of the table."""
    heights = ground(size)
    run = {
        "fast": lambda z, n: farside_deg(z, n, False)[0],
        "exact": lambda z, n: farside_deg(z, n, True)[0],
        "topocalc": topocalc_deg,
    }[what]
    run(heights[:64, :64], 4)
    before, times, cores = peak_bytes(), [], []
    held = None
    for _ in range(repeats):
        held = None  # so that no two maps are held at once
        began, worked = time.perf_counter(), time.process_time()
        held = run(heights, azimuths)
        times.append(time.perf_counter() - began)
        cores.append(time.process_time() - worked)
    over = (peak_bytes() - before) / (2 * azimuths * size * size)
    error = np.concatenate(errors(what, heights, held, azimuths))
    each = min(times) / (size * size * azimuths) * 1e6
    return (
        f"{size:6d}  {what:>8s}  {azimuths:10d}  {min(times):7.2f}  {min(cores):7.2f}  {each:17.4f}  {over:10.2f}  "
        f"{100 * (error < 0.1).mean():10.2f}  {np.percentile(error, 50):.3f}  {np.percentile(error, 99):5.3f}  "
        f"{error.max():5.2f}"
    )


def errors(
    what: str, heights: npt.NDArray[np.float32], held: npt.NDArray[np.generic], azimuths: int
) -> list[Floats]:
    """Absolute errors in degrees by direction, at some cells off the edge."""
    size = len(heights)
    cells = np.random.default_rng(2).integers(2, size - 2, (300, 2))
    every = max(1, azimuths // 36)
    found = []
    for k in range(0, azimuths, every):
        flat = what == "topocalc"
        truth = brute_force_deg(
            heights.astype(np.float64), math.tau * k / azimuths, cells, math.inf if flat else MOON_M
        )
        seen = held[k][cells[:, 0], cells[:, 1]].astype(np.float64)
        if flat:
            truth = np.maximum(truth, 0.0)  # it knows no horizon below level
        else:
            seen = seen * 180.0 / 65534 - 90.0
        found.append(np.abs(seen - truth))
    return found


def peak_bytes() -> int:
    """Greatest resident memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def exponent(rows: list[str]) -> float:
    """Return the slope of log time per direction over log cells."""
    sizes, each = zip(*((int(row.split()[0]), float(row.split()[5])) for row in rows), strict=True)
    return 1.0 + float(np.polyfit(2.0 * np.log(sizes), np.log(each), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4096, 8192])
    parser.add_argument("--what", nargs="+", default=["fast", "exact", "topocalc"])
    parser.add_argument("--azimuths", type=int, default=72)
    parser.add_argument("--peer-azimuths", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--row", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        print(measure(asked.row[0], int(asked.row[1]), int(asked.row[2]), asked.repeats))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n{COLUMNS}", flush=True)
    for what in asked.what:
        rows = []
        for size in asked.sizes:
            if what == "topocalc" and size > 1024:
                continue
            count = (
                asked.peer_azimuths if what == "topocalc" else asked.azimuths if size <= TIMED_IN_FEW else 8
            )
            python = asked.peer if what == "topocalc" else sys.executable
            words = [python, __file__, "--repeats", str(asked.repeats), "--row", what, str(size), str(count)]
            done = subprocess.run(words, check=False, stdout=subprocess.PIPE, text=True)
            if done.returncode:
                print(f"        {what:>8s}  not measured: is the package installed?")
                break
            rows.append(done.stdout.rstrip())
            print(f"{rows[-1]}   load {os.getloadavg()[0]:.1f}", flush=True)
        if len(rows) > 1:
            print(
                f"        {what:>8s}  time per direction grows as cells to the power {exponent(rows):.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
