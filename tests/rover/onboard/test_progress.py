"""How near the rover has come to its goal, and what it may drive without coming nearer."""

from __future__ import annotations

import math

import pytest

from rover.onboard.progress import ALLOWED_M, ALLOWED_TIMES, MOTIONS_PER_M, Progress, arrived_at, driven


def after(progress: Progress, way_m: float, left_m: float, gap_m: float) -> Progress:
    return arrived_at(driven(progress, way_m), left_m=left_m, gap_m=gap_m)


def test_a_drive_that_gets_nearer_spends_nothing() -> None:
    progress = Progress()
    for left in range(60, 0, -1):
        progress = after(progress, 1.0, float(left), left / 2)
        assert progress == Progress(left_m=float(left), gap_m=left / 2)
    assert progress.spent == 0.0


def test_a_detour_is_allowed_as_far_as_a_multiple_of_the_way_that_was_left() -> None:
    progress = after(Progress(), 1.0, 10.0, 10.0)
    allowed = int(ALLOWED_M + ALLOWED_TIMES * 10.0)
    for _ in range(allowed - 1):  # the way left has grown meanwhile: ground was found closed
        progress = after(progress, 1.0, 25.0, 12.0)
    assert 0.99 < progress.spent < 1.0
    assert after(progress, 1.0, 25.0, 12.0).spent == pytest.approx(1.0)
    assert after(progress, 1.0, 8.9, 12.0).spent == 0.0, "it has paid"


def test_either_measure_shows_that_it_gets_nearer_and_neither_by_a_wavering_place() -> None:
    progress = after(Progress(), 1.0, 20.0, 20.0)
    assert after(progress, 5.0, 30.0, 18.9) == Progress(left_m=20.0, gap_m=18.9)
    assert after(progress, 5.0, 18.9, 30.0) == Progress(left_m=18.9, gap_m=20.0)
    assert after(progress, 5.0, 19.1, 19.1) == Progress(left_m=20.0, gap_m=20.0, since_m=5.0, motions=1)


def test_looks_and_small_motions_count_though_they_lead_nowhere() -> None:
    progress = after(Progress(), 1.0, 1.0, 1.0)
    for _ in range(math.ceil(MOTIONS_PER_M * (ALLOWED_M + ALLOWED_TIMES))):
        progress = after(progress, 0.0, 1.0, 1.0)
    assert progress.spent >= 1.0


def test_a_place_that_is_not_known_counts_as_no_way() -> None:
    assert driven(Progress(since_m=3.0), math.nan).since_m == 3.0
