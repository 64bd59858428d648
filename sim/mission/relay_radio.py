"""Radio ways through the relay: which rate a distance allows, and when each way is open.

Rates are those that are published (Zhang L. et al. 2021, Space Sci. Technol., doi:10.34133/2021/3471608, table 1); the
highest is taken for which the carrier over the noise leaves a margin: C/N0 = EIRP - space loss - losses + G/T - k
(CCSDS 401.0-B, link design control table). Powers and gains are not published.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from rover.core.arrays import locked
from rover.core.bodies import MOON, SPEED_OF_LIGHT_M_S
from rover.core.errors import FarsideError
from rover.core.grid import Site
from rover.core.station import Station
from rover.core.time import Epoch, parse_utc
from rover.core.vehicle import NotNegative, Positive
from rover.sky.link import build_relay_almanac
from rover.sky.sun import earth_from_moon
from sim.mission.figures import Figures, Name, Number, Row, Share

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BOLTZMANN_DBW_K_HZ = 10.0 * math.log10(1.380649e-23)
"""CODATA 2018, exact."""

EVENTS = ("touchdown", "panorama", "portraits")
"""By whose time pictures may be dated."""

STEP_S = 60.0
"""In which rates are constant and bits are moved."""


class RadioParams(Figures):
    """One way of a signal: from whose antenna to whose receiver, at which rates."""

    frequency_mhz: Positive
    eirp_dbw: Number = Field(description="radiated power, antenna gain counted in")
    gain_over_temperature_db_k: Number = Field(description="of the receiver")
    losses_db: NotNegative = Field(description="pointing, polarisation, electronics")
    eb_n0_db: Number = Field(description="needed per bit, coding counted in")
    margin_db: NotNegative
    rates_bit_s: Annotated[tuple[Positive, ...], Field(strict=False, min_length=1, max_length=16)]

    @field_validator("rates_bit_s")
    @classmethod
    def _rising(cls, rates: tuple[float, ...]) -> tuple[float, ...]:
        if not all(low < high for low, high in zip(rates, rates[1:], strict=False)):
            raise ValueError("do not rise; write them from the lowest to the highest")
        return rates

    def carrier_db_hz(self, range_m: npt.ArrayLike) -> Floats:
        """Return carrier power over noise density at distances, dB Hz."""
        turns = (
            4.0 * math.pi * np.asarray(range_m, np.float64) * self.frequency_mhz * 1e6 / SPEED_OF_LIGHT_M_S
        )
        loss = 20.0 * np.log10(turns)
        gains = self.eirp_dbw + self.gain_over_temperature_db_k - self.losses_db - BOLTZMANN_DBW_K_HZ
        return np.asarray(gains - loss)

    def rate_bit_s(self, range_m: npt.ArrayLike) -> Floats:
        """Return the highest rate that distances allow, 0 where they allow none."""
        spare = self.carrier_db_hz(range_m) - self.eb_n0_db - self.margin_db
        need = 10.0 * np.log10(np.array(self.rates_bit_s))
        rates = np.array([0.0, *self.rates_bit_s])
        return np.asarray(rates[np.searchsorted(need, spare, side="right")])


class PictureRow(Row):
    """Pictures that are sent down."""

    name: Name
    camera: Literal["lcam", "tcam", "pcam", "navcam"]
    count: Annotated[int, Field(ge=1, le=1_000_000)]
    at: Name = Field(description="touchdown, panorama, portraits, or a time in UTC")
    priority: Annotated[int, Field(ge=0, le=9)] = Field(description="0 goes first")

    @field_validator("at")
    @classmethod
    def _known(cls, at: str) -> str:
        if at not in EVENTS:
            try:
                parse_utc(at)
            except FarsideError:
                raise ValueError(
                    f"is neither of {', '.join(EVENTS)} nor a time; write 2019-01-03T14:22:00Z"
                ) from None
        return at


class LinkParams(Figures):
    """All radio ways and stores."""

    phase: Share = Field(description="of the relay on its halo at 2019-01-03T00:00 TT, in turns")
    mask_deg: Annotated[float, Field(ge=0, lt=90)] = Field(
        description="least elevation of the relay at the site"
    )
    rover: RadioParams
    lander: RadioParams
    relay_down: RadioParams
    relay_forward: RadioParams
    station_up: RadioParams
    store_gbit_rover: Positive
    store_gbit_lander: Positive
    store_gbit_relay: Positive
    picture_compression: Annotated[float, Field(ge=1, le=1000)]
    health_bit_s: NotNegative = Field(description="of housekeeping, rover and lander each")
    command_lead_h: NotNegative = Field(description="by which commands are sent before they are needed")
    command_bit: Positive = Field(description="of a block of commands")
    picture: Annotated[tuple[PictureRow, ...], Field(strict=False)] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """The ways between a place on the Moon and the Earth, in steps of `STEP_S`.

    Attributes:
        time_s: (n,) begin of each step, since the mission's epoch.
        relay_elevation_rad, range_m, light_time_s: (n,) of the relay at the middle of the step, and one way to Earth.
        relay_up: (n,) whether the relay is above the mask.
        station: (n,) whether a ground station sees the relay.
        earth_elevation_rad: (n,) of the Earth's centre.
        earth_range_m: (n,) from the relay to the Earth's centre.
    """

    time_s: Floats
    relay_elevation_rad: Floats
    range_m: Floats
    light_time_s: Floats
    relay_up: Flags
    station: Flags
    earth_elevation_rad: Floats
    earth_range_m: Floats

    def __post_init__(self) -> None:
        count = len(self.time_s)
        for name in (
            "time_s",
            "relay_elevation_rad",
            "range_m",
            "light_time_s",
            "earth_elevation_rad",
            "earth_range_m",
        ):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (count,), name))
        for name in ("relay_up", "station"):
            object.__setattr__(self, name, locked(getattr(self, name), np.bool_, (count,), name))

    def contacts_s(self, open_: Flags) -> Floats:
        """Return (k, 2) begin and end of the stretches in which something holds."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], open_, [False]]).astype(np.int8)))
        at = np.append(self.time_s, self.time_s[-1] + STEP_S)
        return np.asarray(at[edges].reshape(-1, 2))


def look(
    site: Site,
    epoch: Epoch,
    params: LinkParams,
    stations: Sequence[Station],
    *,
    from_s: float,
    until_s: float,
) -> Sight:
    """Return the ways between a place and the Earth over a span.

    Args:
        site: The place.
        epoch: That times count from.
        params: Phase of the relay and mask.
        stations: On Earth.
        from_s, until_s: The span.
    """
    time_s = np.arange(from_s, until_s, STEP_S)
    almanac = build_relay_almanac(
        site, epoch, from_s=from_s, until_s=until_s + STEP_S, phase_at_epoch=params.phase, stations=stations
    )
    elevation, range_m, light = almanac.sampled(time_s + STEP_S / 2)
    earth = earth_from_moon(site.latitude_rad, site.longitude_rad, *epoch.tt_at(time_s + STEP_S / 2))
    return Sight(
        time_s=time_s,
        relay_elevation_rad=elevation,
        range_m=range_m,
        light_time_s=light,
        relay_up=elevation >= math.radians(params.mask_deg),
        station=np.array([almanac.is_seen(float(at)) for at in time_s], bool),
        earth_elevation_rad=earth.elevation_rad,
        earth_range_m=light * SPEED_OF_LIGHT_M_S - range_m,
    )


def chord_depth_m(elevation_rad: float) -> float:
    """Return how deep under the surface a straight line to something below the horizon runs, 0 above it."""
    return MOON.radius_m * (1.0 - math.cos(elevation_rad)) if elevation_rad < 0.0 else 0.0
