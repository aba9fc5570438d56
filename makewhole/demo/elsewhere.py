"""The books of Salesforce and Jira beside ours: one loss is one case, and every ticket of it tells the truth."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cases.case import Case, Closed, proposal_of
from cases.money import Money
from cases.ticket import TicketRef
from makewhole.assembly import House
from makewhole.sandboxed import Sandbox
from sandbox.salesforce.ids import numbered
from sandbox.seed.desks import ExpectedElsewhere
from store import links, tickets
from store.cases import StoredCase

#: What an agent writes on the first Case in the course of the day, and every other ticket of its case must get once.
SAID = "Ms Hoffmann says that she can be reached in the afternoon only."
SAID_ON = 1
_MARK = re.compile(r"\[makewhole (\S+)\]\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """One Case or issue as its vendor has it.

    Fields:
        ref: Which.
        name: As in the seed: "7", "CARE-1".
        subject: Its title.
        state: What our field mw_state says; None when it says nothing.
        notes: (text, public) of its comments, oldest first.
    """

    ref: TicketRef
    name: str
    subject: str
    state: str | None
    notes: tuple[tuple[str, bool], ...]


def case_key(number: int) -> str:
    """Return the id of a seeded Case."""
    return numbered("500", number)


def read_elsewhere(sandbox: Sandbox) -> tuple[Elsewhere, ...]:
    """Return every Case and issue that the sandbox holds."""
    org = sandbox.get("/salesforce/_sandbox/state?notifications=no")
    site = sandbox.get("/jira/_sandbox/state?deliveries=no")
    comments = _rows(org, "CaseComment")
    cases = [_case(number, row, comments) for number, row in enumerate(_rows(org, "Case"), start=1)]
    return (*cases, *map(_issue, _rows(site, "issues")))


def problems(house: House, found: tuple[Elsewhere, ...], expected: tuple[ExpectedElsewhere, ...]) -> list[str]:
    """Return in what our books differ from theirs and from what the seed's authors worked out."""
    with house.database.read() as connection:
        stored = tuple(house.desk.cases.each(connection))
        asked = {(each.ref, str(each.case_id)) for each in links.unanswered(connection)}
        mirrored = tickets.known(connection, tuple(each.ref for each in found))
    case_of = {ref: each for each in stored for ref in each.case.about.tickets if not _is_joined(each.case)}
    by_name = {(each.ref.vendor, each.name): each for each in found}
    told = [problem for each in found for problem in _untrue(each, case_of.get(each.ref))]
    told += [f"{each.ref}: not mirrored" for each in found if each.ref not in mirrored]
    for each in expected:
        said = _other_than(each, by_name[each.vendor, each.name].ref, case_of, asked)
        if said:
            told.append(f"{each.vendor} {each.name}: expected {each.outcome}, {said}")
    return told


def _case(number: int, row: dict[str, Any], comments: list[dict[str, Any]]) -> Elsewhere:
    notes = [each for each in comments if each["ParentId"] == row["Id"]]
    ref = TicketRef(vendor="salesforce", account="harbor", key=row["Id"])
    told = tuple((each["CommentBody"], bool(each["IsPublished"])) for each in notes)
    return Elsewhere(ref=ref, name=str(number), subject=row["Subject"], state=row.get("MW_State__c"), notes=told)


def _issue(body: dict[str, Any]) -> Elsewhere:
    ref = TicketRef(vendor="jira", account="harbor", key=str(body["id"]))
    told = tuple((_text(each["body"]), _is_public(each)) for each in body["comments"])
    fields = body["fields"]
    return Elsewhere(
        ref=ref, name=body["key"], subject=fields["summary"], state=fields.get("customfield_10111"), notes=told
    )


def _is_public(comment: dict[str, Any]) -> bool:
    internal = {each["key"]: each["value"] for each in comment.get("properties", ())}.get("sd.public.comment", {})
    return "visibility" not in comment and not internal.get("internal", False)


def _text(node: object) -> str:
    """Return the words of a document, a line for each block."""
    if isinstance(node, str):
        return node
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "text":
        return str(node["text"])
    if node.get("type") == "hardBreak":
        return "\n"
    between = "\n" if node.get("type") in {"doc", "bulletList", "listItem", "blockquote"} else ""
    return between.join(_text(each) for each in node.get("content", ()))


def _untrue(each: Elsewhere, case: StoredCase | None) -> list[str]:
    """Return what a ticket tells that is not so, told twice, or told in public."""
    marks = Counter(match[1] for text, _ in each.notes if (match := _MARK.search(text)))
    told = [f"{each.ref}: note {mark} {times} times" for mark, times in marks.items() if times > 1]
    told += [f"{each.ref}: a note is public" for text, public in each.notes if public and _MARK.search(text)]
    wanted = _outcome(case.case) if case else None
    if each.state != wanted:
        told.append(f"{each.ref} ({each.name}): says {each.state}, its case is {wanted}")
    return told


def _other_than(
    expected: ExpectedElsewhere,
    ref: TicketRef,
    case_of: Mapping[TicketRef, StoredCase],
    asked: set[tuple[str, str]],
) -> str | None:
    ours = case_of.get(ref)
    other = case_of.get(TicketRef(vendor="zendesk", account="harbor", key=str(expected.same_as)))
    match expected.outcome:
        case "nothing":
            return None if ours is None else f"but it is in {ours.case.about.id}"
        case "joined":
            return None if ours is not None and ours == other else f"but it is not in the case of {expected.same_as}"
        case "asked" if other is not None:
            # Of two cases the younger is asked about; which one that is depends on who was read first.
            own = {(str(each), str(ours.case.about.id)) for each in other.case.about.tickets} if ours else set()
            was = ours != other and not asked.isdisjoint({(str(ref), str(other.case.about.id)), *own})
            return None if was else f"but nobody was asked about {other.case.about.id}"
        case "alone" if ours is not None:
            return _proposed_otherwise(ours.case, expected)
        case _:
            return "but there is no such case"


def _proposed_otherwise(case: Case, expected: ExpectedElsewhere) -> str | None:
    proposal, wanted = proposal_of(case), Money.exactly(expected.amount or "0", expected.asset or "USDT")
    if proposal is None:
        return "but nothing was proposed"
    if (proposal.classification, proposal.amount) != (expected.classification, wanted):
        return f"{expected.classification} {wanted}, but proposed {proposal.classification} {proposal.amount}"
    return None


def not_passed_on(house: House, sandbox: Sandbox) -> list[str]:
    """Return where the agent's comment of the day did not arrive exactly once, as an internal note."""
    source = TicketRef(vendor="salesforce", account="harbor", key=case_key(SAID_ON))
    with house.database.read() as connection:
        case_id = tickets.case_of(connection, source)
        refs = house.desk.cases.find(connection, case_id).case.about.tickets if case_id else ()
    notes = {each.ref: [text for text, public in each.notes if not public] for each in read_elsewhere(sandbox)}
    for ref in refs:
        if ref.vendor == "zendesk":
            whole = house.helpdesks[ref.source].read(ref)
            notes[ref] = [each.body for each in whole[0].comments if not each.public] if whole else []
    times = {ref: sum(SAID in text for text in notes.get(ref, ())) for ref in refs if ref != source}
    if len(times) <= 1:
        return [f"{source}: has no other tickets in its case"]
    return [f"{ref}: the agent's comment arrived {count} times" for ref, count in times.items() if count != 1]


def _rows(state: Mapping[str, object], name: str) -> list[dict[str, Any]]:
    rows = state.get(name)
    return rows if isinstance(rows, list) else []


def _is_joined(case: Case) -> bool:
    return case.stage == "joined"


def _outcome(case: Case) -> str:
    return str(case.settled.stage if isinstance(case, Closed) else case.stage)
