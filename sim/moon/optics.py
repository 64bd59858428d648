"""How the ground of a site looks: the table `[optics]` of a site file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.moon.site_tables import Number, Share, Table

Lobe = Annotated[Number, Field(ge=0, lt=1)]
Skew = Annotated[Number, Field(ge=-1, le=1)]
Width = Annotated[Number, Field(gt=0, le=10)]
SlopeDeg = Annotated[Number, Field(ge=0, lt=45)]
Tint = tuple[Width, Width, Width]


class OpticsParams(Table):
    """The light that the ground gives back, and the grain that cameras see on it.

    `normal_albedo` is the radiance factor I/F at vertical light and view. `phase_b` and `phase_c` are width and skew of
    the two lobes of a particle, `surge` and `surge_width` (rad) the opposition surge. `scattered` is the share of the
    sunlight that reaches level ground in shadow from the relief about it. `grain_slope_deg` is the rms slope of the
    octave of relief of 0.1 m, and `grain_hurst` by how much heights grow with wavelength. `tint` is red, green and
    blue against their mean.
    """

    normal_albedo: Share
    phase_b: Lobe
    phase_c: Skew
    surge: Annotated[Number, Field(ge=0, le=10)]
    surge_width: Width
    scattered: Share
    grain_slope_deg: SlopeDeg
    grain_hurst: Share
    tint: Tint
    source: str
