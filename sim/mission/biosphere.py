"""The canister with seeds on the lander's deck: its heat, and growth by degree-hours.

Two lumps of heat: the deck, which the Sun warms and which radiates into the sky, and the canister, joined to it, with a
heater that a thermostat switches, electronics, light through a pipe, and 18 ml of water that freezes at 273.15 K with
its latent heat. Life begins with the watering. It gathers degree-hours over a base temperature, most at the best one,
none beyond the most it bears (the triangle of Garcia-Huidobro et al. 1982, J. Exp. Bot. 33, 288); frost ends it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from rover.core.time import Epoch, parse_utc
from rover.core.vehicle import NotNegative, Positive
from sim.mission.daylight import sunlight_at
from sim.mission.figures import Figures, Name, Number, Row, Share, Utc
from sim.moon.site import SiteParams
from sim.physics.exposure import sun_flux_w_m2

Floats = npt.NDArray[np.float64]

STEP_S = 60.0
ZERO_C_K = 273.15
WATER_J_KG_K, ICE_J_KG_K, FUSION_J_KG = 4186.0, 2060.0, 333_550.0
"""Of water, ice and melting (CRC Handbook of Chemistry and Physics)."""

_STEFAN_BOLTZMANN = 5.670374419e-8


class SpeciesRow(Row):
    """Something alive, and how warm it wants it."""

    name: Name
    sets: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)] = Field(
        description="that it is part of"
    )
    stage: Name = Field(description="what comes of it: sprout, larva, ...")
    base_c: Number = Field(description="no growth below")
    best_c: Number
    most_c: Number = Field(description="no growth above")
    degree_h: Positive = Field(description="above the base until the stage is reached")
    record: str = Field(default="", description="what is told of the real one")

    @model_validator(mode="after")
    def _rising(self) -> SpeciesRow:
        if not self.base_c < self.best_c < self.most_c:
            raise ValueError(
                f"{self.name}: base_c = {self.base_c}, best_c = {self.best_c} and most_c = {self.most_c} do not rise; "
                "write them from cold to warm"
            )
        return self


class BiosphereParams(Figures):
    """The canister, the deck that it stands on, and who is inside."""

    species_set: Name = Field(description="which species are inside")
    watered_utc: Utc
    off_utc: Utc
    heated: bool = True
    canister_kg: Positive
    water_kg: Positive
    structure_j_kg_k: Positive
    link_w_k: Positive = Field(description="between canister and deck")
    skin_m2: Positive
    skin_emittance: Share
    pipe_m2: NotNegative = Field(description="opening of the light pipe")
    pipe_share: Share = Field(description="of the light on it that ends up inside")
    electronics_w: NotNegative
    heater_w: NotNegative
    heater_on_c: Number
    heater_off_c: Number
    deck_m2: Positive
    deck_absorptance: Share
    deck_emittance: Annotated[float, Field(gt=0, le=1)]
    deck_j_k: Positive
    deck_heat_w: NotNegative = Field(description="from inside the lander while that is awake")
    begin_c: Number = Field(description="of canister and deck at the watering")
    design_low_c: Number
    design_high_c: Number
    camera_w: NotNegative
    picture_every_h: Positive
    picture_bit: Annotated[int, Field(ge=1, le=10**9)]
    after_h: NotNegative = Field(description="followed so long after it is switched off")
    species: Annotated[tuple[SpeciesRow, ...], Field(strict=False, min_length=1, max_length=40)]

    @model_validator(mode="after")
    def _ordered(self) -> BiosphereParams:
        if not self.heater_on_c < self.heater_off_c:
            raise ValueError(
                f"heater_on_c = {self.heater_on_c} is not below heater_off_c = {self.heater_off_c}; lower it"
            )
        if not self.water_kg < self.canister_kg:
            raise ValueError(
                f"water_kg = {self.water_kg} is not less than canister_kg = {self.canister_kg}; lower it"
            )
        if not parse_utc(self.watered_utc).seconds_until(parse_utc(self.off_utc)) > 0:
            raise ValueError(
                f"off_utc = {self.off_utc} is not after watered_utc = {self.watered_utc}; give it later"
            )
        if not self.inside:
            known = sorted({name for row in self.species for name in row.sets})
            raise ValueError(
                f"species_set = {self.species_set} has no species; give one of {', '.join(known)}"
            )
        return self

    @property
    def inside(self) -> tuple[SpeciesRow, ...]:
        """The species of the set that flies."""
        return tuple(row for row in self.species if self.species_set in row.sets)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Growth:
    """One species.

    Attributes:
        row: Which.
        degree_h: (n,) gathered.
        reached_s: When its stage was reached, NaN if it was not.
        ended: Why it stopped growing, empty while it goes on.
    """

    row: SpeciesRow
    degree_h: Floats
    reached_s: float
    ended: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Biosphere:
    """What happened in the canister.

    Attributes:
        time_s: (n,) since the mission's epoch.
        canister_k, deck_k: (n,).
        heater_w: (n,) in the step before.
        sun_rad: (n,) elevation of the Sun.
        frozen: (n,) share of the water that is ice.
        watered_s, off_s: When it was watered and switched off; infinite, and it never was.
        growth: Of each species.
    """

    time_s: Floats
    canister_k: Floats
    deck_k: Floats
    heater_w: Floats
    sun_rad: Floats
    frozen: Floats
    watered_s: float
    off_s: float
    growth: tuple[Growth, ...]

    @property
    def frozen_s(self) -> float:
        """When ice first forms, NaN if it does not."""
        icy = np.flatnonzero(self.frozen > 0.0)
        return float(self.time_s[icy[0]]) if len(icy) else math.nan

    @property
    def heater_j(self) -> float:
        """What the heater took."""
        return float((self.heater_w[1:] * np.diff(self.time_s)).sum())


def growth_rate(row: SpeciesRow, celsius: npt.ArrayLike) -> Floats:
    """Return degrees above the base that count at temperatures: up to the best, then down to none at the most."""
    at = np.asarray(celsius, np.float64)
    falling = (row.best_c - row.base_c) * (row.most_c - at) / (row.most_c - row.best_c)
    return np.asarray(np.clip(np.minimum(at - row.base_c, falling), 0.0, None))


def live(
    params: BiosphereParams,
    site: SiteParams,
    epoch: Epoch,
    *,
    watered_s: float | None = None,
    off_s: float | None = None,
) -> Biosphere:
    """Return what becomes of the canister from its watering until some time after it is switched off.

    Args:
        params: The canister and who is inside.
        site: Under whose Sun.
        epoch: That times count from.
        watered_s, off_s: When it is watered and switched off, infinite if it never is; as the mission file has it if
            left out. Dry seeds do not grow, and are followed from when they were to be watered.
    """
    planned, planned_off = (
        epoch.seconds_until(parse_utc(utc)) for utc in (params.watered_utc, params.off_utc)
    )
    watered = planned if watered_s is None else watered_s
    off = planned_off if off_s is None else off_s
    begin = watered if math.isfinite(watered) else planned
    end = max(begin, off if math.isfinite(off) else planned_off) + 3600.0 * params.after_h
    time_s = np.arange(begin, end + STEP_S, STEP_S)
    coarse = np.append(np.arange(time_s[0], time_s[-1], 1800.0), time_s[-1])
    suns = [sunlight_at(site, epoch, float(at)) for at in coarse]
    sun_rad = np.interp(time_s, coarse, [sun.elevation_rad for sun in suns])
    flux = np.interp(time_s, coarse, [sun_flux_w_m2(sun.distance_m) for sun in suns])
    canister, deck, heater, frozen = _heat(params, time_s, flux * np.clip(np.sin(sun_rad), 0.0, None), off)
    icy = np.flatnonzero(frozen > 0.0)
    frost = int(icy[0]) if len(icy) else len(time_s)
    return Biosphere(
        time_s=time_s,
        canister_k=canister,
        deck_k=deck,
        heater_w=heater,
        sun_rad=sun_rad,
        frozen=frozen,
        watered_s=watered,
        off_s=off,
        growth=tuple(
            _grown(row, time_s, canister, 0 if math.isinf(watered) else frost, off) for row in params.inside
        ),
    )


def _heat(
    params: BiosphereParams, time_s: Floats, level_w_m2: Floats, off_s: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return (n,) temperatures of canister and deck, heater power, and the share of ice."""
    count = len(time_s)
    canister, deck = np.empty(count), np.empty(count)
    heater, frozen = np.zeros(count), np.zeros(count)
    canister[0] = deck[0] = params.begin_c + ZERO_C_K
    structure = (params.canister_kg - params.water_kg) * params.structure_j_kg_k
    on = False
    for n in range(1, count):
        inside, plate, ice = float(canister[n - 1]), float(deck[n - 1]), float(frozen[n - 1])
        awake = time_s[n - 1] < off_s
        on = _thermostat(params, inside - ZERO_C_K, was=on) and awake and params.heated
        through = params.link_w_k * (plate - inside)
        sun = float(level_w_m2[n - 1])
        into = (
            through
            + (params.heater_w if on else 0.0)
            + (params.electronics_w if awake else 0.0)
            + params.pipe_share * params.pipe_m2 * sun
            - params.skin_emittance * params.skin_m2 * _STEFAN_BOLTZMANN * inside**4
        )
        plate_into = (
            params.deck_absorptance * params.deck_m2 * sun
            + (params.deck_heat_w if awake else 0.0)
            - params.deck_emittance * params.deck_m2 * _STEFAN_BOLTZMANN * plate**4
            - through
        )
        deck[n] = plate + STEP_S * plate_into / params.deck_j_k
        canister[n], frozen[n] = _warmed(inside, ice, STEP_S * into, structure, params.water_kg)
        heater[n] = params.heater_w if on else 0.0
    return canister, deck, heater, frozen


def _thermostat(params: BiosphereParams, celsius: float, *, was: bool) -> bool:
    """Return whether the heater is on: from the lower temperature until the upper one."""
    return celsius < params.heater_off_c if was else celsius < params.heater_on_c


def _warmed(
    kelvin: float, ice: float, joules: float, structure_j_k: float, water_kg: float
) -> tuple[float, float]:
    """Return temperature and share of ice after heat went in; at the melting point it freezes or melts first."""
    capacity = structure_j_k + water_kg * (WATER_J_KG_K * (1.0 - ice) + ICE_J_KG_K * ice)
    after = kelvin + joules / capacity
    crossing = (after < ZERO_C_K and ice < 1.0) or (after > ZERO_C_K and ice > 0.0)
    if not crossing:
        return after, ice
    spare = capacity * (after - ZERO_C_K)  # below zero it freezes, above it melts
    turned = ice - spare / (water_kg * FUSION_J_KG)
    if 0.0 <= turned <= 1.0:
        return ZERO_C_K, turned
    whole = min(max(turned, 0.0), 1.0)
    left = (whole - turned) * water_kg * FUSION_J_KG
    return ZERO_C_K + left / (structure_j_k + water_kg * (ICE_J_KG_K if whole else WATER_J_KG_K)), whole


def _grown(row: SpeciesRow, time_s: Floats, canister_k: Floats, frost: int, off_s: float) -> Growth:
    """Return what a species gathers until frost, and when its stage is reached."""
    rate = growth_rate(row, canister_k - ZERO_C_K)
    rate[frost:] = 0.0
    gathered = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(time_s))]) / 3600.0
    over = np.flatnonzero(gathered >= row.degree_h)
    ended = ""
    if frost == 0:
        ended = "it was never watered"
    elif frost < len(time_s):
        when = "after" if time_s[frost] >= off_s else "before"
        ended = f"the water froze, {when} the canister was switched off"
    return Growth(
        row=row, degree_h=gathered, reached_s=float(time_s[over[0]]) if len(over) else math.nan, ended=ended
    )


def camera_times(params: BiosphereParams, bio: Biosphere) -> Sequence[float]:
    """Return when the camera takes its pictures: none of dry seeds, whose camera is switched on with the watering."""
    if math.isinf(bio.watered_s):
        return []
    every = 3600.0 * params.picture_every_h
    return [
        float(at) for at in np.arange(bio.watered_s + every, min(bio.off_s, float(bio.time_s[-1])), every)
    ]
