"""What a table tells, against what it must by definition."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from sim.campaign.campaign import run_campaign
from sim.campaign.results import CampaignTable
from sim.campaign.statistics import (
    curve_of,
    driven,
    failure_bound,
    outcomes,
    succeeded,
    success,
    wilson,
    worst_runs,
)
from tests.sim.campaign.quick_runs import campaign, faulty, quick_or_impossible


@given(st.integers(1, 2000), st.data())
def test_wilson_is_that_of_scipy(of: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    share = wilson(count, of)
    theirs = binomtest(count, of).proportion_ci(method="wilson")
    assert share.low == pytest.approx(theirs.low, abs=1e-12)
    assert share.high == pytest.approx(theirs.high, abs=1e-12)


def test_of_none_nothing_is_known() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high, failure_bound(0, 0)) == (0.0, 1.0, 1.0)


@pytest.mark.parametrize("of", [1, 10, 100, 1000])
def test_runs_without_a_failure(of: int) -> None:
    """Exactly, and by the rule of three where that holds."""
    assert failure_bound(0, of) == pytest.approx(1 - 0.05 ** (1 / of), rel=1e-12)
    if of >= 100:
        assert failure_bound(0, of) == pytest.approx(3 / of, rel=0.02)


@given(st.integers(1, 300), st.data())
def test_at_the_bound_so_few_failures_have_a_chance_of_one_in_twenty(of: int, data: st.DataObject) -> None:
    failures = data.draw(st.integers(0, of - 1))
    assert binom.cdf(failures, of, failure_bound(failures, of)) == pytest.approx(0.05, rel=1e-6)


@pytest.fixture
def table(tmp_path: Path) -> CampaignTable:
    return run_campaign(campaign(), tmp_path / "c", runs=60, doing=quick_or_impossible)


def test_counts(table: CampaignTable) -> None:
    assert driven(table).sum() == 59
    assert sum(outcomes(table).values()) == 59
    assert list(outcomes(table)) == ["lost", "arrived"]
    share = success(table)
    assert share.count == outcomes(table)["arrived"] == succeeded(table).sum()
    assert share.low < share.count / share.of < share.high


def test_a_quarantined_run_has_failed(tmp_path: Path) -> None:
    """So it counts in success, in the bound, and in the curves."""
    table = run_campaign(campaign(), tmp_path / "c", runs=12, doing=faulty)
    share, well = success(table), int(succeeded(table).sum())
    assert (driven(table).sum(), share.of, share.count) == (11, 12, well)
    assert (table.about["driven"], table.about["counted"]) == (11, 12)
    assert table.about["failure_below_95"] == failure_bound(12 - well, 12)
    curve = curve_of(table, 0)
    assert curve is not None
    assert sum(one.of for one in curve.shares) == 12


def test_the_worst_first(table: CampaignTable) -> None:
    worst = worst_runs(table, 1000)
    assert {str(table.outcome[row]) for row in worst} == {"lost"}
    assert len(worst) == outcomes(table)["lost"]
    charges = [table.figures["min_soc"][row] for row in worst]
    known = [charge for charge in charges if not math.isnan(charge)]
    assert known == sorted(known)
    assert charges[: len(known)] == known


def test_a_run_that_broke_a_rule_went_badly(table: CampaignTable) -> None:
    row, stopped = (int(place) for place in np.flatnonzero(succeeded(table))[[5, 0]])
    table.outcome[stopped] = "no_plan"
    table.figures["violations"][row] = 2.0
    assert not succeeded(table)[row]
    lost = int((table.outcome == "lost").sum())
    assert worst_runs(table, 1000)[lost] == row  # before any that merely did not arrive


def test_curves(table: CampaignTable) -> None:
    """Groups share out all runs that were driven; of numbers in their order."""
    numbers, words = curve_of(table, 0), curve_of(table, 1)
    assert numbers is not None
    assert words is not None
    for curve in (numbers, words):
        assert sum(share.of for share in curve.shares) == 59
        assert sum(share.count for share in curve.shares) == success(table).count
    assert len(numbers.at) == 8
    assert (np.diff(numbers.at) > 0).all()
    assert numbers.shares[0].count < numbers.shares[0].of
    assert numbers.shares[-1].count == numbers.shares[-1].of
    assert words.labels == ("other", "yutu-2")
