"""Sun and Earth from the user's own SPICE kernels: the same interface as the series, through spiceypy.

CSPICE holds one pool of kernels for the whole process: kernels that were loaded otherwise are seen here as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt

from rover.core.errors import KernelError, TimeError
from rover.core.time import SECONDS_PER_DAY, Epoch
from rover.sky.ephemeris import Target

Vector = npt.NDArray[np.float64]

_J2000 = 2_451_545.0
_BODIES = {"Moon": 301, "Earth": 399, "Sun": 10}
_TK_FRAME, _PCK_FRAME = 4, 2  # classes of frames in SPICE's Frames Required Reading
_REMEDY = "list a planetary ephemeris (de440.bsp, say) and the Moon's orientation in the meta-kernel"
_LOAD_REMEDY = "mend the meta-kernel: paths in it are taken from the folder that the command runs in"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiceEphemeris:
    """Sun and Earth from loaded kernels.

    Attributes:
        file: The meta-kernel, for messages.
        frame: `MOON_ME`, or `IAU_MOON` where the kernels have no orientation in MOON_ME.
        covered: First and last instant, TDB seconds from J2000, at which bodies and orientation are known.
    """

    file: str
    frame: str
    covered: tuple[float, float]

    @property
    def source(self) -> str:
        """Where positions and orientation come from."""
        return f"SPICE kernels of {self.file}, frame {self.frame}"

    def seen_from_moon(self, target: Target, place_m: Vector, tt_jd1: float, tt_jd2: Vector) -> Vector:
        """Return (n, 3) vectors in metres to Sun or Earth as they appear (`LT+S`); see `Ephemeris`.

        TT serves for TDB: they differ by 2 ms at most, in which the Moon turns 3e-7 deg.

        Raises:
            TimeError: The kernels do not cover a time.
            KernelError: CSPICE cannot answer for another reason.
        """
        spice = _spiceypy(self.file)
        times = ((tt_jd1 - _J2000) + tt_jd2) * SECONDS_PER_DAY
        self._check(times)
        places_km = np.broadcast_to(place_m / 1000.0, (len(times), 3))
        name = target.name
        towards = np.empty((len(times), 3))
        for i, (time, place_km) in enumerate(zip(times.tolist(), places_km.tolist(), strict=True)):
            try:
                state, _ = spice.spkcpo(
                    name, time, self.frame, "OBSERVER", "LT+S", place_km, "MOON", self.frame
                )
            except spice.exceptions.SpiceyError as error:
                raise self._refusal(error, time) from None
            towards[i] = state[:3]
        return towards * 1000.0

    def _check(self, times: Vector) -> None:
        first, last = self.covered
        outside = ~((times >= first) & (times <= last))
        if outside.any():
            raise self._not_covered(float(times[outside][0]))

    def _not_covered(self, time: float) -> TimeError:
        first, last = (_utc(bound) for bound in self.covered)
        return TimeError(
            "not covered by the kernels",
            remedy=f"they hold Sun, Earth and Moon from {first} to {last}; take times well inside, or other kernels",
            file=self.file,
            field="time",
            value=_utc(time),
        )

    def _refusal(self, error: Exception, time: float) -> TimeError | KernelError:
        """Return what an error of CSPICE means: gaps, and light that set out before the kernels begin, are times."""
        short = str(getattr(error, "short", ""))
        if any(word in short for word in ("SPKINSUFFDATA", "FRAMEDATANOTFOUND", "NOFRAMECONNECT")):
            return self._not_covered(time)
        return KernelError(_short(error), remedy=_REMEDY, file=self.file)


@contextmanager
def spice_ephemeris(meta_kernel: Path | str) -> Iterator[SpiceEphemeris]:
    """Load a meta-kernel, or any kernel, and unload it at the end.

    The orientation is `MOON_ME` where a binary PCK with its frame kernel is loaded, and `IAU_MOON` by a text PCK's
    constants otherwise; `SpiceEphemeris.frame` says which.

    Raises:
        KernelError: spiceypy is not installed; a file is missing or no kernel; no Moon, Earth, Sun or orientation.
    """
    file = str(meta_kernel)
    spice = _spiceypy(file)
    if not Path(file).is_file():
        raise KernelError("no such file", remedy="give the path of a SPICE meta-kernel", file=file)
    try:
        try:
            spice.furnsh(file)
            ephemeris = _inspect(spice, file)
        except spice.exceptions.SpiceyError as error:
            raise KernelError(_short(error), remedy=_LOAD_REMEDY, file=file) from None
        yield ephemeris
    finally:
        spice.unload(file)


def _spiceypy(file: str) -> ModuleType:
    try:
        import spiceypy
    except ModuleNotFoundError:
        raise KernelError(
            "spiceypy is not installed", remedy="pip install farside[spice]", file=file
        ) from None
    module: ModuleType = spiceypy
    return module


def _inspect(spice: ModuleType, file: str) -> SpiceEphemeris:
    """Return the ephemeris that the loaded kernels make."""
    spans = [_body_span(spice, file, name, code) for name, code in _BODIES.items()]
    oriented = _orientation_span(spice)
    if oriented is None and not spice.bodfnd(301, "POLE_RA"):
        raise KernelError("no orientation of the Moon", remedy=_REMEDY, file=file)
    if oriented is not None:
        spans.append(oriented)
    return SpiceEphemeris(
        file=file,
        frame="IAU_MOON" if oriented is None else "MOON_ME",
        covered=(max(first for first, _ in spans), min(last for _, last in spans)),
    )


def _body_span(spice: ModuleType, file: str, name: str, code: int) -> tuple[float, float]:
    held: set[int] = set()
    covered = spice.cell_double(20_000)
    for kernel in _loaded(spice, "SPK"):
        bodies = set(spice.spkobj(kernel))
        held |= bodies
        if code in bodies:
            spice.spkcov(kernel, code, covered)
    if code not in held:
        others = ", ".join(str(body) for body in sorted(held)[:8]) or "none"
        raise KernelError(f"no {name} ({code}) in the kernels; bodies: {others}", remedy=_REMEDY, file=file)
    return covered[0], covered[-1]


def _orientation_span(spice: ModuleType) -> tuple[float, float] | None:
    """Return what time a binary PCK orients MOON_ME for, or None where there is no such PCK."""
    code = spice.namfrm("MOON_ME")
    for _ in range(8):  # MOON_ME is fixed to MOON_ME_DE421, say, and that to the principal axes
        if code == 0:
            return None
        _, kind, identity = spice.frinfo(code)
        if kind == _PCK_FRAME:
            return _pck_span(spice, identity)
        if kind != _TK_FRAME:
            return None
        code = spice.namfrm(spice.gcpool(f"TKFRAME_{identity}_RELATIVE", 0, 1)[0])
    return None


def _pck_span(spice: ModuleType, frame: int) -> tuple[float, float] | None:
    covered = spice.cell_double(20_000)
    for kernel in _loaded(spice, "PCK"):
        spice.pckcov(kernel, frame, covered)
    return (covered[0], covered[-1]) if len(covered) else None


def _loaded(spice: ModuleType, kind: str) -> list[str]:
    return [spice.kdata(i, kind)[0] for i in range(spice.ktotal(kind))]


def _utc(time: float) -> str:
    return Epoch(tt_jd1=_J2000, tt_jd2=0.0).utc_at(time)


def _short(error: Exception) -> str:
    """Return CSPICE's own words in one line."""
    short, long = (str(getattr(error, name, "")) for name in ("short", "long"))
    words = " ".join(f"{short} {long}".split()).rstrip(".")
    return words[:300] or type(error).__name__
