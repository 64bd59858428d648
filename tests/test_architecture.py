"""The import rules of the design: data flows one way, imports point one way, truth never uses belief."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = {
    "rover.core": 0,
    "rover.io": 1,
    "rover.sky": 1,
    "rover.terrain": 2,
    "rover.hazard": 3,
    "rover.limits": 4,
    "rover.planning": 5,
    "rover.onboard": 6,
    "sim.moon": 10,
    "sim.physics": 11,
    "sim.sensors": 12,
    "sim.mission": 13,
    "sim.run": 14,
    "sim.export": 15,
    "sim.view": 15,
    "sim.campaign": 15,
    "sim.validation": 15,
    "sim.testing": 16,
    "sim.bench": 17,
    "sim.cli": 18,
}
"""A module may import from lower layers and from its own folder; folders of one layer do not see each other."""

TRUTH = ("sim.moon", "sim.physics", "sim.sensors")
FACTS = ("rover.core", "rover.sky")
READERS = ("sim.view", "sim.export", "sim.run.metrics")
"""What reads a saved run: `sim.run.runlog` and `rover.core` only, and its own folder."""

BELIEF = ("rover.planning", "rover.onboard")
PARTIES_TO_BELIEF = (
    "sim.mission.operations", "sim.run.closed_loop", "sim.testing", "sim.validation", "sim.bench", "sim.cli",
)  # fmt: skip

LIBRARIES = {
    "numba": lambda module: module == "rover.core.jit",
    "matplotlib": lambda module: module.startswith("sim.view"),
    "shapely": lambda module: module in ("rover.core.zones", "rover.io.vector"),
    "rasterio": lambda module: module.startswith(("rover.io", "sim.export")),
    "pyogrio": lambda module: module.startswith(("rover.io", "sim.export")),
}
IMPORTED_INSIDE_FUNCTIONS = ("rasterio", "pyogrio")
LOOSE_NAMES = {"utils", "helpers", "common", "types", "misc", "tools"}

SOURCES = sorted([*ROOT.glob("rover/**/*.py"), *ROOT.glob("sim/**/*.py")])


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> str | None:
    return next((name for name in LAYERS if module == name or module.startswith(name + ".")), None)


def imports_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield every imported module, and whether the import stands at the top of the module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module, id(node) in top


def ours(path: Path) -> list[str]:
    return [name for name, _ in imports_of(path) if name.split(".")[0] in ("rover", "sim")]


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_module_keeps_the_rules(path: Path) -> None:
    module = module_of(path)
    for broken in broken_rules(module, path):
        pytest.fail(f"{module}: {broken}")


def broken_rules(module: str, path: Path) -> Iterator[str]:
    yield from _layer_rules(module, ours(path))
    yield from _truth_rules(module, ours(path))
    yield from _library_rules(module, list(imports_of(path)))
    if LOOSE_NAMES & set(module.split(".")):
        yield "a name that says nothing"
    if path.name == "__init__.py" and module != "sim.testing" and path.read_text(encoding="utf-8").strip():
        yield "this __init__.py is not empty"


def _layer_rules(module: str, imported: list[str]) -> Iterator[str]:
    layer = layer_of(module)
    if layer is None:
        if module not in ("rover", "sim"):
            yield "has no layer"
        return
    for other in imported:
        target = layer_of(other)
        if target is None:
            yield f"imports {other}, which has no layer"
        elif target != layer and LAYERS[target] >= LAYERS[layer]:
            yield f"imports {other} from a higher layer or a sibling"
        elif layer == "rover.limits" and target == layer and not other.endswith(".base"):
            yield f"imports {other}: one limit does not see another"


def _truth_rules(module: str, imported: list[str]) -> Iterator[str]:
    for other in imported:
        if module.startswith("rover") and other.startswith("sim"):
            yield f"imports {other}: rover knows nothing of sim"
        if module.startswith(TRUTH) and other.startswith("rover") and not other.startswith(FACTS):
            yield f"imports {other}: truth uses belief"
        if other.startswith(BELIEF) and module.startswith("sim") and not module.startswith(PARTIES_TO_BELIEF):
            yield f"imports {other}: not one of the parties that may"
        if module.startswith(READERS) and not _readable(module, other):
            yield f"imports {other}: reads more than a saved run"
        if module == "sim.run.monitor" and other.startswith("rover") and not other.startswith("rover.core"):
            yield f"imports {other}: the monitor judges by the truth alone"


def _readable(module: str, other: str) -> bool:
    own = layer_of(module) == layer_of(other) and not module.startswith("sim.run")
    return own or other.startswith("rover.core") or other == "sim.run.runlog"


def _library_rules(module: str, imported: list[tuple[str, bool]]) -> Iterator[str]:
    for name, at_top in imported:
        library = name.split(".")[0]
        allowed = LIBRARIES.get(library)
        if allowed is not None and not allowed(module):
            yield f"imports {library}"
        if library in IMPORTED_INSIDE_FUNCTIONS and at_top:
            yield f"imports {library} at the top"
        if name == "rover.core.jit" and not module.endswith("kernels") and module != "sim.cli.progress":
            yield "compiles kernels outside a kernels module"


def test_no_fastmath() -> None:
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "fastmath" in text else ():
            assert not (isinstance(node, ast.keyword) and node.arg == "fastmath"), path


def test_rules_can_break(tmp_path: Path) -> None:
    """The rules see what they are meant to see."""
    source = tmp_path / "bad.py"
    source.write_text("import rasterio\nfrom rover.planning import astar\nimport numba\n", encoding="utf-8")
    broken = " ".join(broken_rules("sim.physics.bad", source))
    for word in ("rasterio at the top", "truth uses belief", "imports numba", "not one of the parties"):
        assert word in broken
    source.write_text("from sim.moon import dem\nfrom rover.planning import astar\n", encoding="utf-8")
    broken = " ".join(broken_rules("rover.terrain.bad", source))
    assert "rover knows nothing of sim" in broken
    assert "higher layer" in broken
    assert list(broken_rules("sim.run.monitor", source))
    assert list(broken_rules("rover.utils", source))


def test_inner_kernels_are_called_by_kernels_only() -> None:
    for path in [*SOURCES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("benchmarks/*.py")]:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "kernels import" in text else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("kernels"):
                private = [name.name for name in node.names if name.name.startswith("_")]
                assert not private, f"{path.name} takes {private} of {node.module}"
