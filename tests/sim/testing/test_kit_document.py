"""What the document says of the kit is what there is."""

from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path

import pytest

from sim.testing import terrain_kinds
from sim.testing.__main__ import main
from sim.testing.registry import CHECKS
from tests.sim.testing.planted.catalogue import OVER_BUDGET, PLANTED


@pytest.mark.parametrize("name", list(CHECKS))
def test_every_check_is_short_and_says_what_it_holds_to(name: str) -> None:
    run = CHECKS[name].run
    assert run.__doc__ and CHECKS[name].holds_to.endswith(".")
    assert len(inspect.getsource(run).splitlines()) <= 32


def test_the_document_has_a_row_for_each_check_and_each_kind() -> None:
    text = (Path(__file__).parents[3] / "docs" / "testing_planners.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z _]+)` \|", text, re.MULTILINE)
    assert [row for row in rows if row in CHECKS] == list(CHECKS)
    assert sorted(row for row in rows if row not in CHECKS) == sorted(terrain_kinds())
    assert f"{len(PLANTED) + len(OVER_BUDGET)} planners with one bug each" in text
    assert f"{len(CHECKS)} named checks" in (Path(__file__).parents[3] / "README.md").read_text(
        encoding="utf-8"
    )


def test_the_document_shows_a_failure_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(__file__).parents[3]
    text = (root / "docs" / "testing_planners.md").read_text(encoding="utf-8")
    shown = re.search(r"```\n\$ python -m sim\.testing (.*)\n((?:.*\n)*?)```", text)
    assert shown is not None
    monkeypatch.chdir(root)
    assert main([*shlex.split(shown[1]), "--pictures", str(tmp_path)]) == 8
    printed = capsys.readouterr().out.replace(str(tmp_path), "/tmp/farside-failures-1000")
    assert printed == shown[2]
