"""What a mission does on the ground, as `farside mission` makes it: rollout, drives, instruments, biosphere, link."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.eyes import EyesParams
from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from rover.io.vehicle import Vehicle, read_vehicle
from sim.cli.mission import Product
from sim.mission.biosphere import Biosphere, camera_times, live
from sim.mission.landing_place import LandingPlace
from sim.mission.radar import sound, traces_along
from sim.mission.radar_ground import make_underground
from sim.mission.relay_queue import Traffic
from sim.mission.relay_radio import Sight
from sim.run.closed_loop_landing import Descent
from sim.run.closed_loop_landing_events import MissionEvent
from sim.run.mission_commands import MissionOrders, command_way, mission_orders
from sim.run.mission_drive import Leg
from sim.run.mission_energy import energy_account
from sim.run.mission_events import biosphere_events, link_events, night_events, radar_event, surface_events
from sim.run.mission_rollout import RolloutDone, last_s, nights_s, roll_out, rollout_events, sight_of
from sim.run.mission_scenario import Mission
from sim.run.mission_surface import SurfaceDays
from sim.run.mission_traffic import send_all
from sim.sensors.mount import BodyPose

Floats = npt.NDArray[np.float64]

RADAR_STREAM = 11
"""Of `SeedSequence(seed, spawn_key=(stream, 0))`: the ground under the radar, and its noise."""

_HOUR_S = 3600.0
_PICTURE_H = 1.0 / 60.0
"""For which the canister's camera is on for a picture: assumed."""


_PICTURES = {
    "rollout": "rollout.png",
    "radargram": "radargram.png",
    "battery at its lowest": "energy.png",
    "biosphere off": "biosphere.png",
    "biosphere stays on": "biosphere.png",
    "link closed": "link.png",
}
"""By the event that they are shown with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsDone:
    """What came of operations.

    Attributes:
        parts: Events for the timeline, by the part of the mission that makes them.
        budgets: Tables by name, each a list of rows of column and value.
        lines: That tell of the files.
    """

    parts: dict[str, list[MissionEvent]]
    budgets: dict[str, list[dict[str, Any]]]
    lines: list[str]


class Operations:
    """What is done on the ground after a descent; each part is made when it is first asked for."""

    def __init__(self, descent: Descent, mission: Mission, params: LanderParams) -> None:
        self.descent, self.mission, self.params = descent, mission, params
        self.epoch = parse_utc(mission.descent.ignition_utc)
        self.vehicle: Vehicle = read_vehicle(mission.rover)
        self.sight: Sight | None = sight_of(mission, last_s(mission))
        self.way = command_way(mission, self.sight)
        self.orders: MissionOrders = mission_orders(mission, self.way)
        self.rollout: RolloutDone = roll_out(mission, descent, params, self.vehicle.params, self.sight)
        self.days: SurfaceDays | None = None
        self.portraits_s: float | None = None
        self._bio: Biosphere | None = None
        self._budgets: dict[str, list[dict[str, Any]]] = {}

    def begin(self, place: LandingPlace) -> None:
        """Put the rover on the ground, if it comes down and is to drive."""
        if self.mission.drive is None:
            return
        self.days = SurfaceDays(
            mission=self.mission,
            vehicle=self.vehicle,
            place=place,
            rollout=self.rollout,
            way=self.way,
        )
        self.days.begin()

    def not_ordered(self, at_s: float) -> str:
        """Return why portraits are not taken at a time: their commands are not there; empty if they are."""
        order = self.orders.portraits
        if order.time_s <= at_s:
            return ""
        return order.why or f"their commands come at {self.epoch.utc_at(order.time_s)}"

    def reach(self, viewpoint: BodyPose, at_s: float) -> BodyPose | str:
        """Drive to a viewpoint, and return how the rover stands there at a time, or why it does not."""
        if self.days is None:
            return viewpoint
        why = self.days.drive_to_portraits(viewpoint)
        if why:
            return why
        late_s = self.days.ready_s - at_s
        if late_s > 0.0:
            return f"the rover is {late_s / _HOUR_S:.1f} h late"
        return self.days.pose_at(at_s) or "the rover is not on the ground yet"

    def place_at(self, place: LandingPlace, time_s: float) -> tuple[LandingPlace, str]:
        """Return the landing place with the rover where it is at a time, or without it, and why it is not there.

        A mission without drives has it where its file says. What is left to be done is done.
        """
        pose, stays = place.rover, self.rollout.stays
        if self.days is not None:
            self.days.finish()
            found = self.days.pose_at(time_s)
            if found is None:
                why = (
                    f"the rover stays on the lander; {stays}" if stays else "the rover is still on the lander"
                )
                return self._with_rover(place, None), why
            pose = found
        return self._with_rover(place, pose), ""

    def _with_rover(self, place: LandingPlace, pose: BodyPose | None) -> LandingPlace:
        return place.with_rover(pose, self.vehicle.params, self.vehicle.part("eyes", EyesParams).navcam)

    @property
    def ramps_deg(self) -> float | None:
        """On which side of the lander the ramps are down, None while they are stowed."""
        chosen = self.rollout.chosen
        if isinstance(chosen, str) or self.rollout.stays:
            return None
        return next(row.azimuth_deg for row in self.mission.rollout.ramp if row.name == chosen.name)

    @property
    def ways_m(self) -> list[Floats]:
        """(n, 2) east and north from the lander of each drive."""
        legs = self.days.legs if self.days is not None else []
        return [leg.place_m - np.array(self.rollout.lander_m) for leg in legs]

    def may_stand(self, pose: BodyPose) -> bool:
        """Tell whether the map that drives are planned on lets the rover stand somewhere."""
        return self.days is None or self.days.may_stand(pose)

    @property
    def biosphere(self) -> Biosphere | None:
        """What happened in the canister."""
        params, orders = self.mission.biosphere, self.orders
        if (
            self._bio is None
            and params is not None
            and orders.watering is not None
            and orders.off is not None
        ):
            _, night_s = nights_s(self.mission)
            off_s = min(orders.off.time_s, night_s)
            watered_s = orders.watering.time_s if orders.watering.time_s < off_s else math.inf
            self._bio = live(params, self.mission.read_site(), self.epoch, watered_s=watered_s, off_s=off_s)
        return self._bio

    def finish(self, out: Path, only: Product | None) -> OperationsDone:
        """Make the files that are asked for, and return events, budgets and lines that tell of them."""
        if self.days is not None:
            self.days.finish()
        parts: dict[str, list[MissionEvent]] = {}
        lines: list[str] = []
        for product, make in (
            (Product.ROLLOUT, self._rollout),
            (Product.INSTRUMENTS, self._instruments),
            (Product.BIOSPHERE, self._biosphere),
            (Product.LINK, self._link),
        ):
            if only in (None, product):
                found, told = make(out)
                parts[product.value] = [replace(event, pictures=_pictures(event, out)) for event in found]
                lines += told
        return OperationsDone(parts=parts, budgets=self._budgets, lines=lines)

    def _rollout(self, out: Path) -> tuple[list[MissionEvent], list[str]]:
        from sim.cli.mission_sheets import rollout_sheet
        from sim.view.rollout import draw_rollout
        from sim.view.save import save_figure

        figure = draw_rollout(
            rollout_sheet(self.rollout, self.mission, self.vehicle, self.params, self.descent),
            title=f"{self.mission.name}: rollout",
        )
        save_figure(figure, out / "rollout.png")
        return rollout_events(self.rollout, self.mission), ["rollout.png: site check and steps"]

    def _instruments(self, out: Path) -> tuple[list[MissionEvent], list[str]]:
        days = self.days
        if days is None or not days.is_down:
            why = (
                "no drives in the mission"
                if days is None
                else f"the rover stays on the lander; {self.rollout.stays}"
            )
            event = MissionEvent(
                time_s=self.rollout.steps.stopped_s, name="instruments", words=f"none work: {why}", figures={},
                derived=True,
            )  # fmt: skip
            return [event], [f"radargram.png: none, {why}"]
        found, told = self._radar(days, out)
        told += self._energy(days, out)
        return [*surface_events(days), *night_events(self.mission, self.way), *found], told

    def _energy(self, days: SurfaceDays, out: Path) -> list[str]:
        from sim.cli.mission_sheets import energy_sheet, write_energy
        from sim.view.mission_energy import draw_mission_energy
        from sim.view.save import save_figure

        account = energy_account(days)
        sheet = energy_sheet(account, days)
        rows = [*sheet.loads_wh, *sheet.sums_wh]
        self._budgets["energy of the rover"] = [
            {"load": name, "energy_wh": round(wh, 1)} for name, wh in rows
        ]
        save_figure(
            draw_mission_energy(sheet, title=f"{self.mission.name}: energy of the rover"), out / "energy.png"
        )
        write_energy(account, self.epoch.utc_at, out / "energy.csv")
        return [f"energy.png, energy.csv: {sheet.words}"]

    def _radar(self, days: SurfaceDays, out: Path) -> tuple[list[MissionEvent], list[str]]:
        from sim.cli.mission_sheets import radar_panels
        from sim.view.radargram import draw_radargram
        from sim.view.save import save_figure

        radar = self.mission.radar
        if radar is None:
            return [], []
        along, breaks = tracked(days.legs, radar.trace_s)
        if len(along) < 2:
            return [], ["radargram.png: none, the rover does not drive"]
        streams = np.random.SeedSequence(self.mission.seed, spawn_key=(RADAR_STREAM, 0)).spawn(
            1 + len(radar.channel)
        )
        ground = make_underground(radar.layer, along, np.random.default_rng(streams[0]))
        grams = [
            sound(channel, ground, along, np.random.default_rng(stream))
            for channel, stream in zip(radar.channel, streams[1:], strict=True)
        ]
        thick = int(np.argmax([layer.thickness_m for layer in radar.layer[:2]]))
        names = [layer.name for layer in radar.layer]
        panels = [panel for gram in grams for panel in radar_panels(gram, ground, along, names, thick)]
        figure = draw_radargram(
            panels, breaks[:-1], title=f"{self.mission.name}: radargrams",
            words="mean trace taken off, evened out over time; dashed: borders of the layers that were put in; "
            "blue: where one drive ends",
        )  # fmt: skip
        save_figure(figure, out / "radargram.png")
        event = radar_event(grams, days.legs[-1].end_s, float(ground.permittivity[thick]))
        return [event], [f"radargram.png: {len(along)} traces over {along[-1]:.1f} m"]

    def _biosphere(self, out: Path) -> tuple[list[MissionEvent], list[str]]:
        from sim.cli.mission_sheets import biosphere_sheet
        from sim.view.biosphere import draw_biosphere
        from sim.view.save import save_figure

        bio, params = self.biosphere, self.mission.biosphere
        if bio is None or params is None:
            return [], []
        save_figure(
            draw_biosphere(biosphere_sheet(bio, self.mission), title=f"{self.mission.name}: biosphere"),
            out / "biosphere.png",
        )
        on_h = (min(bio.off_s, float(bio.time_s[-1])) - float(bio.time_s[0])) / _HOUR_S
        camera_h = len(camera_times(params, bio)) * _PICTURE_H
        self._budgets["energy of the biosphere"] = [
            {"load": "heater", "energy_wh": round(bio.heater_j / 3600.0, 1)},
            {"load": "electronics", "energy_wh": round(params.electronics_w * on_h, 1)},
            {"load": "camera", "energy_wh": round(params.camera_w * camera_h, 2)},
        ]
        came = [one.row.name for one in bio.growth if not math.isnan(one.reached_s)]
        told = ", ".join(came) if came else "nothing"
        return biosphere_events(bio, self.mission, self.orders), [
            f"biosphere.png: {told} came up by degree-hours"
        ]

    def _link(self, out: Path) -> tuple[list[MissionEvent], list[str]]:
        from sim.cli.mission_sheets import link_sheet, write_traffic
        from sim.view.link import draw_link
        from sim.view.save import save_figure

        if self.sight is None:
            return [], []
        days = send_all(
            self.mission, self.params, self.vehicle, self.sight, touchdown_s=self.descent.touchdown.time_s,
            rollout=self.rollout, days=self.days if self.days is not None and self.days.is_down else None,
            bio=self.biosphere, portraits_s=self.portraits_s,
        )  # fmt: skip
        sheet = link_sheet(days, self.mission)
        self._budgets["sent down"] = [
            {
                "data": name,
                "made_mbit": round(made, 2),
                "on_earth_mbit": round(there, 2),
                "longest_way_h": round(hours, 2),
            }
            for name, made, there, hours in sheet.sums
        ]
        self._budgets["bits"] = [bits_balance(days.down, "down"), bits_balance(days.up, "up")]
        save_figure(draw_link(sheet, title=f"{self.mission.name}: link through Queqiao"), out / "link.png")
        write_traffic(days, self.epoch.utc_at, out / "link.csv")
        return link_events(days, self.mission), [f"link.png, link.csv: {sheet.words}"]


def _pictures(event: MissionEvent, out: Path) -> tuple[str, ...]:
    name = _PICTURES.get(event.name, "")
    return (name,) if name and (out / name).is_file() else ()


def bits_balance(traffic: Traffic, way: str) -> dict[str, Any]:
    """Return what became of all bits of a way."""
    board = sum(float(held[-1]) for held in traffic.on_board_bit.values())
    return {
        "way": way,
        "made_bit": int(traffic.made_bit[-1]),
        "arrived_bit": int(traffic.arrived_bit[-1]),
        "in_stores_bit": int(board + float(traffic.on_relay_bit[-1])),
        "lost_bit": int(traffic.lost_bit[-1]),
    }


def tracked(legs: list[Leg], trace_s: float) -> tuple[Floats, list[float]]:
    """Return (n,) distances driven at which traces are taken, over all drives, and where each drive ends."""
    found, ends, before = [np.empty(0)], [], 0.0
    for leg in legs:
        _, along, _ = traces_along(leg.time_s, leg.place_m, leg.distance_m, leg.moving, trace_s)
        found.append(before + along)
        before += float(leg.distance_m[-1])
        ends.append(before)
    return np.concatenate(found), ends
