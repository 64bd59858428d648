"""What the rover, the canister and the link do in a mission, as events for its timeline."""

from __future__ import annotations

import math

import numpy as np

from rover.core.time import parse_utc
from rover.core.vehicle import VehicleParams
from sim.mission.biosphere import ZERO_C_K, Biosphere
from sim.mission.daylight import sunlight_at
from sim.mission.radar import Radargram
from sim.mission.relay_queue import Sent
from sim.mission.relay_radio import chord_depth_m
from sim.run.closed_loop_landing_events import MissionEvent
from sim.run.mission_commands import CommandWay, MissionOrders, Order, why_closed
from sim.run.mission_rollout import nights_s
from sim.run.mission_scenario import Mission
from sim.run.mission_surface import SurfaceDays
from sim.run.mission_traffic import LinkDays, radar_bits

_J_PER_WH = 3600.0


def _event(time_s: float, name: str, words: str, **figures: object) -> MissionEvent:
    return MissionEvent(time_s=time_s, name=name, words=words, figures=figures, derived=True)


def _dated(time_s: float, name: str, words: str, **figures: object) -> MissionEvent:
    return MissionEvent(time_s=time_s, name=name, words=words, figures=figures, derived=False)


def surface_events(days: SurfaceDays) -> list[MissionEvent]:
    """Return drives, the radar on them, measurements, and the battery at its lowest."""
    mission, vehicle = days.mission, days.vehicle.params
    found = []
    for leg in days.legs:
        driven_wh = float(leg.load_j[-1]) / _J_PER_WH
        found.append(_event(leg.start_s, "drive begins", leg.name, soc=round(float(leg.soc[0]), 3)))
        words = f"{leg.name}: {leg.reason}"
        east, north = leg.place_m[-1] - np.array(days.rollout.lander_m)
        found.append(
            _event(
                leg.end_s, "drive ends", words, arrived=leg.arrived, driven_m=round(float(leg.distance_m[-1]), 1),
                hours=round((leg.end_s - leg.start_s) / 3600.0, 2), command_cycles=len(leg.command_s),
                east_m=round(float(east), 1), north_m=round(float(north), 1), soc=round(float(leg.soc[-1]), 3),
                energy_wh=round(driven_wh, 1),
            )
        )  # fmt: skip
        if mission.radar is not None:
            bits, first, last = radar_bits(mission.radar, leg)
            hours = float(np.diff(leg.time_s)[leg.moving[1:]].sum()) / 3600.0
            if bits:
                found.append(
                    _event(
                        first, "radar", f"sounds the ground while driving: {leg.name}",
                    moving_min=round(60.0 * hours, 1), within_h=round((last - first) / 3600.0, 2),
                        data_mbit=round(bits / 1e6, 1), energy_wh=round(hours * mission.radar.watts, 2),
                    )
                )  # fmt: skip
    nap = days.nap_s
    if days.is_down and nap[0] > days.rollout.down_s:
        found.append(_dated(nap[0], "noon nap begins", "the ground is too hot to work", rover=True))
        found.append(_dated(nap[1], "noon nap ends", "the rover works on", rover=True))
    if days.unheard:
        found.append(_event(days.unheard_s, "drive not begun", days.unheard))
    found += [_measured(days, vehicle, n) for n in range(len(days.measurements))]
    if days.charge:
        low = min(days.charge, key=lambda charge: float(charge.soc.min()))
        at = int(low.soc.argmin())
        found.append(
            _event(
                float(low.time_s[at]), "battery at its lowest", "between drives", soc=round(float(low.soc[at]), 3),
                unserved_wh=round(sum(charge.unserved_j for charge in days.charge) / _J_PER_WH, 2),
            )
        )  # fmt: skip
    return found


def _measured(days: SurfaceDays, vehicle: VehicleParams, n: int) -> MissionEvent:
    one = days.measurements[n]
    figures: dict[str, object] = {name: round(value, 2) for name, value in one.figures.items()}
    if one.done:
        turn_s = abs(math.degrees(one.turned_rad)) / vehicle.turn_rate_deg_s
        joules = 60.0 * one.row.minutes * one.row.watts + turn_s * vehicle.drive_w
        figures |= {
            "minutes": one.row.minutes,
            "energy_wh": round(joules / _J_PER_WH, 2),
            "data_mbit": round(one.row.data_bit / 1e6, 2),
        }
    return _event(one.start_s, one.kind, f"{one.row.name}: {one.words}", done=one.done, **figures)


def night_events(mission: Mission, way: CommandWay | None = None) -> list[MissionEvent]:
    """Return when rover and lander go to sleep for their first night, by command or, without one, by themselves."""
    found = []
    for name, at in zip(("rover", "lander"), nights_s(mission), strict=True):
        if math.isfinite(at):
            sun = sunlight_at(mission.read_site(), parse_utc(mission.descent.ignition_utc), at)
            height = round(math.degrees(sun.elevation_rad), 2)
            told = way is None or way.there_s(at, way.block_bit) <= at
            words = (
                "is put to sleep for the night"
                if told
                else "goes to sleep by itself: its command is not there"
            )
            found.append(_event(at, "dormant", f"the {name} {words}", sun_elevation_deg=height))
    return found


def radar_event(grams: list[Radargram], at_s: float, permittivity: float) -> MissionEvent:
    """Return what the radargrams can tell."""
    figures = {}
    for gram in grams:
        key = gram.channel.name.replace(" ", "_").lower()
        figures[f"{key}_resolution_m"] = round(gram.channel.resolution_m(permittivity), 2)
        figures[f"{key}_sees_m"] = round(gram.seen_m, 1)
        figures[f"{key}_traces"] = gram.echo.shape[1]
    return _event(at_s, "radargram", "layers and rocks below the driven way", **figures)


def biosphere_events(
    bio: Biosphere, mission: Mission, orders: MissionOrders | None = None
) -> list[MissionEvent]:
    """Return the life of the canister: watering, sprouts, frost, off, or why there is none.

    Args:
        bio: What happened in it.
        mission: That it is part of.
        orders: When its commands were there; in time if left out.
    """
    found = [_watering(bio, mission, orders), _switching_off(bio, orders)]
    for one in bio.growth:
        if not math.isnan(one.reached_s):
            at = int(np.searchsorted(bio.time_s, one.reached_s))
            found.append(
                _event(
                    one.reached_s, one.row.stage, f"{one.row.name}: warm for long enough", species=one.row.name,
                    gathered_deg_h=round(float(one.degree_h[at])),
                    hours=round((one.reached_s - bio.watered_s) / 3600.0, 1),
                    record=one.row.record,
                )
            )  # fmt: skip
    if not math.isnan(bio.frozen_s):
        after = bio.frozen_s >= bio.off_s
        words = "the canister is below freezing: its water turns to ice and growth ends"
        words += ", after it was switched off" if after else ", while it is on"
        found.append(_event(bio.frozen_s, "biosphere freezes", words, while_on=not after))
    return found


def _watering(bio: Biosphere, mission: Mission, orders: MissionOrders | None) -> MissionEvent:
    order = orders.watering if orders is not None else None
    if math.isinf(bio.watered_s):
        why = order.why if order is not None else ""
        why = why or "its commands come when it is off again"
        return _event(float(bio.time_s[0]), "biosphere not watered", f"the seeds stay dry: {why}")
    grams = 1000.0 * mission.biosphere.water_kg if mission.biosphere is not None else 0.0
    figures = {"canister_c": round(float(bio.canister_k[0]) - ZERO_C_K, 1), **waited(order)}
    return _dated(bio.watered_s, "biosphere watered", f"{grams:g} ml of water reach the seeds", **figures)


def _switching_off(bio: Biosphere, orders: MissionOrders | None) -> MissionEvent:
    """Return when and by whom the canister is switched off, with what it was like until then."""
    order = orders.off if orders is not None else None
    on = bio.time_s < bio.off_s
    celsius = bio.canister_k[on] - ZERO_C_K
    figures: dict[str, object] = {
        "coldest_c": round(float(celsius.min()), 1),
        "warmest_c": round(float(celsius.max()), 1),
        "heater_wh": round(bio.heater_j / _J_PER_WH, 1),
    }
    if math.isfinite(bio.watered_s):
        figures = {"hours": round((min(bio.off_s, bio.time_s[-1]) - bio.watered_s) / 3600.0, 1), **figures}
    if math.isinf(bio.off_s):
        why = order.why if order is not None else "nobody asks for it"
        return _event(float(bio.time_s[-1]), "biosphere stays on", f"not powered down: {why}", **figures)
    if order is not None and bio.off_s < order.time_s:
        words = (
            f"powered down with the lander, which goes to sleep; {order.why or 'its commands come too late'}"
        )
        return _event(bio.off_s, "biosphere off", words, **figures)
    return _dated(bio.off_s, "biosphere off", "powered down before the night", **figures, **waited(order))


def waited(order: Order | None) -> dict[str, float]:
    """Return by how much the link makes something late, as a figure; none where it is in time."""
    return (
        {} if order is None or not order.waited_h > 0.0 else {"waited_for_link_h": round(order.waited_h, 2)}
    )


def link_events(days: LinkDays, mission: Mission) -> list[MissionEvent]:
    """Return why everything goes through the relay, when stations do not see it, and what became of it all."""
    sight, down = days.sight, days.down
    earth = np.degrees(sight.earth_elevation_rad)
    relay = np.degrees(sight.relay_elevation_rad)
    highest = float(sight.earth_elevation_rad.max())
    made, arrived = int(down.made_bit[-1]), int(down.arrived_bit[-1])
    lost = int(down.lost_bit[-1])
    queued = sum(int(held[-1]) for held in down.on_board_bit.values()) + int(down.on_relay_bit[-1])
    found = [
        _event(
            0.0, "no way to the Earth but the relay",
            "the Earth stays below the horizon: a straight line to it goes through the Moon",
            earth_highest_deg=round(float(earth.max()), 2), earth_lowest_deg=round(float(earth.min()), 2),
            line_below_ground_km=round(chord_depth_m(highest) / 1000.0),
            relay_lowest_deg=round(float(relay.min()), 1), relay_highest_deg=round(float(relay.max()), 1),
            light_time_s=[round(float(of(sight.light_time_s)), 2) for of in (np.min, np.max)],
        ),
        _event(
            float(down.time_s[-1]), "link closed", "bits made are bits on Earth, in stores and lost",
            made_gbit=round(made / 1e9, 3), on_earth_gbit=round(arrived / 1e9, 3), queued_gbit=round(queued / 1e9, 3),
            lost_gbit=round(lost / 1e9, 3), balance_bit=made - arrived - queued - lost,
            commands=len(days.commands), commands_late=len(days.late),
        ),
    ]  # fmt: skip
    why = _never_opens(days, mission)
    if why:
        found.append(_event(0.0, "the link never opens", why))
    for command, sent in days.late:
        there = sent.done_s == sent.done_s
        words = f"{command.name}: not there in time" if there else f"{command.name}: never there"
        found.append(_event(command.needed_s, "command late", words))
    for one in down.sent:
        if one.lost:
            words = f"{one.item.name}: no room in the store of the {one.item.source}"
            found.append(_event(one.item.ready_s, "data lost", words, mbit=round(one.lost / 1e6, 2)))
    return found + _not_on_earth(days, why)


def _never_opens(days: LinkDays, mission: Mission) -> str:
    """Return why nothing ever comes to the Earth, empty if something can."""
    sight, rates = days.sight, days.rates_bit_s
    if (rates["relay_down"] > 0.0).any() and (rates["lander"] > 0.0).any():
        return ""
    return why_closed(mission, sight)


def _not_on_earth(days: LinkDays, why: str) -> list[MissionEvent]:
    """Return what was made and is not on Earth when the link is no longer followed, by kind, with the reason."""
    kinds: dict[str, list[Sent]] = {}
    for one in days.down.sent:
        if one.arrived < one.item.bits:
            kinds.setdefault(one.item.name.partition(":")[0], []).append(one)
    found = []
    for name, sent in kinds.items():
        on_relay, on_board = (sum(getattr(one, at) for one in sent) for at in ("on_relay", "on_board"))
        source = sent[0].item.source
        where = (
            "lost" if not on_board + on_relay else f"in the store of the {source if on_board else 'relay'}"
        )
        found.append(
            _event(
                float(days.down.time_s[-1]), "not on Earth",
                f"{name}: made, and {where}: {why or _why_waits(days, sent[-1])}",
                mbit=round(sum(one.item.bits for one in sent) / 1e6, 2),
                on_earth_mbit=round(sum(one.arrived for one in sent) / 1e6, 2),
                count=len(sent),
            )
        )  # fmt: skip
    return found


def _why_waits(days: LinkDays, one: Sent) -> str:
    """Return why something is not on Earth though the link opens."""
    later = days.sight.time_s >= one.item.ready_s
    if not (days.rates_bit_s[one.item.source][later] > 0.0).any():
        return f"the {one.item.source} sends no more"
    return "its turn does not come while the link is followed"


def not_commanded(orders: MissionOrders) -> list[MissionEvent]:
    """Return the panorama and the rover's ring, that are not taken because their commands are never there."""
    return [
        _dated(order.planned_s, name, f"not taken: {order.why}")
        for name, order in (("panorama", orders.panorama), ("ring of pairs", orders.ring))
    ]
