"""What is drawn of a mission's operations: figures put together for the pictures."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rover.core.atomic import text_output
from rover.core.bodies import SPEED_OF_LIGHT_M_S
from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from rover.io.stations import read_stations
from rover.io.vehicle import Vehicle
from rover.sky.events import station_passes
from sim.mission.biosphere import ZERO_C_K, Biosphere
from sim.mission.daylight import sunlight_at
from sim.mission.radar import Radargram, depth_at
from sim.mission.radar_ground import Underground
from sim.mission.relay_radio import chord_depth_m
from sim.mission.rollout import RampCheck
from sim.run.closed_loop_landing import Descent
from sim.run.mission_energy import EnergyAccount
from sim.run.mission_rollout import RolloutDone
from sim.run.mission_scenario import Mission
from sim.run.mission_surface import SurfaceDays
from sim.run.mission_traffic import LinkDays
from sim.view.biosphere import BiosphereSheet, GrowthCurve
from sim.view.link import LinkSheet
from sim.view.mission_energy import EnergySheet
from sim.view.radargram import GramPanel
from sim.view.rollout import RampSketch, RolloutSheet

Floats = npt.NDArray[np.float64]

_PLAN_M = 8.0
_HOUR_S, _DAY_S = 3600.0, 86_400.0
_DEEP_TICKS_M, _NEAR_TICKS_M = (0, 5, 10, 20, 30, 40, 60, 80, 120), (0, 1, 2, 3, 4, 6, 8)
_NEAR_NS = 110.0
_FINE_M = 0.5
"""A channel that resolves finer than this has its first metres drawn apart."""


def _midnight_s(mission: Mission) -> float:
    """Return the beginning of the day of the ignition, since the ignition."""
    epoch = parse_utc(mission.descent.ignition_utc)
    return epoch.seconds_until(parse_utc(mission.descent.ignition_utc[:10] + "T00:00:00Z"))


def link_sheet(days: LinkDays, mission: Mission) -> LinkSheet:
    """Return what is drawn of the link."""
    sight, link = days.sight, mission.link
    epoch = parse_utc(mission.descent.ignition_utc)
    assert link is not None
    zero = _midnight_s(mission)
    coarse = np.linspace(sight.time_s[0], sight.time_s[-1], 200)
    sun = [math.degrees(sunlight_at(mission.read_site(), epoch, float(at)).elevation_rad) for at in coarse]
    stations = read_stations().stations
    passes = station_passes(
        tuple(stations.values()), epoch, float(sight.time_s[0]), float(sight.time_s[-1]),
        phase_at_epoch=link.phase,
    )  # fmt: skip
    down = days.down
    rates = {name: rate / 1e3 for name, rate in days.rates_bit_s.items()}
    queued = sum(float(held[-1]) for held in down.on_board_bit.values()) + float(down.on_relay_bit[-1])
    return LinkSheet(
        days=(sight.time_s - zero) / _DAY_S,
        earth_deg=np.degrees(sight.earth_elevation_rad),
        relay_deg=np.degrees(sight.relay_elevation_rad),
        sun_deg=np.interp(sight.time_s, coarse, sun),
        rover_kbit_s=rates["rover"],
        lander_kbit_s=rates["lander"],
        earth_kbit_s=rates["relay_down"],
        stations=[
            (stations[name].title.partition(",")[0].partition(" (")[0], (spans - zero) / _DAY_S)
            for name, spans in passes.by_station.items()
        ],
        sums=_sums(days),
        stores=[
            ("rover", down.on_board_bit["rover"] / 1e6),
            ("lander", down.on_board_bit["lander"] / 1e6),
            ("relay", down.on_relay_bit / 1e6),
        ],
        made_gbit=down.made_bit / 1e9,
        arrived_gbit=down.arrived_bit / 1e9,
        late=[((command.needed_s - zero) / _DAY_S, command.name) for command, _ in days.late],
        chord_km=chord_depth_m(float(sight.earth_elevation_rad.max())) / 1000.0,
        words=(
            f"{down.made_bit[-1] / 1e9:.2f} Gbit made = {down.arrived_bit[-1] / 1e9:.2f} on Earth "
            f"+ {queued / 1e9:.2f} in stores + {down.lost_bit[-1] / 1e9:.2f} lost; "
            f"{len(days.commands)} commands, {len(days.late)} of them late"
        ),
        day=mission.descent.ignition_utc[:10],
    )  # fmt: skip


def _sums(days: LinkDays) -> list[tuple[str, float, float, float]]:
    """Return what was sent down by kind: name, Mbit made, Mbit on Earth, and the longest way in hours; most first."""
    kinds: dict[str, list[float]] = {}
    for one in days.down.sent:
        kind = one.item.name.partition(":")[0]
        row = kinds.setdefault(kind, [0.0, 0.0, 0.0])
        row[0] += one.item.bits / 1e6
        row[1] += one.arrived / 1e6
        if one.done_s == one.done_s:
            row[2] = max(row[2], (one.done_s - max(one.item.ready_s, one.item.until_s)) / _HOUR_S)
    rows = [(kind, row[0], row[1], row[2]) for kind, row in kinds.items()]
    return sorted(rows, key=lambda row: -row[1])


def radar_panels(
    gram: Radargram, ground: Underground, along: Floats, names: list[str], thick: int
) -> list[GramPanel]:
    """Return the panels of a channel: all that it sees, and for one that resolves finely its first metres too."""
    channel = gram.channel
    permittivity, loss = float(ground.permittivity[thick]), float(ground.loss_tangent[thick])
    resolution = channel.resolution_m(permittivity)
    depths = depth_at(gram, ground, gram.time_s)
    fine = resolution < _FINE_M
    window = float(gram.time_s[-1]) * 1e9
    db_m = (
        8.686 * 2.0 * math.pi * channel.centre_mhz * 1e6 * math.sqrt(permittivity) * loss / SPEED_OF_LIGHT_M_S
    )
    seen = f"sees some {gram.seen_m:.0f} m (a border that reflects 0.05)"
    told = f"{channel.name}: resolves {resolution:.2f} m, loses {db_m:.2f} dB/m two ways in {names[thick]}, {seen}"
    until = min(window, 1.3 * float(gram.border_s.max()) * 1e9 + 60.0)

    def panel(title: str, until_ns: float, ticks_m: Sequence[float], *, as_strength: bool) -> GramPanel:
        ticks = [(float(m), float(np.interp(m, depths, gram.time_s)) * 1e9) for m in ticks_m]
        return GramPanel(
            title=title,
            time_ns=gram.time_s * 1e9,
            along_m=along,
            echo=gram.echo,
            border_ns=gram.border_s * 1e9,
            layers=names,
            ticks=[tick for tick in ticks if tick[1] < until_ns],
            resolution_ns=2e9 * resolution * math.sqrt(permittivity) / SPEED_OF_LIGHT_M_S,
            until_ns=until_ns,
            as_strength=as_strength,
        )

    found = [panel(told + ("; strength of echoes" if fine else ""), until, _DEEP_TICKS_M, as_strength=fine)]
    if fine:
        title = f"{channel.name}, the first metres: rocks make hyperbolas"
        found.append(panel(title, min(_NEAR_NS, window), _NEAR_TICKS_M, as_strength=False))
    return found


def energy_sheet(account: EnergyAccount, days: SurfaceDays) -> EnergySheet:
    """Return what is drawn of the rover's energy."""
    zero = _midnight_s(days.mission)
    last = float(account.time_s[-1])
    spans = [(leg.name, leg.start_s, leg.end_s, "drive") for leg in days.legs]
    spans += [("noon nap", *days.nap_s, "nap"), ("night", days.night_s, last, "dormant")]
    asked = math.fsum(wh for _, wh in account.loads_wh)
    return EnergySheet(
        days=(account.time_s - zero) / _DAY_S,
        soc=account.soc,
        array_w=account.array_w,
        load_w=account.load_w,
        spans=[
            (name, (begin - zero) / _DAY_S, (min(end, last) - zero) / _DAY_S, kind)
            for name, begin, end, kind in spans
            if begin < last
        ],
        loads_wh=account.loads_wh,
        sums_wh=[
            ("all loads", asked),
            ("more in the battery", account.stored_wh),
            ("lost on the way in and out", account.lost_wh),
            ("taken from the array", account.taken_wh),
        ],
        day=days.mission.descent.ignition_utc[:10],
        words=(
            f"{account.taken_wh:.0f} Wh taken from the array = {asked - account.unserved_wh:.0f} to loads "
            f"{_into_battery(account.stored_wh)} + {account.lost_wh:.0f} lost"
        ),
    )


def _into_battery(stored_wh: float) -> str:
    return (
        f"- {-stored_wh:.0f} out of the battery" if stored_wh < 0.0 else f"+ {stored_wh:.0f} into the battery"
    )


def write_energy(account: EnergyAccount, clock: Callable[[float], str], path: Path) -> None:
    """Write the battery over time."""
    with text_output(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("utc", "time_s", "doing", "soc", "array_w", "load_w"))
        rows = zip(account.time_s, account.doing, account.soc, account.array_w, account.load_w, strict=True)
        for time_s, doing, soc, array_w, load_w in rows:
            writer.writerow(
                [
                    clock(float(time_s)),
                    f"{time_s:.1f}",
                    doing,
                    f"{soc:.4f}",
                    f"{array_w:.2f}",
                    f"{load_w:.2f}",
                ]
            )


def rollout_sheet(
    done: RolloutDone, mission: Mission, vehicle: Vehicle, params: LanderParams, descent: Descent
) -> RolloutSheet:
    """Return what is drawn of the rollout."""
    patch, figures, ramps = done.patch, vehicle.params, mission.rollout.ramps
    lander = np.array(done.lander_m)
    reach = min(_PLAN_M, patch.resolution_m * (min(patch.elevation_m.shape) - 3) / 2)
    cols, rows = (
        slice(
            round((at - reach - first) / patch.resolution_m), round((at + reach - first) / patch.resolution_m)
        )
        for at, first in ((lander[0], patch.east_m), (lander[1], patch.north_m))
    )
    height = patch.elevation_m[rows, cols].astype(np.float64)
    sketches = []
    for check in done.checks:
        ahead = np.array([math.cos(check.heading_rad), math.sin(check.heading_rad)])
        left = np.array([-ahead[1], ahead[0]])
        foot = check.foot_m - lander
        inner, half = ramps.hinge_out_m * ahead, figures.track_m / 2 + figures.wheel_width_m / 2
        stop = check.stop_m - lander
        front = stop + ahead * figures.length_m / 2
        taken = not done.stays and isinstance(done.chosen, RampCheck) and done.chosen.name == check.name
        words = (
            f"rails {math.degrees(check.slope_rad):.0f}°, lean {abs(math.degrees(check.roll_rad)):.1f}°, "
            f"step {check.step_m:.2f} m"
        )
        sketches.append(
            RampSketch(
                name=check.name,
                words=words if check.will_do else "; ".join(check.reasons),
                rails_m=np.array(
                    [inner + half * left, foot + half * left, foot - half * left, inner - half * left]
                ),
                run_m=np.array(
                    [foot + half * left, front + half * left, front - half * left, foot - half * left]
                ),
                stop_m=(float(stop[0]), float(stop[1])),
                chosen=taken,
                good=check.will_do,
            )
        )
    profile, rail = _profile(done, mission)
    epoch = parse_utc(mission.descent.ignition_utc)
    zero = _midnight_s(mission)
    sun = sunlight_at(descent.world.site, epoch, done.published_s)
    if done.stays:
        words = f"the rover stays on the lander; {done.stays}"
    else:
        words = (
            f"on the ground at {epoch.utc_at(done.down_s)}, "
            f"{(done.down_s - descent.touchdown.time_s) / _HOUR_S:.1f} h after landing"
        )
    return RolloutSheet(
        height_m=height - float(height.mean()),
        extent_m=(-reach, reach, -reach, reach),
        footprint_m=params.body.footprint_radius_m,
        turn_m=math.hypot(figures.length_m, figures.width_m) / 2,
        sun_azimuth_rad=sun.azimuth_rad,
        ramps=sketches,
        profile_m=profile,
        rail_m=rail,
        steps=[
            (step.row.name, step.row.reason, (step.start_s - zero) / _HOUR_S, (step.end_s - zero) / _HOUR_S)
            for step in done.steps.steps
        ],
        landed_h=(descent.touchdown.time_s - zero) / _HOUR_S,
        published_h=(done.published_s - zero) / _HOUR_S,
        words=words,
    )


def _profile(done: RolloutDone, mission: Mission) -> tuple[Floats, Floats]:
    """Return the ground along the chosen ramp, over the height of its foot, and the rail in the same frame."""
    check = done.chosen
    if isinstance(check, str):
        return np.zeros((0, 2)), np.zeros((2, 2))
    patch, ramps = done.patch, mission.rollout.ramps
    along = np.arange(0.0, math.dist(done.lander_m, check.stop_m.tolist()) + 1.0, patch.resolution_m)
    east = done.lander_m[0] + along * math.cos(check.heading_rad)
    north = done.lander_m[1] + along * math.sin(check.heading_rad)
    rows = np.rint((north - patch.north_m) / patch.resolution_m).astype(int)
    cols = np.rint((east - patch.east_m) / patch.resolution_m).astype(int)
    height = patch.elevation_m[rows, cols].astype(np.float64)
    foot = math.dist(done.lander_m, check.foot_m.tolist())
    height -= float(np.interp(foot, along, height))
    hinge = (ramps.hinge_out_m, ramps.rail_m * math.sin(check.slope_rad))
    return np.column_stack([along, height]), np.array([hinge, (foot, 0.0)])


def biosphere_sheet(bio: Biosphere, mission: Mission) -> BiosphereSheet:
    """Return what is drawn of the biosphere."""
    params = mission.biosphere
    assert params is not None

    begun, end = float(bio.time_s[0]), float(bio.time_s[-1])
    clock = parse_utc(mission.descent.ignition_utc).utc_at
    is_dry = math.isinf(bio.watered_s)
    life = (
        "never watered"
        if is_dry
        else f"on for {(min(bio.off_s, end) - begun) / _HOUR_S:.0f} h from {clock(begun)}"
    )
    return BiosphereSheet(
        hours=(bio.time_s - begun) / _HOUR_S,
        canister_c=bio.canister_k - ZERO_C_K,
        deck_c=bio.deck_k - ZERO_C_K,
        heater_w=bio.heater_w,
        sun_deg=np.degrees(bio.sun_rad),
        off_h=(bio.off_s - begun) / _HOUR_S,
        frozen_h=(bio.frozen_s - begun) / _HOUR_S,
        begun="the time planned for the watering" if is_dry else "the watering",
        design_c=(params.design_low_c, params.design_high_c),
        growth=[
            GrowthCurve(
                name=one.row.name, stage=one.row.stage, record=one.row.record, share=one.degree_h / one.row.degree_h,
                reached_h=(one.reached_s - begun) / _HOUR_S,
            )
            for one in bio.growth
        ],
        words=(
            f"{params.canister_kg:g} kg, {1000.0 * params.water_kg:g} ml of water; species: {params.species_set}; "
            f"{life}"
        ),
    )  # fmt: skip


def write_traffic(days: LinkDays, clock: Callable[[float], str], path: Path) -> None:
    with text_output(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ("way", "item", "source", "priority", "bits", "ready", "first_bit_left", "last_bit_there", "arrived_bit",
             "on_relay_bit", "on_board_bit", "lost_bit")
        )  # fmt: skip
        for way, traffic in (("down", days.down), ("up", days.up)):
            for one in traffic.sent:
                times = [clock(at) if at == at else "" for at in (one.item.ready_s, one.begun_s, one.done_s)]
                writer.writerow(
                    [way, one.item.name, one.item.source, one.item.priority, one.item.bits, *times, one.arrived,
                     one.on_relay, one.on_board, one.lost]
                )  # fmt: skip
