"""The outside of a rover as heat sees it: what its parts take up of light and glow, and what they radiate by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.errors import VehicleError
from rover.core.heat import HeatParams, PartHeat
from rover.core.vehicle import VehicleParams
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.physics.exposure import Exposure
from sim.physics.power import Axes
from sim.physics.thermal_kernels import ARRAY, BODY, MAST, PARTS, WHEELS

DUST_ABSORPTANCE = 0.93
"""Of dark dust on a radiator, as of mare regolith: one less its albedo."""

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inlet:
    """What light and glow do to the parts, as the kernel takes it.

    Attributes:
        absorbed_w: (4,) taken up by body, array, mast and wheels; the radiator's sunlight apart.
        absorbed_sum_w: Of them all.
        glow_m2: (4,) emittance times area; the radiator's apart.
        fold_m2: Effective emittance times area between body and folded array.
        radiator: (6,) see `sim.physics.thermal_kernels`.
    """

    absorbed_w: Vector
    absorbed_sum_w: float
    glow_m2: Vector
    fold_m2: float
    radiator: Vector


class Envelope:
    """The outside of a vehicle as heat sees it: areas, capacities and links, made once."""

    def __init__(self, vehicle: VehicleParams, heat: HeatParams) -> None:
        """Measure a vehicle.

        Raises:
            VehicleError: Its radiator is larger than its deck.
        """
        deck_m2 = vehicle.length_m * vehicle.width_m
        if heat.radiator.area_m2 > deck_m2:
            raise VehicleError(
                f"larger than the deck of {deck_m2:g} m2",
                remedy="give less",
                field="heat.radiator.area_m2",
                value=heat.radiator.area_m2,
            )
        self.heat = heat
        self.lean_rad = vehicle.array_lean_rad
        self.array_m2 = vehicle.array_area_m2
        self.deck_m2 = deck_m2
        self.front_m2 = vehicle.width_m * heat.body.height_m
        self.flank_m2 = vehicle.length_m * heat.body.height_m
        self.capacity = np.array(
            [
                heat.body.capacity_j_k,
                heat.array.capacity_j_k,
                heat.mast.capacity_j_k,
                heat.wheels.capacity_j_k,
            ]
        )
        self.link = np.array([0.0, heat.array.link_w_k, heat.mast.link_w_k, heat.wheels.link_w_k])
        self.covered_m2 = min(deck_m2, vehicle.array_area_m2)
        self._glow_open_m2, self._glow_folded_m2 = (self._glow_m2(folded=folded) for folded in (False, True))

    def radiator_m2(self, *, folded: bool) -> float:
        """Return what is open to the sky of the radiator, over which the array is folded first."""
        return max(0.0, self.heat.radiator.area_m2 - (self.covered_m2 if folded else 0.0))

    def deck_blanket_m2(self, *, folded: bool) -> float:
        """Return how much of the deck is wrapped and open to the sky."""
        bare = self.deck_m2 - self.heat.radiator.area_m2
        return min(bare, self.deck_m2 - self.covered_m2) if folded else bare

    def fold_m2(self, *, folded: bool) -> float:
        """Return effective emittance times area between deck and folded array."""
        return self.heat.array.fold_emittance * self.covered_m2 if folded else 0.0

    def _glow_m2(self, *, folded: bool) -> Vector:
        """Return (4,) emittance times area of the parts, m2, the radiator apart."""
        heat = self.heat
        sides = heat.array.front_emittance + (0.0 if folded else heat.array.back_emittance)
        wrapped = 2 * (self.front_m2 + self.flank_m2) + self.deck_m2 + self.deck_blanket_m2(folded=folded)
        return np.array(
            [
                heat.body.blanket_emittance * wrapped,
                sides * self.array_m2,
                heat.mast.emittance * heat.mast.area_m2,
                heat.wheels.emittance * heat.wheels.area_m2,
            ]
        )

    def inlet(
        self, exposure: Exposure, axes: Axes, *, folded: bool, faults: EnergyFaults = NO_FAULTS
    ) -> Inlet:
        """Return all that light and glow do to the parts, at an attitude."""
        forward, left, up = (axes @ exposure.sun_direction).tolist()
        absorbed = np.empty(PARTS)
        absorbed[BODY] = self._through_blankets(exposure, forward, left, up, folded=folded)
        absorbed[ARRAY] = self._array_w(exposure, axes, left, up, folded=folded)
        level = math.sqrt(max(0.0, 1.0 - up * up))
        absorbed[MAST] = _part_w(exposure, self.heat.mast, sunlit=level / math.pi)  # an upright cylinder
        absorbed[WHEELS] = _part_w(exposure, self.heat.wheels, sunlit=0.25)  # a convex body in the mean
        return Inlet(
            absorbed_w=absorbed,
            absorbed_sum_w=float(absorbed.sum()),
            glow_m2=self._glow_folded_m2 if folded else self._glow_open_m2,
            fold_m2=self.fold_m2(folded=folded),
            radiator=self._radiator(exposure, up, faults, folded=folded),
        )

    def _radiator(self, exposure: Exposure, up: float, faults: EnergyFaults, *, folded: bool) -> Vector:
        """Return the radiator as the kernel takes it; what is folded away neither takes nor gives."""
        held, area_m2 = self.heat.radiator, self.radiator_m2(folded=folded)
        absorptance = held.absorptance + faults.dust * max(0.0, DUST_ABSORPTANCE - held.absorptance)
        taken_w = absorptance * exposure.flux_w_m2 * max(0.0, up) * area_m2
        return np.array([area_m2, taken_w, held.emittance, held.shut_emittance, held.opens_k, held.open_k])

    def _through_blankets(
        self, exposure: Exposure, forward: float, left: float, up: float, *, folded: bool
    ) -> float:
        body = self.heat.body
        sunlit_m2 = abs(forward) * self.front_m2 + abs(left) * self.flank_m2
        sunlit_m2 += up * self.deck_blanket_m2(folded=folded) if up > 0 else -up * self.deck_m2
        # Half of what the sides see is ground, and all of what the belly sees.
        to_ground_m2 = self.front_m2 + self.flank_m2 + self.deck_m2
        light = body.skin_absorptance * (
            exposure.flux_w_m2 * sunlit_m2 + exposure.reflected_w_m2 * to_ground_m2
        )
        glow = body.skin_emittance * exposure.infrared_w_m2 * to_ground_m2
        return body.blanket_emittance / body.skin_emittance * (light + glow)

    def _array_w(self, exposure: Exposure, axes: Axes, left: float, up: float, *, folded: bool) -> float:
        held, lean_rad = self.heat.array, 0.0 if folded else self.lean_rad
        facing = up * math.cos(lean_rad) + left * math.sin(lean_rad)
        upright = float(axes[2, 2]) * math.cos(lean_rad) + float(axes[1, 2]) * math.sin(lean_rad)
        below = (1.0 - upright) / 2  # what the front sees of the ground; the back sees the rest
        front = held.front_absorptance * (
            exposure.flux_w_m2 * max(0.0, facing) + exposure.reflected_w_m2 * below
        )
        front += held.front_emittance * exposure.infrared_w_m2 * below
        if folded:
            return front * self.array_m2
        back = held.back_absorptance * (
            exposure.flux_w_m2 * max(0.0, -facing) + exposure.reflected_w_m2 * (1.0 - below)
        )
        back += held.back_emittance * exposure.infrared_w_m2 * (1.0 - below)
        return (front + back) * self.array_m2


def _part_w(exposure: Exposure, part: PartHeat, *, sunlit: float) -> float:
    """Return what a part takes up that has ground below and sky above: half of its view is ground."""
    light = part.absorptance * (exposure.flux_w_m2 * sunlit + exposure.reflected_w_m2 * 0.5)
    return (light + part.emittance * exposure.infrared_w_m2 * 0.5) * part.area_m2
