"""What the rover, the canister and the link do in a mission, as events for its timeline."""

from __future__ import annotations

import math

import numpy as np

from rover.core.time import parse_utc
from rover.core.vehicle import VehicleParams
from sim.mission.biosphere import ZERO_C_K, Biosphere
from sim.mission.daylight import sunlight_at
from sim.mission.radar import Radargram
from sim.mission.relay_radio import chord_depth_m
from sim.run.closed_loop_landing_events import MissionEvent
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
        found.append(_event(days.rollout.down_s, "drive not begun", days.unheard))
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


def night_events(mission: Mission) -> list[MissionEvent]:
    """Return when rover and lander go to sleep for their first night."""
    found = []
    for name, at in zip(("rover", "lander"), nights_s(mission), strict=True):
        if math.isfinite(at):
            sun = sunlight_at(mission.read_site(), parse_utc(mission.descent.ignition_utc), at)
            height = round(math.degrees(sun.elevation_rad), 2)
            found.append(
                _event(at, "dormant", f"the {name} is put to sleep for the night", sun_elevation_deg=height)
            )
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


def biosphere_events(bio: Biosphere, mission: Mission) -> list[MissionEvent]:
    """Return the life of the canister: watering, sprouts, frost, off."""
    celsius = bio.canister_k - ZERO_C_K
    on = bio.time_s < bio.off_s
    water = (
        f"{1000.0 * mission.biosphere.water_kg:g} ml of water" if mission.biosphere is not None else "water"
    )
    found = [
        _dated(
            bio.watered_s,
            "biosphere watered",
            f"{water} reach the seeds",
            canister_c=round(float(celsius[0]), 1),
        ),
        _dated(
            bio.off_s,
            "biosphere off",
            "powered down before the night",
            hours=round((bio.off_s - bio.watered_s) / 3600.0, 1),
            coldest_c=round(float(celsius[on].min()), 1),
            warmest_c=round(float(celsius[on].max()), 1),
            heater_wh=round(bio.heater_j / _J_PER_WH, 1),
        ),
    ]
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
    if not (days.rates_bit_s["relay_down"] > 0.0).any() or not (days.rates_bit_s["lander"] > 0.0).any():
        why = "no ground station ever sees the relay" if not sight.station.any() else (
            f"the relay is never above {mission.link.mask_deg:g} deg" if mission.link and not sight.relay_up.any()
            else "no rate leaves the margin that is asked for"
        )  # fmt: skip
        found.append(_event(0.0, "the link never opens", why))
    for command, sent in days.late:
        words = (
            f"{command.name}: not there in time"
            if sent.done_s == sent.done_s
            else f"{command.name}: never there"
        )
        found.append(_event(command.needed_s, "command late", words))
    for one in down.sent:
        if one.lost:
            words = f"{one.item.name}: no room in the store of the {one.item.source}"
            found.append(_event(one.item.ready_s, "data lost", words, mbit=round(one.lost / 1e6, 2)))
    return found
