"""Named checks that hold a planner to the protocol and to what it claims, on seeded ground.

`check_planner` runs all that a planner's claims ask for and tells every one that it fails; `planner_checks` lists them,
one by one, for a test to be parametrised with.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from rover.planning.problem import Claim, NoPlan, Plan, Planner
from rover.planning.registry import load_planner
from sim.testing.case import Broken, Budget, Case, NoAnswerError, NotAnAnswerError
from sim.testing.ground import make_problem
from sim.testing.kinds import check_kind, terrain_kinds
from sim.testing.picture import PICTURES, draw_broken
from sim.testing.registry import CHECKS, Check
from sim.testing.replay import VARIABLE, Chosen, chosen, replay_command

SEEDS = range(2)
"""One whose start and goal lie at corners, and one of any two cells."""
_USUAL = Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A check that a planner failed, and how to see it again.

    Attributes:
        check, seed, kind: What was run.
        what: What is wrong, in words.
        replay: The command that runs just this check on just this ground.
        picture: A PNG of the question and the answer; None but of the first failure of each check.
    """

    check: str
    seed: int
    kind: str
    what: str
    replay: str
    picture: Path | None = None

    def __str__(self) -> str:
        lines = [f"{self.check}: seed {self.seed}, {self.kind}: {self.what}"]
        lines += [f"picture: {self.picture}"] * (self.picture is not None)
        return "\n    ".join([*lines, f"replay: {self.replay}"])


class PlannerCheckError(AssertionError):
    """The planner failed checks; `failures` holds each, the message the first of every check."""

    def __init__(self, planner: str, failures: Sequence[Failure]) -> None:
        self.failures = tuple(failures)
        first = {failure.check: failure for failure in reversed(self.failures)}
        names = [name for name in CHECKS if name in first]
        counts = {name: sum(f.check == name for f in self.failures) for name in names}
        lines = [f"{first[name]}" + _more(counts[name] - 1) for name in names]
        super().__init__(f"planner {planner} fails {', '.join(names)}\n" + "\n".join(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a planner was held to, and passed.

    Attributes:
        planner: Its name.
        claims: What it claims.
        checks: Names of the checks that were run.
        problems: Number of (seed, kind) pairs that each check ran on.
    """

    planner: str
    claims: frozenset[Claim]
    checks: tuple[str, ...]
    problems: int

    def __str__(self) -> str:
        claims = ", ".join(sorted(self.claims)) or "nothing"
        return f"planner {self.planner} (claims {claims}) passes {', '.join(self.checks)} on {self.problems} problems"


def check_planner(
    planner: Planner | type[Planner] | str,
    *,
    checks: Iterable[str] | None = None,
    seeds: Iterable[int] = SEEDS,
    kinds: Iterable[str] | None = None,
    budget: Budget = _USUAL,
    fail_fast: bool = False,
    pictures: Path | str | None = PICTURES,
) -> Report:
    """Run every check that a planner's claims ask for, on every kind of ground.

    Args:
        planner: A planner, its class, or what `farside plan --planner` takes.
        checks: Names of some of the checks, None for all that the claims ask for.
        seeds: Of the terrain; two problems of a kind differ in their seed only.
        kinds: Some of `terrain_kinds()`, None for all.
        budget: Time and memory for one question.
        fail_fast: Stop at the first failure.
        pictures: Folder for a picture of each check's first failure, None for no pictures.

    Raises:
        PlannerCheckError: A check failed; it names every one that did, or with `fail_fast` the first.
        PlannerError: `planner` is a name that cannot be loaded.
        ValueError: No seed, no such kind or check, or none that the claims ask for; or the environment narrows the call
            to something that there is not, or to nothing.
    """
    __tracebackhide__ = True
    held = made(planner)
    names = [check.name for check in _asked_of(held, checks)]
    triples = _triples(names, list(seeds), terrain_kinds() if kinds is None else list(kinds))
    ran = _narrowed(triples)
    found = _failures(planner, held, ran, budget, pictures)
    failures = list(islice(found, 1 if fail_fast else None))
    if failures:
        raise PlannerCheckError(_name(held), failures)
    done = tuple(dict.fromkeys(triple.check for triple in ran))
    count = len({(triple.seed, triple.kind) for triple in ran})
    return Report(planner=held.name, claims=held.claims, checks=done, problems=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerCheck:
    """One check of one planner, to be called by a test.

    Attributes:
        planner: As `check_planner` takes it.
        name: Of the check.
        options: The other arguments of `check_planner`.
    """

    planner: Planner | type[Planner] | str
    name: str
    options: dict[str, object]

    def __call__(self) -> Report:
        __tracebackhide__ = True
        return check_planner(self.planner, checks=[self.name], **self.options)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return self.name


def planner_checks(planner: Planner | type[Planner] | str, **options: object) -> list[PlannerCheck]:
    """Return the checks that a planner's claims ask for, each of which runs when it is called.

    Args:
        planner: As for `check_planner`.
        options: The other arguments of `check_planner`.

    For `@pytest.mark.parametrize("check", planner_checks(Mine), ids=str)`. Where the environment narrows the checks,
    only that one, so that the tests of the others are not there instead of passing on nothing.
    """
    names = options.pop("checks", None)
    asked = _asked_of(made(planner), names)  # type: ignore[arg-type]
    narrowed = _chosen()
    if narrowed is not None:
        asked = [check for check in asked if check.name == narrowed.check]
    return [PlannerCheck(planner=planner, name=check.name, options=options) for check in asked]


def made(planner: Planner | type[Planner] | str) -> Planner:
    """Return a planner as it is, or made of its class or name.

    Raises:
        PlannerError: A name that cannot be loaded.
    """
    if isinstance(planner, str):
        return load_planner(planner)
    return planner() if isinstance(planner, type) else planner


def _asked_of(planner: Planner, names: Iterable[str] | None) -> list[Check]:
    """Return the checks that a planner is held to, or those of them that are named."""
    claims: frozenset[Claim] = getattr(planner, "claims", frozenset())
    by_claims = [check for check in CHECKS.values() if check.asks(claims)]
    if names is None:
        return by_claims
    wanted = list(names)
    unknown = [name for name in wanted if name not in CHECKS]
    if unknown:
        raise ValueError(f"no check {', '.join(unknown)}: known are {', '.join(CHECKS)}")
    asked = [check for check in by_claims if check.name in wanted]
    if not asked:
        raise ValueError(f"the claims of planner {_name(planner)} ask for none of {', '.join(wanted)}")
    return asked


def _triples(names: Sequence[str], seeds: Sequence[int], kinds: Sequence[str]) -> list[Chosen]:
    for kind in kinds:
        check_kind(kind)
    if not seeds or not kinds:
        raise ValueError("no seed or no kind to check on")
    return [
        Chosen(check=name, seed=int(seed), kind=kind) for name in names for seed in seeds for kind in kinds
    ]


def _chosen() -> Chosen | None:
    """Return what the environment narrows the checks to, or None.

    Raises:
        ValueError: There is no such check or kind.
    """
    narrowed = chosen()
    if narrowed is None:
        return None
    for what, value, known in (
        ("check", narrowed.check, tuple(CHECKS)),
        ("kind", narrowed.kind, terrain_kinds()),
    ):
        if value not in known:
            raise ValueError(f"{VARIABLE} = '{narrowed}': no {what} {value!r}, known are {', '.join(known)}")
    return narrowed


def _narrowed(triples: Sequence[Chosen]) -> list[Chosen]:
    """Return what the environment leaves of them, which is never nothing."""
    narrowed = _chosen()
    left = [triple for triple in triples if narrowed is None or triple == narrowed]
    if left:
        return left
    had = (
        dict.fromkeys(str(getattr(triple, name)) for triple in triples) for name in ("check", "seed", "kind")
    )
    checks, seeds, kinds = (", ".join(values) for values in had)
    raise ValueError(
        f"{VARIABLE} = '{narrowed}' leaves nothing of this call, which has checks {checks}; seeds {seeds};"
        f" kinds {kinds}: unset it, or run the one test that failed"
    )


def _case(
    planner: Planner, triple: Chosen, budget: Budget, last_words: str, kept: list[Plan | NoPlan]
) -> Case:
    timed = Claim.TIMED in getattr(planner, "claims", ())
    problem = make_problem(triple.seed, triple.kind, timed=timed)
    return Case(
        planner=planner, problem=problem, budget=budget, asked=problem, last_words=last_words, kept=kept
    )


def _broken(check: Check, case: Case) -> Iterator[Broken]:
    """Yield what is wrong; an exception is, whatever it is."""
    try:
        yield from check.run(case)
    except NoAnswerError as error:
        yield Broken(what=str(error), problem=case.asked, given_up=True)
    except Exception as error:  # a stranger's planner may raise anything
        yield Broken(what=_raised(error), problem=case.asked)


def _raised(error: Exception) -> str:
    return str(error) if isinstance(error, NotAnAnswerError) else f"raised {type(error).__name__}: {error}"


def _failures(
    given: Planner | type[Planner] | str,
    planner: Planner,
    triples: Iterable[Chosen],
    budget: Budget,
    pictures: Path | str | None,
) -> Iterator[Failure]:
    """Yield what fails, with a picture of the first failure of each check.

    Each check on each ground has a planner as it was given, or what such a one has answered, so that it comes to the
    same when it is run alone. Once a
    planner has been given up, that check is over, and in others it has the time of an answer and no more: one that
    never answers would be waited for all day.
    """
    found: list[Failure] = []
    given_up: set[str] = set()
    unused = _copy(planner)
    answers: dict[tuple[int, str], list[Plan | NoPlan]] = {}
    for triple in triples:
        if triple.check in given_up:
            continue
        replay = replay_command(given, planner, triple, budget)
        waiting = replace(budget, stop_s=0.0) if given_up else budget
        last_words = _last_words(planner, found, triple, waiting, replay)
        kept = answers.setdefault((triple.seed, triple.kind), [])
        case = _case(_copy(unused), triple, waiting, last_words, kept)
        for broken in _broken(CHECKS[triple.check], case):
            drawn = {failure.check for failure in found}
            picture = None
            if pictures is not None and triple.check not in drawn:
                picture = draw_broken(broken, triple, _name(planner), replay, pictures)
            given_up |= {triple.check} if broken.given_up else set()
            found.append(_failure(triple, broken.what, replay, picture))
            yield found[-1]


def _failure(triple: Chosen, what: str, replay: str, picture: Path | None = None) -> Failure:
    return Failure(
        check=triple.check, seed=triple.seed, kind=triple.kind, what=what, replay=replay, picture=picture
    )


def _last_words(
    planner: Planner, found: Sequence[Failure], triple: Chosen, budget: Budget, replay: str
) -> str:
    """Return what is told of all that failed where the process of a planner has to be ended."""
    what = f"gives no answer within {budget.patience_s:g} s, nor comes back from native code: its process is ended"
    return str(PlannerCheckError(_name(planner), [*found, _failure(triple, what, replay)]))


def _copy(planner: Planner) -> Planner:
    """Return a planner that shares nothing with another, or that itself where it cannot be copied."""
    try:
        return copy.deepcopy(planner)
    except Exception:  # locks, open files, a stranger's own reasons
        return planner


def _name(planner: object) -> str:
    return str(getattr(planner, "name", type(planner).__name__))


def _more(count: int) -> str:
    return f"\n    (+{count} more of this check)" if count else ""
