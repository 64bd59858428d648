"""From a hindcast to the sheet that is drawn of it."""

from __future__ import annotations

import math

import numpy as np

from rover.core.time import Epoch
from rover.sky.dormancy import DormancyRule, sun_elevation_at
from sim.cli.hindcast_tables import FITTED_DAYS, Array, Hindcast, rule_words
from sim.view.hindcast import HindcastSheet, Published


def sheet_of(made: Hindcast) -> HindcastSheet:
    """Return what is drawn of a hindcast."""
    days = np.array([day.lunar_day for day in made.days], np.float64)
    return HindcastSheet(
        lunar_day=days,
        wake_deg=_degrees(made.rule, [day.wake for day in made.days]),
        sleep_deg=_degrees(made.rule, [day.sleep for day in made.days]),
        constant_wake_deg=math.degrees(made.constant.wake_at),
        wakes=_events(made, "wake"),
        sleeps=_events(made, "sleep"),
        fitted_days=(FITTED_DAYS[0], FITTED_DAYS[-1]),
        lines=rule_words(made).splitlines(),
    )


def _degrees(rule: DormancyRule, epochs: list[Epoch | None]) -> Array:
    return np.array(
        [math.nan if epoch is None else math.degrees(sun_elevation_at(rule, epoch)) for epoch in epochs]
    )


def _events(made: Hindcast, name: str) -> Published:
    days, degrees, counts, error, constant = [], [], [], [], []
    for day in made.days:
        row = day.published
        epoch = getattr(row, name)
        if epoch is None:
            continue
        days.append(day.lunar_day)
        degrees.append(math.degrees(sun_elevation_at(made.rule, epoch)))
        counts.append(getattr(row, f"{name}_counts"))
        error.append(getattr(day.error, f"{name}_h"))
        constant.append(getattr(day.constant_error, f"{name}_h"))
    return Published(
        lunar_day=np.array(days, np.float64),
        sun_deg=np.array(degrees),
        counts=np.array(counts, np.bool_),
        error_h=np.array(error, np.float64),
        constant_error_h=np.array(constant, np.float64),
    )
