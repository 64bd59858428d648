"""Time the terrain layers, in copies of the DEM, beside the slopes of other packages.

    python benchmarks/bench_terrain.py [--sizes 512 1024 2048 4096 8192] [--repeats 9] [--what ...]

Each size is a process of its own, in which the rows take turns: one call of each, then the next, so that whatever else
the machine does falls on all alike. `cold s` is the first call (compiling, where the kernel cache is empty: run it once
with NUMBA_CACHE_DIR set to a new folder), `warm ms` the median and `least ms` the least of the others, `copies` the
median over that of copying the DEM into a given array. `over` is the peak memory of a call over what stood before it,
in sizes of the DEM, measured apart, in a process of its own; layers into given arrays add nothing but row buffers. The
last lines are exponents of time over cells, by least squares in logarithms.

Peers, each measured where it is installed: xarray-spatial (`slope`), richdem (`TerrainAttribute`) and GDAL in memory
(`gdal.DEMProcessing`, of the osgeo package). They make the slope alone.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

COLUMNS = "  size                  what   cold s   warm ms  least ms  copies  over"
CELL_M = 2.0

Heights = npt.NDArray[np.float32]
Call = Callable[[], object]


def ground(size: int) -> Heights:
    """Waves of all directions and a grain, so that no branch could be foretold."""
    north, east = np.mgrid[:size, :size].astype(np.float32)
    grain = np.random.default_rng(1).normal(0, 0.2, (size, size)).astype(np.float32)
    return 40 * np.sin(north / 97 + np.sin(east / 61)) + grain


def ours(heights: Heights) -> dict[str, Callable[[], Call]]:
    """Return our rows, each with what makes it ready."""
    from rover.core.grid import Dem, GridGeometry, Site
    from rover.terrain.derive import derive_terrain

    rows, cols = heights.shape
    site = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
    geometry = GridGeometry(rows=rows, cols=cols, resolution_m=CELL_M, east_m=0.0, north_m=0.0, site=site)
    dem = Dem(geometry=geometry, elevation_m=heights, datum_m=-6000.0, source="waves")

    def given(**lengths: float) -> Call:
        out = tuple(np.zeros_like(heights) for _ in range(4))
        return lambda: derive_terrain(dem, out=out, **lengths)

    return {
        "four layers, given": given,
        "four layers, fresh": lambda: lambda: derive_terrain(dem),
        "7 x 7 roughness": lambda: given(footprint_m=6 * CELL_M),
        "7 x 7 step": lambda: given(wheelbase_m=6 * CELL_M),
        "baseline of 4 cells": lambda: given(baseline_m=4 * CELL_M),
    }


def copy(heights: Heights) -> Call:
    """The measure of all: into a given array, whose pages are there."""
    into = np.zeros_like(heights)
    return lambda: np.copyto(into, heights)


def xarray_spatial(heights: Heights) -> Call:
    import xarray
    import xrspatial

    raster = xarray.DataArray(heights, dims=("y", "x"), attrs={"res": (CELL_M, CELL_M)})
    return lambda: xrspatial.slope(raster)


def richdem(heights: Heights) -> Call:
    import richdem as rd

    raster = rd.rdarray(heights, no_data=-9999.0)
    raster.geotransform = [0, CELL_M, 0, 0, 0, -CELL_M]

    def slope() -> object:
        with contextlib.redirect_stdout(io.StringIO()):
            return rd.TerrainAttribute(raster, attrib="slope_degrees")

    return slope


def gdal(heights: Heights) -> Call:
    from osgeo import gdal as library

    library.UseExceptions()
    library.SetConfigOption("GDAL_MEM_ENABLE_OPEN", "YES")
    rows, cols = heights.shape
    # The array as it lies, without the bindings for numpy, which are built for one version of it.
    raster = library.Open(
        f"MEM:::DATAPOINTER={heights.ctypes.data},PIXELS={cols},LINES={rows},DATATYPE=Float32"
    )
    raster.SetGeoTransform([0, CELL_M, 0, 0, 0, -CELL_M])
    return lambda: library.DEMProcessing("", raster, "slope", format="MEM")


PEERS: dict[str, Callable[[Heights], Call]] = {
    "xarray-spatial slope": xarray_spatial,
    "richdem slope": richdem,
    "GDAL slope": gdal,
}
OURS = ("four layers, given", "four layers, fresh", "7 x 7 roughness", "7 x 7 step", "baseline of 4 cells")
WHAT = ("copy", *OURS, *PEERS)


def ready(what: str, heights: Heights) -> Call | None:
    """Return what is to be timed, or None where its package is not installed."""
    if what == "copy":
        return copy(heights)
    try:
        return ours(heights)[what]() if what in OURS else PEERS[what](heights)
    except ImportError:
        return None


def seconds(call: Call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def measure(size: int, repeats: int, names: list[str]) -> list[str]:
    """Return the rows of one size."""
    heights = ground(size)
    calls = {name: call for name in names if (call := ready(name, heights)) is not None}
    cold = {name: seconds(call) for name, call in calls.items()}
    warm: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            warm[name].append(seconds(call))
    one_copy = statistics.median(warm["copy"])
    rows = []
    for name, times in warm.items():
        middle = statistics.median(times)
        rows.append(
            f"{size:6d}  {name:>20s}  {cold[name]:7.3f}  {1e3 * middle:8.2f}  {1e3 * min(times):8.2f}  "
            f"{middle / one_copy:6.1f}  {over(name, size):4.1f}"
        )
    return rows + [f"{size:6d}  {name:>20s}  not installed" for name in names if name not in calls]


def over(name: str, size: int) -> float:
    """Return the peak memory of one call, in sizes of the DEM, from a process of its own; NaN off Linux."""
    if not Path("/proc/self/clear_refs").exists():
        return float("nan")
    words = [sys.executable, __file__, "--peak", name, str(size)]
    return float(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)


def peak(name: str, size: int) -> float:
    """Make a call on little ground, to load and compile, and then on much; return what that adds."""
    small, large = ready(name, ground(64)), ready(name, heights := ground(size))
    if small is None or large is None:
        return float("nan")
    small()
    before = held_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the greatest so far is what is held now
    large()
    return (held_bytes("VmHWM") - before) / heights.nbytes


def held_bytes(what: str) -> int:
    """Resident memory of this process, now (`VmRSS`) or at its greatest (`VmHWM`); Linux tells."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))


def exponents(rows: list[str], names: list[str]) -> list[str]:
    """Return, for each row name, the slope of log warm time over log cells."""
    found = []
    for name in names:
        mine = [row for row in rows if f"  {name}  " in row and "not installed" not in row]
        if len(mine) > 1:
            sizes = np.log([float(row[:6]) ** 2 for row in mine])
            times = np.log([float(row.split()[-4]) for row in mine])
            found.append(
                f"{name:>28s}  time grows as cells to the power {np.polyfit(sizes, times, 1)[0]:.3f}"
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4096, 8192])
    parser.add_argument("--what", nargs="+", default=list(WHAT), choices=WHAT)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    names = ["copy", *(name for name in asked.what if name != "copy")]
    if asked.peak:
        print(peak(asked.peak[0], int(asked.peak[1])))
    elif asked.one:
        print("\n".join(measure(asked.one, asked.repeats, names)))
    else:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n{COLUMNS}", flush=True)
        rows: list[str] = []
        for size in asked.sizes:
            words = [sys.executable, __file__, "--repeats", str(asked.repeats), "--one", str(size)]
            done = subprocess.run([*words, "--what", *names], check=True, stdout=subprocess.PIPE, text=True)
            print(done.stdout, end="", flush=True)
            rows += done.stdout.splitlines()
        print("\n".join(exponents(rows, names)))


if __name__ == "__main__":
    main()
