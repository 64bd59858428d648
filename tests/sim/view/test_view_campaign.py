"""The picture of a campaign says what its table does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.campaign.campaign import run_campaign
from sim.campaign.statistics import success
from sim.cli.campaign_sheet import sheet_of
from sim.view.campaign import draw_campaign
from tests.sim.campaign.quick_runs import campaign, faulty, quick


def test_bars_points_and_counts(tmp_path: Path) -> None:
    table = run_campaign(campaign(), tmp_path / "c", runs=80, doing=quick)
    sheet = sheet_of(table)
    figure = draw_campaign(sheet)
    share = success(table)
    success_ax, *spreads, numbers, words = figure.axes
    assert len(spreads) == 3
    marked: Any = next(line for line in success_ax.lines if line.get_gid() == "success")
    assert marked.get_xdata()[0] == pytest.approx(100 * share.count / share.of)
    widths = {patch.get_gid(): patch.get_width() for patch in success_ax.patches}
    assert widths["outcome arrived"] == pytest.approx(100 * share.count / share.of)
    assert sum(widths.values()) == pytest.approx(100)
    for ax, spread in zip(spreads, sheet.spreads, strict=True):
        heights = sum(patch.get_height() for patch in ax.patches)
        assert heights >= np.isfinite(spread.values).sum()  # of a stack, well below all
    assert numbers.get_xlabel() == "power.initial_soc"
    curve: Any = next(line for line in numbers.lines if (line.get_gid() or "").startswith("curve"))
    assert list(curve.get_ydata()) == pytest.approx(list(100 * sheet.curves[0].share))
    assert [text.get_text() for text in words.get_xticklabels()] == ["other", "yutu-2"]


def test_runs_in_quarantine_have_a_bar_and_count(tmp_path: Path) -> None:
    sheet = sheet_of(run_campaign(campaign(), tmp_path / "c", runs=10, doing=faulty))
    success_ax = draw_campaign(sheet).axes[0]
    widths = {patch.get_gid(): patch.get_width() for patch in success_ax.patches}  # type: ignore[attr-defined]
    assert widths["outcome quarantined"] == pytest.approx(10)
    assert sum(widths.values()) == pytest.approx(100)
    assert sheet.lines[0].split(" of ")[1].startswith("10 arrived")


def test_without_anything_varied(tmp_path: Path) -> None:
    def one(task: Any) -> Any:
        from sim.campaign.task import Status, without_drive

        return without_drive(task, Status.IMPOSSIBLE, "cannot be")

    table = run_campaign(campaign(varied=()), tmp_path / "c", runs=2, doing=one)
    assert len(draw_campaign(sheet_of(table)).axes) == 4
