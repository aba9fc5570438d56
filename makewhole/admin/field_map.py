"""`makewhole map`: the ticket fields of a live account beside our names, and what is wrong with the mapping."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from config.helpdesks import FieldName
from config.helpdesks import Helpdesk as HelpdeskSettings
from connectors.contract import AccessRefused, FieldFound, TryLater, UnexpectedReply
from makewhole.helpdesks import connect
from makewhole.opening import read_settings, set_up_log
from makewhole.printing import print_json, table, to_people
from makewhole.trouble import WrongUsage

NAMES: tuple[str, ...] = get_args(FieldName)
#: Titles less alike than this are no suggestion; two within CLOSE of each other leave the choice to a person.
ALIKE, CLOSE = 0.72, 0.05
#: What a further title counts beside the name itself.
OTHER_TITLE = 0.96
SMALL_WORDS = frozenset({"of", "the", "a", "for"})
#: Types whose values an admin chose; whatever else is in a field may be a customer's words.
CHOSEN = frozenset({"tagger", "multiselect", "checkbox", "picklist", "multipicklist", "boolean", "option", "select"})
HIDDEN = "(not shown: --samples)"
_WORD = re.compile(r"[a-z0-9]+")
#: Further titles under which these fields are found.
OTHER_TITLES: Mapping[str, tuple[str, ...]] = {
    "compensation_topic": ("topic", "compensation"),
    "order_id": ("order", "order number"),
    "position_id": ("position",),
    "transaction_id": ("transaction", "transaction hash", "tx id"),
    "incident_id": ("incident",),
    "claimed_amount": ("amount claimed",),
    "claimed_asset": ("asset claimed", "claimed currency"),
    "mw_state": ("makewhole state", "compensation state"),
    "mw_amount": ("makewhole amount", "compensation amount"),
    "mw_currency": ("makewhole currency", "compensation currency"),
    "mw_reason": ("makewhole reason", "compensation reason"),
    "mw_case_url": ("makewhole case url", "makewhole case", "compensation case url", "mw case"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One of our names that the account has no fit field for.

    Fields:
        name: "order_id".
        id: What the mapping says; None when it says nothing.
        problem: What is wrong.
        suggestion: A field of the account whose title is like it; None when there is none.
        urgent: Whether the mapping names it, so that it must be mended.
    """

    name: str
    id: str | None
    problem: str
    suggestion: FieldFound | None
    urgent: bool


def show_map(settings: Path, vendor: str, *, samples: bool, as_json: bool) -> int:
    """Print the account's fields and the gaps; returns 1 when a mapped field is missing or unfit."""
    read = read_settings(settings)
    set_up_log(read)
    meant = [given for given in read.helpdesks.values() if given.vendor == vendor]
    if not meant:
        raise WrongUsage(f"The settings have no {vendor}: they have {', '.join(read.helpdesks)}.")
    code = 0
    for given in meant:
        try:
            found = connect(given).fields_found()
        except (AccessRefused, TryLater, UnexpectedReply) as problem:
            to_people().print(f"{given.vendor}:{given.account}: {problem}", markup=False)
            return 1
        missing = gaps(given, found)
        (_print_json if as_json else _print_table)(given, found, missing, samples=samples)
        code = max(code, 1 if any(each.urgent for each in missing) else 0)
    return code


def gaps(given: HelpdeskSettings, found: tuple[FieldFound, ...]) -> tuple[Gap, ...]:
    """Return what is missing or unfit among our names, what must be mended first."""
    by_id = {each.id: each for each in found}
    made: list[Gap] = []
    for name in NAMES:
        said = given.fields.get(name)  # type: ignore[call-overload]  # NAMES are the keys' own words.
        field = None if said is None else by_id.get(str(said))
        problem = _problem(said, field)
        if problem is None:
            continue
        free = [each for each in found if each.active and each.name is None]
        id_ = None if said is None else str(said)
        made.append(
            Gap(name=name, id=id_, problem=problem, suggestion=likeliest(name, free)[0], urgent=said is not None)
        )
    return tuple(sorted(made, key=lambda gap: not gap.urgent))


def likeliest(name: str, fields: Iterable[FieldFound]) -> tuple[FieldFound | None, bool]:
    """Return the field whose title is most like one of our names, and whether no other is nearly as like it.

    None when no title is like it at all.
    """
    rated = sorted(((_likeness(name, each.title), each) for each in fields), key=lambda pair: -pair[0])
    if not rated or rated[0][0] < ALIKE:
        return None, False
    certain = rated[0][0] > 1 - CLOSE and (len(rated) == 1 or rated[0][0] - rated[1][0] > CLOSE / 2)
    return rated[0][1], certain


def _problem(said: object, field: FieldFound | None) -> str | None:
    if said is None:
        return "not mapped"
    if field is None:
        return "the account has no such field"
    if not field.active:
        return "no ticket shows it: it is deactivated, or on no form or screen"
    return field.problem


def _likeness(name: str, title: str) -> float:
    """Return how alike they are, 1.0 for the same words; case, order of words and signs between them do not count."""
    words = _words(title)
    if not words:
        return 0.0
    rated = [(name, 1.0), *((each, OTHER_TITLE) for each in OTHER_TITLES.get(name, ()))]
    return max(difflib.SequenceMatcher(None, _words(each), words).ratio() * weight for each, weight in rated)


def _words(text: str) -> str:
    return " ".join(sorted(each for each in _WORD.findall(text.lower().replace("_", " ")) if each not in SMALL_WORDS))


def _sample(field: FieldFound, *, samples: bool) -> str | None:
    ours = field.name is not None and field.name.startswith("mw_")
    if field.sample is None or samples or ours or field.type in CHOSEN:
        return field.sample
    return HIDDEN


def _print_table(
    given: HelpdeskSettings, found: tuple[FieldFound, ...], missing: tuple[Gap, ...], *, samples: bool
) -> None:
    rows = [
        (
            each.id,
            each.title,
            each.type,
            "" if each.active else "no",
            each.name,
            _sample(each, samples=samples),
            each.problem,
        )
        for each in sorted(found, key=lambda field: (field.name is None, field.title.lower()))
    ]
    title = f"{given.vendor}:{given.account}"
    to_people().print(table(["Id", "Title", "Type", "Shown", "Our name", "Sample", "Problem"], rows, title=title))
    for gap in missing:
        to_people().print(_said(given.vendor, gap), markup=False, soft_wrap=True)


def _said(vendor: str, gap: Gap) -> str:
    where = f"{vendor}.fields.{gap.name}"
    meant = "" if gap.suggestion is None else f"; did you mean {gap.suggestion.id} ({gap.suggestion.title})?"
    return f"{'MEND' if gap.urgent else 'free'}  {where}{f': {gap.id}' if gap.id else ''}: {gap.problem}{meant}"


def _print_json(
    given: HelpdeskSettings, found: tuple[FieldFound, ...], missing: tuple[Gap, ...], *, samples: bool
) -> None:
    print_json(
        {
            "source": f"{given.vendor}:{given.account}",
            "fields": [
                {
                    "id": each.id,
                    "title": each.title,
                    "type": each.type,
                    "active": each.active,
                    "name": each.name,
                    "sample": _sample(each, samples=samples),
                    "problem": each.problem,
                }
                for each in found
            ],
            "gaps": [
                {
                    "name": each.name,
                    "id": each.id,
                    "problem": each.problem,
                    "suggestion": each.suggestion.id if each.suggestion else None,
                    "urgent": each.urgent,
                }
                for each in missing
            ],
        }
    )
