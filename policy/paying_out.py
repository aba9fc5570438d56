"""Reading how a policy pays: the parts of the amount, benefits beside it, a budget for all, and by when."""

import re
from datetime import datetime
from decimal import Decimal

from cases.money import ASSETS
from policy.building import either, number
from policy.calendars import Calendar
from policy.example_texts import money_at
from policy.expressions import Condition, Counted, Every, Expression
from policy.mistakes import did_you_mean
from policy.payment_terms import Benefit, Budget, Part, PayForm, PayWithin
from policy.ruling import amount_at, when_at
from policy.scope import Scope
from policy.section import Section, condition, expression
from policy.units import ChoiceType, DateType, NumberType, TextType, TimeType, Unit, YesNoType, described
from policy.yaml_text import Node, Scalar, Sequence

MOST_INSTALMENTS = 120
_KEYS = (
    "name",
    "when",
    "takes",
    "as",
    "waits for",
    "lapses when",
    "lapses after",
    "asset",
    "at",
    "instalments",
    "every",
    "remainder",
    "valid for",
)
_SPAN = re.compile(r"([1-9]\d{0,3}) (hours?|days?|working days?|minutes?|months?|years?)", re.ASCII)


def read_pay_form(root: Section, scope: Scope, paid: Unit | None) -> tuple[Part, ...]:
    """Return the parts: one word for everything at once, or a list whose last part takes the rest."""
    node = root.node("pay form")
    if node is None:
        return ()
    if isinstance(node, Scalar):
        form = root.read("pay form", _form)
        return (_whole(form, node, scope),) if form else ()
    parts = [_part(each, scope, paid, root) for each in (node.items if isinstance(node, Sequence) else ())]
    found = tuple(part for part in parts if part)
    if not parts:
        root.mistakes.add(node.place, "write cash, voucher or credit, or a list of parts")
    elif len(found) == len(parts) and [part.takes is None for part in found] != [False] * (len(found) - 1) + [True]:
        root.mistakes.add(node.place, 'let the last part, and only it, say "takes: rest": the parts come to the amount')
    names = [part.name for part in found]
    for part in found:
        if names.count(part.name) > 1:
            root.mistakes.add(part.place, f'two parts are named "{part.name}": give each a name of its own')
    return found


def _whole(form: PayForm, node: Scalar, scope: Scope) -> Part:
    return Part(
        name=form.value,
        takes=None,
        form=form,
        waits_for=None,
        lapses_when=None,
        lapses_after=None,
        asset=None,
        rate=None,
        instalments=1,
        every=None,
        larger_first=True,
        valid_for=None,
        calendar=scope.calendar,
        place=node.place,
    )


def _part(node: Node, scope: Scope, paid: Unit | None, root: Section) -> Part | None:
    section = Section(node, root.mistakes, keys=_KEYS)
    name, takes, form = (
        section.text("name"),
        section.scalar("takes"),
        section.read("as", lambda text: _form(text, kind=True)),
    )
    rest = takes is not None and takes.text.strip() == "rest"
    own = scope.also({"amount": NumberType(unit=paid or Unit(), signed=False)})
    wanted = amount_at(section, "takes", own, paid) if takes and not rest else None
    wanted = _when_it_fits(section, wanted, own) if section.has("when") else wanted
    asset, rate = _in_kind(section, scope, paid) if form is PayForm.IN_KIND else (None, None)
    if rate is not None and section.has("when"):
        rate = _when_it_fits(section, rate, own, otherwise="1")
    _only_with(section, form)
    if not name or form is None or (wanted is None and not rest):
        return None
    return Part(
        name=name,
        takes=wanted,
        form=form,
        waits_for=_when(section, "waits for", scope),
        lapses_when=_when(section, "lapses when", scope),
        lapses_after=section.read("lapses after", _span) if section.has("lapses after") else None,
        asset=asset,
        rate=rate,
        instalments=(section.read("instalments", _count) or 1) if section.has("instalments") else 1,
        every=section.read("every", _span) if section.has("instalments") else None,
        larger_first=(section.read("remainder", _first_or_last) if section.has("remainder") else True) is not False,
        valid_for=section.read("valid for", _span) if section.has("valid for") else None,
        calendar=scope.calendar,
        place=section.place,
    )


def _when_it_fits(
    section: Section, takes: Expression | None, scope: Scope, *, otherwise: str = "0"
) -> Expression | None:
    """Return what a part takes where its `when` holds, and nothing where it does not; None after a mistake.

    otherwise: What it is where `when` does not hold: a price that is not asked for is 1.
    """
    when = when_at(section, scope)
    if takes is None:
        what = (
            'say how much it takes: "takes: amount" for all that is left; the last part takes the rest whatever holds'
        )
        section.mistakes.add(section.entries["when"][0].place, what)
        return None
    if when is None or not when.parts:
        return takes
    text, names = "if ", []
    for part, joint in zip(
        (*when.parts, takes), (*[" and "] * (len(when.parts) - 1), " then ", f" else {otherwise}"), strict=True
    ):
        names += [(name, start + len(text), end + len(text)) for name, start, end in part.names]
        text += part.text + joint
    test = Every(parts=tuple(part.node for part in when.parts), type=YesNoType())
    kind = takes.node.type
    unit = kind.unit if isinstance(kind, NumberType) else Unit()
    node = either([(test, takes.node)], number(Decimal(otherwise), unit), kind)
    return Expression(text=text, node=node, names=tuple(names), place=takes.place)


def _in_kind(section: Section, scope: Scope, paid: Unit | None) -> tuple[str | None, Expression | None]:
    """Return the asset of a part in kind and what one of it stands for."""
    asset, scalar = section.read("asset", _asset), section.scalar("at")
    rate = expression(scalar, scope, section.mistakes) if scalar else None
    if asset is None or rate is None or paid is None:
        return None, None
    kind = rate.node.type
    rates = (Unit(top=paid.top, bottom=asset), Unit(top=asset, bottom=paid.top))
    if not isinstance(kind, NumberType) or kind.unit not in rates or not kind.positive:
        known = " or ".join(f'"positive rate {each}"' for each in rates)
        perhaps = " that may be 0" if isinstance(kind, NumberType) and kind.unit in rates else ""
        section.mistakes.add(rate.place, f"a {known} is needed here, this is {described(kind)}{perhaps}")
        return None, None
    return asset, rate


def _only_with(section: Section, form: PayForm | None) -> None:
    """Note keys that mean nothing for this form."""
    in_kind, ending = (PayForm.IN_KIND,), (PayForm.VOUCHER, PayForm.CREDIT)
    for key, needed in {"asset": in_kind, "at": in_kind, "valid for": ending}.items():
        if section.has(key) and form is not None and form not in needed:
            forms = " or ".join(f'"as: {each.value}"' for each in needed)
            section.mistakes.add(section.entries[key][0].place, f'"{key}" stands only with {forms}')
    if section.has("lapses after") and not section.has("waits for"):
        section.mistakes.add(section.entries["lapses after"][0].place, '"lapses after" stands only with "waits for"')
    for key in ("every", "remainder"):
        if section.has(key) and not section.has("instalments"):
            section.mistakes.add(section.entries[key][0].place, f'"{key}" stands only with "instalments"')


def _when(section: Section, key: str, scope: Scope) -> Condition | None:
    node = section.node(key) if section.has(key) else None
    return condition(node, scope, section.mistakes) if node else None


def read_benefits(root: Section, scope: Scope) -> tuple[Benefit, ...]:
    """Return what is given beside the money."""
    found = []
    for node in root.items("benefits") if root.has("benefits") else ():
        section = Section(node, root.mistakes, keys=("name", "when", "gives", "decimals"))
        name, when, scalar = section.text("name"), when_at(section, scope), section.scalar("gives")
        decimals = section.read("decimals", _decimals) if section.has("decimals") else 0
        gives = expression(scalar, scope, root.mistakes) if scalar else None
        if gives is not None and not _given_beside(gives):
            root.mistakes.add(gives.place, "money is paid by the rules: give a number in a unit of the policy's own")
        elif name and when and gives is not None and decimals is not None:
            found.append(Benefit(name=name, when=when, gives=gives, decimals=decimals, place=section.place))
    return tuple(found)


def _given_beside(gives: Expression) -> bool:
    kind = gives.node.type
    if isinstance(kind, NumberType):
        return not kind.unit.is_money and kind.unit.bottom is None
    return not isinstance(kind, YesNoType | ChoiceType | TextType | TimeType | DateType)


def read_budget(root: Section, paid: Unit | None) -> Budget | None:
    """Return what all claims together may get; None where nothing is said."""
    section = root.section("budget", ("name", "at most")) if root.has("budget") else None
    scalar = section.scalar("at most") if section else None
    name = section.text("name") if section else ""
    at_most = money_at(scalar, root.mistakes) if scalar else None
    if section is None or scalar is None or at_most is None:
        return None
    if paid is not None and at_most.code != paid.top:
        root.mistakes.add(scalar.place, f"the policy pays {paid.top}: say the budget in {paid.top}")
        return None
    return Budget(name=name, at_most=at_most, place=section.place)


def read_pay_within(root: Section, calendar: Calendar) -> PayWithin | None:
    """Return by when it is paid; None where nothing is said."""
    return root.read("pay within", lambda text: _pay_within(text, calendar)) if root.has("pay within") else None


def _pay_within(text: str, calendar: Calendar) -> PayWithin:
    if text.startswith("before "):
        try:
            before = datetime.fromisoformat(text.removeprefix("before "))
        except ValueError:
            before = None
        if before is None or before.tzinfo is None:
            raise ValueError(f'write "{text[:60]}" as "before 2024-02-01T00:00:00Z"')
        return PayWithin(count=0, counted=Counted.HOURS, before=before, calendar=calendar)
    if re.fullmatch(r"[1-9]\d{0,3} working hours?", text, re.ASCII):
        if calendar.hours is None:
            raise ValueError('say when people work, as "hours: 09:30 to 16:00" under "calendar"')
        return PayWithin(
            count=int(text.split(maxsplit=1)[0]), counted=Counted.WORKING_HOURS, before=None, calendar=calendar
        )
    count, _, unit = _span(text).partition(" ")
    plural = unit if unit.endswith("s") else f"{unit}s"
    return PayWithin(count=int(count), counted=Counted(plural), before=None, calendar=calendar)


def _span(text: str) -> str:
    if not _SPAN.fullmatch(text):
        raise ValueError(
            f'write "{text[:60]}" as a time: "30 days", "7 working days", "72 hours", "3 months", "2 years"'
        )
    return text


def _form(text: str, *, kind: bool = False) -> PayForm:
    known = [each.value for each in PayForm if kind or each is not PayForm.IN_KIND]
    if text not in known:
        raise ValueError(f'"{text[:60]}" cannot be paid: {did_you_mean(text, known)}')
    return PayForm(text)


def _asset(text: str) -> str:
    if text not in ASSETS:
        raise ValueError(f'"{text[:60]}" is not a known asset: {did_you_mean(text, ASSETS)}')
    return text


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,2}", text, re.ASCII) or int(text) > MOST_INSTALMENTS:
        raise ValueError(f'write "{text[:20]}" as a whole number from 1 to {MOST_INSTALMENTS}')
    return int(text)


def _decimals(text: str) -> int:
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII) or int(text) > 18:  # noqa: PLR2004  # As many as an asset has.
        raise ValueError(f'write "{text[:20]}" as a whole number from 0 to 18')
    return int(text)


def _first_or_last(text: str) -> bool:
    if text not in {"first", "last"}:
        raise ValueError(f'write "{text[:20]}" as first or last: which instalments carry what does not divide')
    return text == "first"
