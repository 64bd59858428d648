"""Figures of a rover's power and heat: the tables `[power]` and `[heat]` of a vehicle file.

They say what `VehicleParams` leaves out: how array and battery change with temperature and incidence, and what the
parts of the rover absorb, radiate, hold and pass on. Each leaf of the file is a figure with its source.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rover.core.vehicle import Fraction, NotNegative, Positive

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Kelvin = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PowerParams(_Table):
    """Array and battery beyond `VehicleParams`; efficiencies there hold for an array that faces the Sun, at work."""

    cell_efficiency: Fraction = Field(description="of a cell at `cell_reference_k` that faces the Sun")
    packing: Fraction = Field(description="share of the array that is cells, wiring losses taken off")
    cell_reference_k: Kelvin
    cell_per_k: Annotated[float, Field(gt=-0.02, le=0, allow_inf_nan=False)] = Field(
        description="change of the efficiency over its reference per kelvin"
    )
    angular_loss: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        description="of Martin and Ruiz; 0 loses nothing to reflection at grazing incidence"
    )
    dust: Share = Field(description="share of the light that dust keeps from the cells")
    battery_reference_k: Kelvin = Field(description="at which charge and discharge have their efficiencies")
    battery_activation_j_mol: NotNegative = Field(description="by which its losses grow in the cold")
    self_discharge_per_day: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = Field(
        description="share of its charge at `battery_reference_k`"
    )


class BodyHeat(_Table):
    """The box with electronics and battery, wrapped in blankets."""

    capacity_j_k: Positive
    height_m: Positive = Field(description="of its sides; they are as long and wide as the vehicle")
    blanket_emittance: Fraction = Field(description="effective, through the blankets")
    skin_absorptance: Share = Field(description="of the blankets' outer layer, for sunlight")
    skin_emittance: Fraction
    load_share: Share = Field(description="of the loads becomes heat here, the rest in the mast")
    rhu_w: NotNegative = Field(description="heat of the radioisotope units")


class RadiatorHeat(_Table):
    """A radiator on the deck whose link to the body, by louvers or a loop, opens with temperature."""

    area_m2: NotNegative
    absorptance: Share
    emittance: Fraction = Field(description="open")
    shut_emittance: Share = Field(description="shut; it absorbs less in the same ratio")
    opens_k: Kelvin = Field(description="of the body; below it is shut")
    open_k: Kelvin = Field(description="of the body; above it is open")

    @model_validator(mode="after")
    def _ordered(self) -> RadiatorHeat:
        if self.opens_k >= self.open_k:
            raise ValueError(f"opens_k = {self.opens_k} is not below open_k = {self.open_k}; exchange them")
        if self.shut_emittance > self.emittance:
            raise ValueError(
                f"shut_emittance = {self.shut_emittance} is over emittance = {self.emittance}; exchange them"
            )
        return self


class ArrayHeat(_Table):
    """The array: cells in front, a bare back; folded it lies over the deck, a blanket between."""

    capacity_j_k: Positive
    front_absorptance: Share
    front_emittance: Fraction
    back_absorptance: Share
    back_emittance: Fraction
    fold_emittance: Fraction = Field(description="effective, between deck and folded array")
    link_w_k: NotNegative = Field(description="conduction to the body")


class PartHeat(_Table):
    """A part outside the body."""

    capacity_j_k: Positive
    area_m2: Positive = Field(description="all of its surface")
    absorptance: Share
    emittance: Fraction
    link_w_k: NotNegative = Field(description="conduction to the body")


class HeatLimits(_Table):
    """Temperatures of the body."""

    work_max_k: Kelvin = Field(description="warmer than this it may not drive or work")
    survive_max_k: Kelvin = Field(description="warmer than this it fails")
    survive_min_k: Kelvin = Field(description="colder than this it fails")

    @model_validator(mode="after")
    def _ordered(self) -> HeatLimits:
        if not self.survive_min_k < self.work_max_k <= self.survive_max_k:
            raise ValueError(
                f"survive_min_k = {self.survive_min_k}, work_max_k = {self.work_max_k} and "
                f"survive_max_k = {self.survive_max_k} are out of order; let them grow in this order"
            )
        return self


class HeatParams(_Table):
    """The parts of a rover and what heat passes between them."""

    body: BodyHeat
    radiator: RadiatorHeat
    array: ArrayHeat
    mast: PartHeat
    wheels: PartHeat = Field(description="all of them together")
    limits: HeatLimits
