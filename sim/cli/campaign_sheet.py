"""The picture of a campaign's folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.campaign.results import CampaignTable, read_table
from sim.campaign.statistics import Curve, counted, curve_of, driven, succeeded, success
from sim.campaign.task import Status
from sim.cli.campaign_table import bound_in_words, print_campaign, success_in_words
from sim.view.campaign import CampaignSheet, Spread, SuccessCurve, draw_campaign
from sim.view.save import save_figure

PICTURE = "campaign.png"

_S_PER_HOUR = 3600.0


def draw_folder(folder: Path, target: Path) -> None:
    """Draw a campaign that has ended into a folder, and print what came of it.

    Raises:
        ResultsError: It cannot be read.
        OutputError: The picture cannot be written.
    """
    table = read_table(folder)
    save_figure(draw_campaign(sheet_of(table)), target / PICTURE)
    print_campaign(table.about, target / PICTURE)


def sheet_of(table: CampaignTable) -> CampaignSheet:
    """Return what is drawn of a campaign's table."""
    about, kept, share = table.about, counted(table), success(table)
    curves = [curve_of(table, place) for place in range(len(table.keys))]
    figures = {name: column[kept] for name, column in table.figures.items()}
    return CampaignSheet(
        title=f"{about['scenario']}, {about['runs']} runs",
        lines=[success_in_words(about), bound_in_words(about), _others(table)],
        share=share.count / share.of if share.of else np.nan,
        low=share.low,
        high=share.high,
        outcome=np.where(driven(table), table.outcome, Status.QUARANTINED.value)[kept],
        well=succeeded(table)[kept],
        spreads=[
            Spread(label="duration (h)", values=figures["elapsed_s"] / _S_PER_HOUR),
            Spread(label="driven (m)", values=figures["distance_m"]),
            Spread(label="least charge (%)", values=100 * figures["min_soc"]),
        ],
        curves=[_drawn(curve) for curve in curves if curve is not None],
    )


def _others(table: CampaignTable) -> str:
    about = table.about
    return f"{about['impossible']} impossible, {len(about['quarantined'])} quarantined; seed {about['seed']}"


def _drawn(curve: Curve) -> SuccessCurve:
    return SuccessCurve(
        label=curve.key,
        words=curve.labels,
        at=curve.at,
        share=np.array([share.count / share.of for share in curve.shares]),
        low=np.array([share.low for share in curve.shares]),
        high=np.array([share.high for share in curve.shares]),
    )
