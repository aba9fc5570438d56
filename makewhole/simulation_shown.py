"""`makewhole policy simulate`: the figures as tables, as JSON, as a page, and the rows as Parquet."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cases.money import Money
from makewhole.opening import looked_into
from makewhole.printing import aside, print_json, table, to_people, write_page
from makewhole.releases import submitted_text
from makewhole.simulated_cases import stored_cases
from makewhole.simulation_said import said
from makewhole.trouble import Unusable, WrongUsage
from policy.book import policy_files, read_policy_file
from policy.examples import prove
from policy.form import Policy
from policy.loading import read_policy
from policy.many.columns import WrongColumn
from policy.mistakes import BadPolicy, did_you_mean
from policy.proposing import PathsDiffer
from reports.case_files import BadCases, BadRow, Cases, read_cases_file
from reports.figures import Band, Figures, by_classification, figures_of
from reports.page import page_of
from reports.rolling import CannotRoll
from reports.simulating import Simulation, label, simulate, within
from reports.tables import write_rows
from reports.words import Language

MOST_LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for; see the options of the command."""

    version: str
    against: str
    start: datetime | None
    end: datetime | None
    cases: Path | None
    policies: Path | None
    html: Path | None
    language: str
    parquet: Path | None
    as_json: bool


def simulate_versions(settings: Path, asked: Asked) -> int:
    """Print what becomes of the cases; returns 1 when some of them could not be used or decided."""
    if asked.language not in get_args(Language):
        raise WrongUsage(f"--language: {did_you_mean(asked.language, get_args(Language))}")
    a, b = (_policy(each, settings, asked.policies) for each in (asked.version, asked.against))
    with _telling() as on_step:
        on_step("reading cases")
        cases = _cases(settings, asked, (a, b), on_step)
        try:
            simulation = simulate(a, b, cases, on_step=on_step)
        except (CannotRoll, WrongColumn) as problem:
            raise WrongUsage(str(problem)) from None
        except PathsDiffer as problem:
            raise Unusable(f"stopped, a case comes out in two ways: {problem}") from None
        on_step("figures")
        figures = figures_of(simulation)
        if asked.html is not None:
            language: Language = "zh" if asked.language == "zh" else "en"
            page = page_of(simulation, figures, language=language, source=_source(asked))
            write_page(asked.html, page)
        if asked.parquet is not None:
            write_rows(simulation, asked.parquet)
    if asked.as_json:
        print_json(said(simulation, figures, source=_source(asked)))
    else:
        _print(simulation, figures, asked)
    return 1 if simulation.bad or simulation.undecided else 0


def _policy(named: str, settings: Path, folder: Path | None) -> Policy:
    """Return a version by file or as name@version; examples that do not hold are said, and do not stop it."""
    path = Path(named)
    try:
        if path.is_file():
            policy = read_policy(read_policy_file(path), path.name)
        else:
            policy = _submitted(named, settings) if folder is None else _in_folder(named, folder)
        wrong = [*prove(policy)]
    except BadPolicy as problem:
        raise Unusable(str(problem)) from None
    if wrong:
        note = f"{label(policy)}: {len(wrong)} of its examples do not hold; it cannot be released so"
        aside().print(note, markup=False, soft_wrap=True)
    return policy


def _submitted(named: str, settings: Path) -> Policy:
    if "@" not in named:
        raise WrongUsage(f'"{named[:100]}" is no file; a version is written name@version')
    with looked_into(settings) as house:
        _, text = submitted_text(house, named)
    return read_policy(text, named)


def _in_folder(named: str, folder: Path) -> Policy:
    found = [read_policy(read_policy_file(each), each.name) for each in policy_files(folder)]
    known = {f"{each.name}@{each.version}": each for each in found}
    if named not in known:
        raise WrongUsage(f"{named[:80]}: not in {folder}: {did_you_mean(named, sorted(known))}")
    return known[named]


def _cases(settings: Path, asked: Asked, versions: tuple[Policy, ...], on_step: Callable[[str], None]) -> Cases:
    start, end = (each and each.replace(tzinfo=each.tzinfo or UTC) for each in (asked.start, asked.end))
    try:
        if asked.cases is not None:
            return within(read_cases_file(asked.cases), start, end)
        with looked_into(settings) as house, house.database.read() as connection:
            return stored_cases(connection, house.desk.cases, versions, (start, end), on_step=on_step)
    except BadCases as problem:
        raise Unusable(str(problem)) from None


def _source(asked: Asked) -> str:
    span = [f"{word} {each:%Y-%m-%d %H:%M}" for word, each in (("from", asked.start), ("to", asked.end)) if each]
    return " ".join((asked.cases.name if asked.cases else "stored cases", *span))


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Show on stderr what is being done and for how long, on a terminal only."""
    console = aside()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("", total=None)
        yield lambda step: bars.update(task, description=step)


def _print(simulation: Simulation, figures: Figures, asked: Asked) -> None:
    console = to_people()
    a, b = label(simulation.a.policy), label(simulation.b.policy)
    console.print(f"A {a} against B {b}: {figures.cases} cases, {_source(asked)}", style="bold", markup=False)
    for headings, rows in _tables(figures):
        if rows:
            console.print()
            console.print(table(headings, rows))
    for line in (*_limits(simulation), *_trouble(simulation, figures)):
        console.print(line, markup=False, soft_wrap=True)


def _tables(figures: Figures) -> Iterator[tuple[tuple[str, ...], Sequence[tuple[object, ...]]]]:
    yield (
        ("Paid in all", "A", "B", "Change", "Cases paid"),
        [
            (each.asset, each.a.text(), each.b.text(), _signed(each.b - each.a), f"{each.cases_a} → {each.cases_b}")
            for each in figures.totals
        ],
    )
    yield (
        ("Who", "Get more", "in all", "Get less", "in all", "The same"),
        [
            (each.asset, each.winners, _signed(each.more), each.losers, _signed(each.less), each.same)
            for each in figures.movements
        ],
    )
    paying = figures.paying
    if not paying.is_plain:
        ways = [(str(each.way), str(each.a), str(each.b)) for each in paying.ways]
        beside = [(each.name, f"{each.a:f}", f"{each.b:f}") for each in paying.beside]
        yield ("How it is paid", "A", "B"), [*ways, *beside]
    cash = [(each.month or "not dated", each.a, each.b, _signed(each.b - each.a)) for each in paying.cash]
    yield ("Cash needed in", "A", "B", "Change"), cash
    yield ("Held to be", "A", "B"), [(_words(name), *counts) for name, *counts in by_classification(figures)]
    bands = [(_band_words(each), each.count, _signed(each.sum)) for each in figures.bands if each.count]
    yield ("Change of", "Cases", "Sum"), bands
    movers = [
        (each.case_id, _signed(each.change), _text(each.amount_a), _text(each.amount_b), each.rule_b)
        for each in figures.movers
    ]
    yield ("Largest changes", "Change", "A", "B", "B decides by"), movers
    for side, cuts in zip("AB", figures.cuts, strict=True):
        rows = [(each.case_id, each.asked, each.gets, (each.gets - each.asked).text()) for each in cuts]
        yield (f"Cut most by the budget of {side}", "Asked for", "Gets", "Cut"), rows
    yield ("People who must agree", "A", "B"), list(figures.people)
    yield ("Approvals by role", "A", "B"), list(figures.roles)


def _limits(simulation: Simulation) -> Iterator[str]:
    for side in (simulation.a, simulation.b):
        name, rolled = label(side.policy), side.rolled
        if rolled.windows:
            changed = f"{_cases_of(rolled.changed)}; customers with several: {rolled.customers}"
            yield f"\n{name}: limits over time changed {changed}"
        if side.budget is not None:
            shared = side.budget
            sums = f"{shared.asked} asked for, {shared.budget.at_most} there, {shared.paid} paid"
            yield f"\n{name}: budget {shared.budget.name}: {sums}; {_cases_of(shared.cut)} cut"


def _trouble(simulation: Simulation, figures: Figures) -> Iterator[str]:
    if figures.unpaid:
        yield f"\nPaid nothing by either: {_cases_of(figures.unpaid)}"
    if figures.two_assets:
        yield f"\nPaid in another asset, and so neither more nor less: {_cases_of(figures.two_assets)}"
    if simulation.undecided:
        yield f"\nNot decided by both: {_cases_of(simulation.undecided)}"
        yield from (f"  {version}: {why}: {_cases_of(count)}" for version, why, count in simulation.reasons)
        yield from _listed(simulation.examples)
    if simulation.bad:
        yield f"\nRows that are no cases: {len(simulation.bad)}"
        yield from _listed(simulation.bad)


def _listed(rows: tuple[BadRow, ...]) -> Iterator[str]:
    yield from (f"  {each.place}: {each.why}" for each in rows[:MOST_LISTED])
    if len(rows) > MOST_LISTED:
        yield "  … more with --json or --html"


def _band_words(band: Band) -> str:
    low = "up to" if band.over.minor == 0 else f"{band.over.text()} to"
    return f"{'+' if band.sign > 0 else '-'} {low} {band.up_to.text()} {band.asset}"


def _signed(money: Money) -> str:
    return f"+{money.text()}" if money.minor > 0 else money.text()


def _text(money: Money | None) -> str:
    return "–" if money is None else money.text()


def _cases_of(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"


def _words(name: str) -> str:
    return name.replace("_", " ")
