"""The documents name what is there: supported names and signatures, glossary, error and exit codes, links."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from rover.core.boundary import Mode
from rover.core.errors import FarsideError
from rover.hazard.detect import Hazard
from rover.planning.problem import Cause, Claim
from sim.run.runlog import TELEMETRY_COLUMNS, Outcome

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMING = [path for path in DOCS if path.name != "design.md"]
"""The design may name what was refused."""

_DOTTED = re.compile(r"`((?:rover|sim)(?:\.\w+)+)(\([^`]*\))?`")
_CELL = re.compile(r"^\| `((?:rover|sim)(?:\.\w+)+)(\([^`]*\))?` \|", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#]+)\)")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def named(dotted: str) -> Any:
    """Return the object that a dotted name means: a module, or an attribute of one."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError as error:
            if error.name != ".".join(parts[:count]):
                raise
            continue
        for attribute in parts[count:]:
            found = getattr(found, attribute)
        return found
    raise AssertionError(f"no module {dotted}")


def supported() -> list[tuple[str, str | None]]:
    return _CELL.findall(read(ROOT / "docs" / "api.md"))


def parameters_as_written(signature: str) -> list[tuple[str, str, bool]]:
    """Return (name, kind, whether it has a default) of each parameter; `x=` stands for any default."""
    made = ast.parse(f"def f{re.sub(r'=(?=[,)])', '=0', signature)}: ...").body[0]
    assert isinstance(made, ast.FunctionDef)
    arguments = made.args
    first_default = len(arguments.args) - len(arguments.defaults)
    plain = [(a.arg, "plain", i >= first_default) for i, a in enumerate(arguments.args)]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return plain + [(a.arg, "keyword", default is not None) for a, default in pairs]


def parameters_in_code(held: Any) -> list[tuple[str, str, bool]]:
    kinds = {inspect.Parameter.POSITIONAL_OR_KEYWORD: "plain", inspect.Parameter.KEYWORD_ONLY: "keyword"}
    return [
        (p.name, kinds[p.kind], p.default is not inspect.Parameter.empty)
        for p in inspect.signature(held).parameters.values()
    ]


def test_the_list_is_there() -> None:
    assert 15 <= len(supported()) <= 25
    assert len(set(supported())) == len(supported())


@pytest.mark.parametrize(("dotted", "signature"), supported())
def test_supported_name(dotted: str, signature: str) -> None:
    held = named(dotted)
    assert held.__doc__, dotted
    if signature:
        assert parameters_as_written(signature) == parameters_in_code(held)


def test_signatures_are_compared() -> None:
    def takes(a: int, b: int = 1, *, c: int, d: int = 2) -> None: ...

    assert parameters_as_written("(a, b=, *, c, d=)") == parameters_in_code(takes)
    for wrong in ("(a, b, *, c, d=)", "(a, b=, c=, *, d=)", "(a, b=, *, c)", "(b, a=, *, c, d=)"):
        assert parameters_as_written(wrong) != parameters_in_code(takes)


@pytest.mark.parametrize("path", NAMING, ids=lambda path: path.name)
def test_every_dotted_name_exists(path: Path) -> None:
    for dotted, _ in _DOTTED.findall(read(path)):
        assert named(dotted) is not None, dotted


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in _LINK.findall(read(path)):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def terms() -> Iterator[str]:
    """Yield each term in the first column of the glossary, without backticks."""
    for line in read(ROOT / "docs" / "nomenclature.md").splitlines():
        if line.startswith("| "):
            first = line.split(" | ")[0].removeprefix("| ")
            yield from (term.strip("` ") for term in first.split(","))


def words_of(kind: Iterable[Enum]) -> set[str]:
    return {str(member.value) for member in kind}


@pytest.mark.parametrize(
    "words",
    [
        words_of(Mode),
        words_of(Cause),
        words_of(Claim),
        words_of(Outcome),
        {str(flag.name) for flag in Hazard},
        set(TELEMETRY_COLUMNS),
    ],
    ids=["modes", "causes", "claims", "outcomes", "hazards", "telemetry"],
)
def test_glossary_has_a_row_for_each(words: set[str]) -> None:
    assert words <= set(terms())


def kinds_of_error(root: type[FarsideError]) -> Iterator[type[FarsideError]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds_of_error(kind)


def test_conventions_list_every_error_code_at_its_exit_code() -> None:
    rows = [
        line.split(" | ") for line in read(ROOT / "docs" / "conventions.md").splitlines() if " | `" in line
    ]
    listed = {code: int(row[0].strip("| ")) for row in rows for code in re.findall(r"`([A-Z_]+)`", row[2])}
    ours = [
        kind for kind in kinds_of_error(FarsideError) if kind.__module__.split(".")[0] in ("rover", "sim")
    ]
    assert listed == {kind.code: kind.exit_code for kind in ours}
