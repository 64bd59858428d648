"""A rigid, lugged wheel on deformable soil: sinkage, drawbar pull, side force and torque by load and slip.

The normal stress under the wheel is Bekker's pressure at the depth of each point, greatest at an angle ahead of the
lowest point that moves with slip and falling to nothing where the wheel leaves the soil (Wong and Reece 1967,
doi:10.1016/0022-4898(67)90105-X; in the form of Ishigami, Miwa, Nagatani and Yoshida 2007, doi:10.1002/rob.20187). The
shear stress is that of Janosi and Hanamoto (1961) along the soil's resultant displacement under the wheel, which goes
backwards with slip and sideways with side slip. Slip makes the wheel sink by raising the exponent (Ding et al. 2010,
doi:10.1007/s11771-010-0021-7). Soil pushed aside resists by Rankine's passive pressure on the sunk side of the wheel.

Slip is 1 - v / rw where the wheel drives (rw the rim's speed at the radius without lugs) and rw / v - 1 where it skids:
1 spinning on the spot, 0 rolling, -1 locked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.bodies import MOON
from rover.core.chassis import ChassisParams
from rover.core.vehicle import VehicleParams
from sim.moon.site_tables import RegolithParams
from sim.moon.soil import SoilParams
from sim.physics.terramechanics_kernels import OUTCOMES, wheel_on_soil

_ORDER = 12
"""Of the quadrature on either side of the greatest stress; 40 points move no force by 1e-4 of the load (tested)."""

_QUADRATURE = np.polynomial.legendre.leggauss(_ORDER)

TRAP, LOOSEST, FIRMEST = -1.0, 0.0, 1.0
"""Firmness of a trap, and of a site's loosest and firmest soil."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelParams:
    """A wheel.

    Attributes:
        radius_m: Without lugs; slip is counted by it.
        width_m: Along its axle.
        shear_radius_m: Of the surface along which soil shears, between rim and tips of the lugs.
    """

    radius_m: float
    width_m: float
    shear_radius_m: float

    def figures(self) -> Floats:
        return np.array([self.radius_m, self.width_m, self.shear_radius_m])


@dataclass(frozen=True, slots=True, kw_only=True)
class SoilFigures:
    """Soil at one firmness.

    Attributes:
        cohesion_pa, friction_rad: Mohr-Coulomb strength.
        stiffness_pa_m_n, exponent: Pressure is stiffness times sinkage to the exponent.
        exponent_slip: Added to the exponent per unit of slip.
        shear_m: Shear deformation modulus.
        peak, peak_slip: The greatest stress is at peak + peak_slip * slip of the entry angle.
        exit_ratio: Depth at which the wheel leaves the soil over its sinkage.
        density_kg_m3: Of the top layer.
    """

    cohesion_pa: float
    friction_rad: float
    stiffness_pa_m_n: float
    exponent: float
    exponent_slip: float
    shear_m: float
    peak: float
    peak_slip: float
    exit_ratio: float
    density_kg_m3: float

    def figures(self) -> Floats:
        return np.array(
            [
                *(self.cohesion_pa, math.tan(self.friction_rad), self.stiffness_pa_m_n, self.exponent),
                *(self.exponent_slip, self.shear_m, self.peak, self.peak_slip, self.exit_ratio),
                self.density_kg_m3 * MOON.gravity_m_s2,
            ]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelForces:
    """What a wheel does under a load.

    Attributes:
        sinkage_m: Of its lowest point below the undisturbed ground.
        pull_n: Drawbar pull, along its heading; negative where it resists.
        side_n: Against its side slip, 0 or more.
        torque_n_m: At its axle; negative where the soil turns it.
    """

    sinkage_m: float
    pull_n: float
    side_n: float
    torque_n_m: float


def wheel_of(vehicle: VehicleParams, chassis: ChassisParams, laws: SoilParams) -> WheelParams:
    """Return a vehicle's wheel on soil."""
    return WheelParams(
        radius_m=vehicle.wheel_radius_m,
        width_m=vehicle.wheel_width_m,
        shear_radius_m=vehicle.wheel_radius_m + laws.wheels.lug_share.value * chassis.lug_height_m,
    )


def soil_of(regolith: RegolithParams, laws: SoilParams, firmness: float) -> SoilFigures:
    """Return the soil of a site at a firmness: 0 its loosest, 1 its firmest, below 0 towards the trap at -1."""
    trap, wheels = laws.trap, laws.wheels

    def between(ends: tuple[float, float], trapped: float) -> float:
        if firmness < LOOSEST:
            return ends[0] + (ends[0] - trapped) * max(firmness, TRAP)
        return ends[0] + (ends[1] - ends[0]) * min(firmness, FIRMEST)

    return SoilFigures(
        cohesion_pa=between(regolith.cohesion_pa, trap.cohesion_pa.value),
        friction_rad=math.radians(between(regolith.friction_deg, trap.friction_deg.value)),
        stiffness_pa_m_n=1000 * between(regolith.stiffness_kpa, trap.stiffness_kpa.value),
        exponent=between(regolith.exponent, trap.exponent.value),
        exponent_slip=wheels.exponent_slip.value,
        shear_m=wheels.shear_m.value,
        peak=wheels.peak.value,
        peak_slip=wheels.peak_slip.value,
        exit_ratio=wheels.exit_ratio.value,
        density_kg_m3=between(regolith.density_kg_m3, trap.density_kg_m3.value),
    )


def wheel_forces(
    wheel: WheelParams,
    soil: SoilFigures,
    *,
    load_n: float,
    slip: float,
    lateral: float = 0.0,
    order: int = _ORDER,
) -> WheelForces:
    """Return sinkage and forces of a wheel, by the full model.

    Args:
        wheel, soil: What acts on each other.
        load_n: Normal to the ground, above 0.
        slip: -1 to 1.
        lateral: Side slip: speed across over the larger of the rim's speed and the speed along, either sign.
        order: Of the quadrature.
    """
    if not (load_n > 0 and -1 <= slip <= 1):
        raise ValueError(f"load_n = {load_n}, slip = {slip}: a load above 0 and a slip of -1 to 1 are wanted")
    nodes, weights = _QUADRATURE if order == _ORDER else np.polynomial.legendre.leggauss(order)
    out = np.empty(OUTCOMES)
    wheel_on_soil(wheel.figures(), soil.figures(), load_n, slip, abs(lateral), nodes, weights, out)
    sinkage, pull, side, torque = out.tolist()
    return WheelForces(sinkage_m=sinkage, pull_n=pull, side_n=side, torque_n_m=torque)


def slip_for_pull(
    wheel: WheelParams, soil: SoilFigures, *, load_n: float, pull_n: float, most_slip: float = 1.0
) -> float:
    """Return the least slip at which a wheel pulls as hard as asked; NaN where it never does.

    Args:
        wheel, soil, load_n: As of `wheel_forces`.
        pull_n: Wanted; negative to hold back, as downhill.
        most_slip: Where the search ends.
    """
    slips = np.linspace(-0.95, most_slip, 79)
    pulls = [wheel_forces(wheel, soil, load_n=load_n, slip=slip).pull_n for slip in slips.tolist()]
    enough = np.flatnonzero(np.array(pulls) >= pull_n)
    if len(enough) == 0:
        return math.nan
    first = int(enough[0])
    if first == 0:
        return float(slips[0])
    low, high = float(slips[first - 1]), float(slips[first])
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        if wheel_forces(wheel, soil, load_n=load_n, slip=middle).pull_n >= pull_n:
            high = middle
        else:
            low = middle
    return high


def rigid_wheel_sinkage_m(
    *, load_n: float, radius_m: float, width_m: float, stiffness_pa_m_n: float, exponent: float
) -> float:
    """Return the static sinkage of a rigid wheel by Bekker's formula, 1969."""
    bearing = (3 - exponent) * width_m * stiffness_pa_m_n * math.sqrt(2 * radius_m)
    return float((3 * load_n / bearing) ** (2 / (2 * exponent + 1)))
