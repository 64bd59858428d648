"""Time the seeded ground, beside noise libraries that make relief alone.

    python benchmarks/bench_ground.py [--sizes 512 1024 2048 4096 8192] [--repeats 5] [--file 16384] [--growth]

Every row is a process of its own, so that its peak memory is its own. `load s` is importing and making 64 x 64
cells (compiling, where the kernel cache is empty: run it once with NUMBA_CACHE_DIR set to a new folder), `cold s`
the first window, whose large forms have not been sampled yet, `warm s` the median of more windows beside it. The
peers make relief only, with as many octaves: no craters, no rocks, no means over cells, no law of scales. The last
line under each table is the exponent of time over cells, by least squares in logarithms.

`--growth` fits that exponent where other work on the machine disturbs it least: in one process, all sizes by turns,
the least of the repeats for each window, the smaller windows in the four corners of the largest so that all see the
same ground; by the clock and by the processor's time of all threads together.

`--file N` writes an N x N window at 1 m with the command and prints its time and peak memory.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

COLUMNS = "  size          what  load s   cold s   warm s  M cells/s  MiB over the array"
EAST_M, NORTH_M = 20_000, -25_000
"""South-west corner on the mare floor, from the centre of the crater."""
OCTAVES = 17

Heights = npt.NDArray[np.float64]
Make = Callable[[int, int, int], Heights]


def ground(resolution_mm: int, *, rocks: bool) -> Make:
    """Return what makes a window of a size, so many cells east and north of the first."""
    from sim.moon.cells import Cells
    from sim.moon.rocks import NO_ROCKS
    from sim.moon.surface import surface
    from sim.run.scenario_ground import load_site

    whole = surface(load_site("von-karman"), 1)
    step = 2 * resolution_mm

    def make(size: int, east: int, north: int) -> Heights:
        cells = Cells(
            east=2000 * EAST_M + east * step,
            north=2000 * NORTH_M + north * step,
            step=step,
            rows=size,
            cols=size,
        )
        return whole.elevation_m(cells, NO_ROCKS, rocks=rocks)

    return make


def opensimplex() -> Make:
    """Octaves of simplex noise by the opensimplex package, compiled by numba."""
    import opensimplex as simplex

    def make(size: int, east: int, north: int) -> Heights:
        total = np.zeros((size, size))
        for octave in range(OCTAVES):
            wavelength = 2.0 * 2.0**octave
            x, y = (np.arange(size) + first for first in (east, north))
            total += wavelength**0.9 * simplex.noise2array(x / wavelength, y / wavelength)
        return total

    return make


def spectral() -> Make:
    """A power-law surface by numpy's Fourier transform: periodic, and no window of any other."""

    def make(size: int, east: int, north: int) -> Heights:
        rng = np.random.default_rng(east)
        row, col = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
        frequency = np.hypot(row, col)
        frequency[0, 0] = math.inf
        return np.fft.irfft2(
            np.fft.rfft2(rng.standard_normal((size, size))) * frequency**-1.9, s=(size, size)
        )

    return make


WHAT: dict[str, Callable[[], Make]] = {
    "1m craters": lambda: ground(1000, rocks=False),
    "1m all": lambda: ground(1000, rocks=True),
    "0.25m all": lambda: ground(250, rocks=True),
    "opensimplex": opensimplex,
    "numpy fft": spectral,
}
LARGEST = {"opensimplex": 2048, "numpy fft": 4096}


def measure(what: str, size: int, repeats: int) -> str:
    """Return one row of the table."""
    began = time.perf_counter()
    make = WHAT[what]()
    make(64, 1000, 0)
    load_s = time.perf_counter() - began
    before = peak_bytes()
    times = []
    for k in range(repeats + 1):
        began = time.perf_counter()
        make(size, k * size, 0)
        times.append(time.perf_counter() - began)
    warm_s = statistics.median(times[1:])
    over = (peak_bytes() - before) / 2**20 - size * size * 8 / 2**20
    return (
        f"{size:6d}  {what:>12s}  {load_s:6.2f}  {times[0]:7.3f}  {warm_s:7.3f}  "
        f"{size * size / warm_s / 1e6:9.2f}  {over:8.0f}"
    )


def peak_bytes() -> int:
    """Greatest resident memory of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def exponent(rows: list[str]) -> float:
    """Return the slope of log warm time over log cells."""
    sizes, times = zip(*((int(row.split()[0]), float(row.split()[-3])) for row in rows), strict=True)
    return float(np.polyfit(2.0 * np.log(sizes), np.log(times), 1)[0])


def corners(size: int, largest: int) -> list[tuple[int, int]]:
    """Return east and north of windows in the corners of the largest one, in cells."""
    return sorted({(east, north) for east in (0, largest - size) for north in (0, largest - size)})


def growth(what: str, sizes: list[int], repeats: int) -> str:
    """Return how time grows from size to size, by the clock and by the processor."""
    make = WHAT[what]()
    windows = [(size, at) for size in sizes for at in corners(size, max(sizes))]
    for size, at in windows:
        make(size, *at)
    least = np.full((len(windows), 2), math.inf)
    for _ in range(repeats):
        for k, (size, at) in enumerate(windows):
            began = time.perf_counter(), time.process_time()
            make(size, *at)
            took = time.perf_counter() - began[0], time.process_time() - began[1]
            least[k] = np.minimum(least[k], took)
    means = np.array([least[[s == size for s, _ in windows]].mean(axis=0) for size in sizes])
    rows = [
        f"{size:6d}  {what:>12s}  {1e9 * wall / size**2:7.1f} ns a cell by the clock, {1e9 * cpu / size**2:7.1f} by "
        f"the processor, {size**2 / wall / 1e6:6.2f} M cells/s"
        for size, (wall, cpu) in zip(sizes, means, strict=True)
    ]
    wall, cpu = np.polyfit(2.0 * np.log(sizes), np.log(means), 1)[0]
    return "\n".join(
        [
            *rows,
            f"        {what:>12s}  cells to the power {wall:.3f} by the clock, {cpu:.3f} by the processor",
        ]
    )


def write_file(size: int) -> str:
    """Write a window with the command, and return its time and peak memory."""
    command = Path(sys.executable).with_name("farside")
    west, south = EAST_M, NORTH_M
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "ground.tif"
        window = f"--window={west},{south},{west + size},{south + size}"
        words = ["synth", "von-karman", window, "--resolution", "1", "--seed", "1", "--out", str(out), "-q"]
        began = time.perf_counter()
        subprocess.run([command, *words], check=True, stdout=subprocess.DEVNULL)
        took = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        return (
            f"farside synth {size} x {size} at 1 m: {took:.1f} s, {size * size / took / 1e6:.2f} M cells/s, "
            f"peak {peak:.0f} MiB, file {out.stat().st_size / 2**20:.0f} MiB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4096, 8192])
    parser.add_argument("--what", nargs="+", default=list(WHAT), choices=list(WHAT))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--file", type=int)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.row:
        print(measure(asked.row[0], int(asked.row[1]), asked.repeats))
        return
    if asked.file:
        print(write_file(asked.file))
        return
    if asked.growth:
        for what in asked.what:
            sizes = [size for size in asked.sizes if size <= LARGEST.get(what, size)]
            print(growth(what, sizes, asked.repeats), flush=True)
        return
    print(f"{os.cpu_count()} cores\n{COLUMNS}", flush=True)
    for what in asked.what:
        rows = []
        for size in (size for size in asked.sizes if size <= LARGEST.get(what, size)):
            words = [sys.executable, __file__, "--repeats", str(asked.repeats), "--row", what, str(size)]
            done = subprocess.run(words, check=False, stdout=subprocess.PIPE, text=True)
            if done.returncode:
                print(f"        {what:>12s}  not measured: is the package installed?")
                break
            rows.append(done.stdout.rstrip())
            print(rows[-1], flush=True)
        if len(rows) > 1:
            print(f"        {what:>12s}  time grows as cells to the power {exponent(rows):.3f}", flush=True)


if __name__ == "__main__":
    main()
