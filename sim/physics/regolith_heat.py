"""How warm the ground's surface is: heat in one dimension through regolith, after Hayne et al. 2017.

The model is that of Hayne et al. 2017 (doi:10.1002/2017JE005387, appendix A): density and contact conductivity rise
with depth by exp(-z / H), the conductivity has a radiative term in T^3, the specific heat is a polynomial in T, and the
reflectance grows with the angle of incidence (Keihm 1984, Vasavada et al. 2012). It is solved by finite volumes in
enthalpy, so that heat is conserved, with an implicit method of second order that is stable at any step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from rover.core.arrays import locked
from sim.physics.regolith_heat_kernels import GAMMA, STEFAN_BOLTZMANN, conduct, enthalpy

Vector = npt.NDArray[np.float64]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Coefficients = Annotated[tuple[float, float, float, float, float], Field(strict=False)]

DEPTH_M, FIRST_CELL_M, GROWTH = 0.6, 0.002, 1.2
"""Of the column: some ten skin depths of a lunar day; its topmost cell; each cell over the one above."""

STEP_S = 1200.0
SPIN_UP_DAYS, SPIN_UP_STEP_S = 6, 3600.0


class RegolithHeatParams(BaseModel):
    """Thermal figures of regolith. Names as in Hayne et al. 2017, table A1."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    surface_density_kg_m3: Positive
    deep_density_kg_m3: Positive
    scale_depth_m: Positive = Field(
        description="H, over which both rise from the surface's to the deep value"
    )
    surface_conductivity_w_m_k: Positive = Field(description="by contact")
    deep_conductivity_w_m_k: Positive
    radiative: NotNegative = Field(description="chi: of the conductivity, at 350 K over that by contact")
    specific_heat: Coefficients = Field(description="J/kg/K by powers of the temperature in K, 0 to 4")
    emissivity: Annotated[float, Field(gt=0, le=1)]
    albedo: Annotated[float, Field(ge=0, le=0.5)] = Field(description="at normal incidence")
    albedo_cubic: NotNegative = Field(description="times (incidence / 45 deg)^3")
    albedo_octic: NotNegative = Field(description="times (incidence / 90 deg)^8")
    heat_flow_w_m2: NotNegative = Field(description="from the Moon's interior")

    @model_validator(mode="after")
    def _reflects_no_more_than_it_gets(self) -> RegolithHeatParams:
        if reflectance(math.pi / 2, self) > 1.0:
            raise ValueError(
                "it reflects more than it gets at grazing incidence; lower albedo_cubic or albedo_octic"
            )
        return self


Angle = TypeVar("Angle", float, Vector)


def reflectance(incidence_rad: Angle, params: RegolithHeatParams) -> Angle:
    """Return the share of sunlight that ground reflects, by the angle of incidence, 0 to pi / 2 (any shape)."""
    cubic, octic = incidence_rad / (math.pi / 4), incidence_rad / (math.pi / 2)
    return params.albedo + params.albedo_cubic * cubic**3 + params.albedo_octic * octic**8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sunlight:
    """Light on level ground at the two stages of each of n steps.

    Attributes:
        step_s: Length of a step.
        sin_elevation: (n, 2) of the Sun.
        flux_w_m2: (n, 2) on a plane that faces it, shadow counted.
    """

    step_s: float
    sin_elevation: Vector
    flux_w_m2: Vector

    def __post_init__(self) -> None:
        for name in ("sin_elevation", "flux_w_m2"):
            held = locked(getattr(self, name), np.float64, (None, 2), name)
            object.__setattr__(self, name, held)

    def absorbed_w_m2(self, params: RegolithHeatParams) -> Vector:
        """Return (n, 2) what the ground takes up."""
        facing = np.clip(self.sin_elevation, 0.0, 1.0)
        return np.asarray(self.flux_w_m2 * facing * (1.0 - reflectance(np.arccos(facing), params)))


def stages_s(from_s: float, until_s: float, step_s: float) -> Vector:
    """Return (n, 2) the times at which `Sunlight` is asked for over a span cut into steps, the last a little longer."""
    starts = from_s + step_s * np.arange(max(1, int(np.ceil((until_s - from_s) / step_s - 1e-9))))
    return np.stack([starts + GAMMA * step_s, starts + step_s], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """Regolith under a square metre, by depth.

    Attributes:
        temperature_k: (n + 1,) of the surface and of n cells below it.
    """

    temperature_k: Vector

    def __post_init__(self) -> None:
        held = locked(self.temperature_k, np.float64, (len(_THICKNESS_M) + 1,), "temperature_k")
        object.__setattr__(self, "temperature_k", held)

    def heat_j_m2(self, params: RegolithHeatParams) -> float:
        """Return the heat it holds, over that at 0 K."""
        mass, _ = _layers(params)
        coefficients = np.array(params.specific_heat)
        return float(
            sum(m * enthalpy(t, coefficients) for m, t in zip(mass, self.temperature_k[1:], strict=True))
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Warming:
    """What a span of time does to a column.

    Attributes:
        column: At its end.
        surface_k: (n,) at the end of each step.
        absorbed_j_m2, radiated_j_m2: By the surface, in all.
    """

    column: Column
    surface_k: Vector
    absorbed_j_m2: float
    radiated_j_m2: float


def warm(column: Column, light: Sunlight, params: RegolithHeatParams) -> Warming:
    """Pass the time of `light` over a column."""
    after, surface, _, ledger = _run(column, light, params)
    return Warming(
        column=after, surface_k=surface, absorbed_j_m2=float(ledger[0]), radiated_j_m2=float(ledger[1])
    )


def settled(light: Sunlight, params: RegolithHeatParams, *, days: int = SPIN_UP_DAYS) -> Column:
    """Return the column at the start and end of a lunar day that repeats for ever.

    After each day the temperatures at depth are set right so that the day's mean flux through every layer would be that
    of the interior, which otherwise takes years.

    Args:
        light: Of one whole day.
        params: The regolith.
        days: How often it is repeated.
    """
    mean = float(light.absorbed_w_m2(params).mean()) + params.heat_flow_w_m2
    even = (mean / (params.emissivity * STEFAN_BOLTZMANN)) ** 0.25
    column = Column(temperature_k=np.full(len(_THICKNESS_M) + 1, max(even, 40.0)))
    for day in range(days):
        column, _, sums, _ = _run(column, light, params)
        if day < days - 2:
            column = _leveled(column, sums, params, light.step_s * len(light.flux_w_m2))
    return column


def _leveled(column: Column, sums: Vector, params: RegolithHeatParams, span_s: float) -> Column:
    flux, link = sums / span_s
    off = (flux + params.heat_flow_w_m2) / link
    off[0] = 0.0  # the topmost cell follows the surface by itself
    change = np.cumsum(off)
    held = np.array(column.temperature_k)
    held[1:] = np.maximum(held[1:] + change, 20.0)
    return Column(temperature_k=held)


def _run(
    column: Column, light: Sunlight, params: RegolithHeatParams
) -> tuple[Column, Vector, Vector, Vector]:
    mass, conductivity = _layers(params)
    held, suns = np.array(column.temperature_k), light.absorbed_w_m2(params)
    surface, sums, ledger = np.empty(len(suns)), np.zeros((2, len(mass))), np.zeros(2)
    conduct(
        held,
        mass,
        np.array(params.specific_heat),
        conductivity,
        _THICKNESS_M,
        params.radiative,
        params.emissivity,
        suns,
        params.heat_flow_w_m2,
        light.step_s,
        surface,
        sums,
        ledger,
    )
    return Column(temperature_k=held), surface, sums, ledger


def _thickness_m() -> Vector:
    cells = int(np.ceil(np.log1p(DEPTH_M / FIRST_CELL_M * (GROWTH - 1.0)) / np.log(GROWTH)))
    return np.asarray(FIRST_CELL_M * GROWTH ** np.arange(cells))


_THICKNESS_M = _thickness_m()
_EDGES_M = np.concatenate([[0.0], np.cumsum(_THICKNESS_M)])


def _layers(params: RegolithHeatParams) -> tuple[Vector, Vector]:
    """Return (n,) mass in kg/m2 and contact conductivity in W/m/K of the cells, means over each."""
    fade = params.scale_depth_m * -np.diff(np.exp(-_EDGES_M / params.scale_depth_m)) / _THICKNESS_M
    density = params.deep_density_kg_m3 - (params.deep_density_kg_m3 - params.surface_density_kg_m3) * fade
    top, deep = params.surface_conductivity_w_m_k, params.deep_conductivity_w_m_k
    return density * _THICKNESS_M, deep - (deep - top) * fade
