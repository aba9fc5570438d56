"""What a policy's page shows, as plain tables of text: one place where the parsed form is put into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cases.proposal import ApprovalStage
from policy.authoring.to_sheets import Grid
from policy.expressions import Condition, Expression
from policy.form import Limit, Policy, Rule
from policy.payment_terms import Part
from policy.showing import in_words

#: More columns than this are hard to read: then each condition stands in one cell.
MOST_COLUMNS = 5
Words = Mapping[str, str]
_SHEETS_OF_RULES = ("Evidence", "Exclusions", "Rules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the decision table: its reason, note, cells by column, what it becomes and what it pays."""

    name: str
    note: str
    cells: tuple[str, ...]
    becomes: str
    kind: str
    pays: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTable:
    """Columns and lines; the last column holds conditions that are no single cell, "" when none are."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def facts_of(policy: Policy, grid: Grid, words: Words) -> list[tuple[str, str, str]]:
    """Return what the policy says of itself: label, text, note."""
    said = {row[0]: (row[1], row[-1]) for row in grid.rows if row[1]}
    start, end = policy.effective.start, policy.effective.end
    span = words["until" if end else "from on"].format(start=_moment(start), end=_moment(end) if end else "")
    shown = [
        ("owner", said["owner"][0], said["owner"][1]),
        ("decision", said["decision"][0], said["decision"][1]),
        ("holds", span, said["effective: from"][1]),
        ("means", said["effective: means"][0], said["effective: means"][1]),
        ("products", _listed(said["products"][0]), said["products"][1]),
        ("topics", _listed(said["topics"][0]), said["topics"][1]),
        ("loss", said["loss"][0], said["loss"][1]),
        ("money", f"{said['money: asset'][0]}, {words['rounding']} {said['money: rounding'][0]}", _both(said)),
        ("decide within", *said["decide within"]),
    ]
    shown += [(key, *said[key]) for key in ("pay within", "pay form") if key in said]
    shown += [("units", _listed(said["units"][0]), said["units"][1])] if "units" in said else []
    days = [f"{key.partition(': ')[2]}: {_listed(said[key][0])}" for key in said if key.startswith("calendar: ")]
    shown += [("calendar", "; ".join(days), "")] if days else []
    shown += [("file", policy.file, ""), ("hash", policy.text_hash, "")]
    return [(words[key], text, note) for key, text, note in shown]


def _moment(moment: datetime) -> str:
    """Return a moment with its offset: "2026-01-01 00:00 UTC", "2026-02-07 00:00 +09:00"."""
    offset = moment.isoformat()[-6:]
    return f"{moment:%Y-%m-%d %H:%M} {'UTC' if offset == '+00:00' else offset}"


def _both(said: Mapping[str, tuple[str, str]]) -> str:
    return "; ".join(note for key in ("money: asset", "money: rounding") if (note := said[key][1]))


def _listed(text: str) -> str:
    return text.removeprefix("[").removesuffix("]")


def decision_table(policy: Policy, grids: Mapping[str, Grid], words: Words) -> DecisionTable:
    """Return every line that may decide, in order, with a column for each input that lines look at."""
    notes = {
        row[grid.headings.index("name")]: row[-1]
        for title in _SHEETS_OF_RULES
        if (grid := grids.get(title))
        for row in grid.rows
    }
    names = list(dict.fromkeys(cell[0] for rule in policy.rules for part in rule.when.parts if (cell := _cell(part))))
    columns = tuple(names) if len(names) <= MOST_COLUMNS else ()
    lines = tuple(_line(rule, columns, notes, words, above=place > 0) for place, rule in enumerate(policy.rules))
    if all(not line.cells[-1] for line in lines):
        return DecisionTable(columns=columns, lines=tuple(_without_last(line) for line in lines))
    return DecisionTable(columns=(*columns, words["also"]), lines=lines)


def _without_last(line: Line) -> Line:
    return Line(
        name=line.name, note=line.note, cells=line.cells[:-1], becomes=line.becomes, kind=line.kind, pays=line.pays
    )


def _line(rule: Rule, columns: tuple[str, ...], notes: Mapping[str, str], words: Words, *, above: bool) -> Line:
    cells, others = dict.fromkeys(columns, ""), []
    for part in rule.when.parts:
        found = _cell(part)
        if found and found[0] in cells and not cells[found[0]]:
            cells[found[0]] = found[1]
        else:
            others.append(part.text)
    if not rule.when.parts:
        others.append(words["otherwise" if above else "always"])
    kind = in_words(rule.classification)
    return Line(
        name=rule.name,
        note=notes.get(rule.name, ""),
        cells=(*cells.values(), " · ".join(others)),
        becomes=words[kind],
        kind=kind.replace(" ", "-"),
        pays=rule.pay.text if rule.pay else "",
    )


def _cell(part: Expression) -> tuple[str, str] | None:
    """Return the name and the cell of a condition on one name; None for any other."""
    names = {name for name, _, _ in part.names}
    name = next(iter(names), "")
    start = f"{name} is "
    cell = part.text.removeprefix(start)
    simple = len(names) == 1 and part.text.startswith(start) and " and " not in cell and " or " not in cell
    return (name, cell.removeprefix("one of ")) if simple else None


def settled_by(policy: Policy, grids: Mapping[str, Grid], words: Words) -> dict[str, list[tuple[str, ...]]]:
    """Return what becomes of an amount, and the signs of fraud: rows of text by section."""
    amount = [(words["other plan"], each.plan, f"{words[each.then]}: {each.paid}", "") for each in policy.other_plans]
    amount += [(words["deduction"], each.name, each.takes_off.text, "") for each in policy.deductions]
    limits = {row[0]: row[-1] for row in grids["Limits"].rows} if "Limits" in grids else {}
    amount += [(words["limit"], each.name, _limit(each, words), limits.get(each.name, "")) for each in policy.limits]
    for each in policy.thresholds:
        said = f"{_condition(each.when, words)} → {words[in_words(each.classification)]}"
        amount.append((words["threshold"], each.name, said, ""))
    left = policy.nothing_left
    becomes = words[in_words(left.classification)] if left.classification else ""
    amount.append((words["nothing left"], left.name, becomes, ""))
    if "Pay form" in grids and grids["Pay form"].rows:
        amount += [(words["part"], part.name, _part(part, words), "") for part in policy.parts]
    for given in policy.benefits:
        kept = words["decimals"].format(count=given.decimals)
        amount.append(
            (words["benefit"], given.name, f"{given.gives.text} ({_condition(given.when, words)}); {kept}", "")
        )
    if policy.budget:
        amount.append((words["budget"], policy.budget.name, f"{words['limit']} {policy.budget.at_most}", ""))
    fraud = [(each.name, _condition(each.when, words), words["alone"]) for each in policy.gates]
    if policy.scorecard:
        fraud += [(each.name, _condition(each.when, words), f"{each.points}") for each in policy.scorecard.signs]
        fraud.append((policy.scorecard.name, words["review from"], f"{policy.scorecard.review_from}"))
    return {"amount": list(amount), "fraud": list(fraud)}


def _condition(when: Condition, words: Words) -> str:
    return " · ".join(part.text for part in when.parts) or words["otherwise"]


def _limit(limit: Limit, words: Words) -> str:
    over = f" / {limit.window}" if limit.window else ""
    held = ", ".join(sorted(words[in_words(each)] for each in limit.classifications))
    said = [f"{limit.at_most.text}{over} ({held})"]
    said += [f"{words['counting']}: {limit.counting}"] if limit.counting else []
    said += [f"{words['counted by']}: makewhole"] if limit.counted_by_us else []
    return "; ".join(said)


def _part(part: Part, words: Words) -> str:
    said = [part.takes.text if part.takes else "rest", str(part.form)]
    said += [f"{part.asset}, {part.rate.text}"] if part.asset and part.rate else []
    if part.instalments > 1:
        remainder = "first" if part.larger_first else "last"
        said += [f"{part.instalments} × {part.every}", f"{words['remainder']}: {remainder}"]
    terms = {
        "waits for": part.waits_for and _condition(part.waits_for, words),
        "lapses when": part.lapses_when and _condition(part.lapses_when, words),
        "lapses after": part.lapses_after,
        "valid for": part.valid_for,
    }
    return "; ".join((*said, *(f"{words[term]}: {text}" for term, text in terms.items() if text)))


def wordings_of(policy: Policy, words: Words) -> list[tuple[str, str, str]]:
    """Return what is told: when, in English, in Chinese; then what steps are called."""
    told = [(words[in_words(name)], each) for name, each in policy.wording.items()]
    told += [(rule.name, rule.tell) for rule in policy.rules if rule.tell]
    told += [(each.name, each.tell) for each in policy.thresholds if each.tell]
    told += [(policy.nothing_left.name, policy.nothing_left.tell)] if policy.nothing_left.tell else []
    hidden = words["not told"]
    steps = [
        (f"{words['step']}: {name}", *((each.english, each.chinese) if each.told else (hidden, hidden)))
        for name, each in policy.names.items()
    ]
    return [*((name, each.english, each.chinese) for name, each in told), *steps]


def stages_said(stages: tuple[ApprovalStage, ...], words: Words) -> tuple[str, ...]:
    """Return each stage in words: "2 × compensation lead or head of support"; empty when nobody is asked."""
    joint = f" {words['or']} "
    return tuple(f"{each.quorum} × {joint.join(role.replace('_', ' ') for role in each.roles)}" for each in stages)
