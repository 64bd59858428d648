"""What can say where Sun and Earth stand, seen from the Moon: the series of `sun.py`, the kernels of `spice.py`."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rover.core.bodies import EARTH, SUN_RADIUS_M


class Target(Enum):
    """A body in the Moon's sky."""

    SUN = "sun"
    EARTH = "earth"

    @property
    def radius_m(self) -> float:
        """Of its disc: the Sun's photosphere, the Earth's equator."""
        return SUN_RADIUS_M if self is Target.SUN else EARTH.radius_m


class Ephemeris(Protocol):
    """Positions of Sun and Earth in the Moon's own frame.

    Attributes:
        source: In one line, where positions and orientation come from, and the frame.
    """

    @property
    def source(self) -> str: ...

    def seen_from_moon(
        self, target: Target, place_m: npt.NDArray[np.float64], tt_jd1: float, tt_jd2: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return (n, 3) vectors in metres from places to the target's centre as it appears.

        Light time and stellar aberration are in them; axes are those of the Moon's mean-Earth frame at that time.

        Args:
            target: What is looked at.
            place_m: (3,) or (n, 3) from the Moon's centre, in the same frame; zeros for the centre itself.
            tt_jd1, tt_jd2: Two-part Julian date in TT, the second part (n,).

        Raises:
            TimeError: A time that is not covered.
        """
        ...
