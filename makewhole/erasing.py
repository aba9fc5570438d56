"""`makewhole erase`: a customer's words and personal data go from our database; the books stay."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cases.ticket import CustomerId
from makewhole.opening import looked_into
from makewhole.printing import print_json, to_people
from makewhole.trouble import WrongUsage
from workflow.erasing import Erasure, StillOpen, erase_customer

STAYS = {
    "cases": "which loss it was, what was proposed, decided and paid, by whom and why: the law has these books kept",
    "audit": "the sealed history of each case, and with it what approvers wrote: to change it would break the proof",
    "payouts and ledger": "every payment and posting, and to which customer's number",
    "evidence": "the facts that an amount rests on, without the customer's name and address",
    "tickets": "number, state, stamps and the mapped fields (ids and amounts), so that a loss is known again",
    "deliveries": "what came and is not handled yet; run this again when `makewhole status` shows no backlog",
    "failures": "messages of vendors in `makewhole deadletter list`; they quote no one, but look",
}
WHY_CLOSED = "Who decides a case needs what the customer wrote. Decide them first, or say --even-open."


class _Rehearsed(Exception):
    """Ends the transaction of a dry run, so that nothing of it is kept."""


def erase(  # What the command line takes.
    settings: Path, customer_id: str, *, by: str | None, even_open: bool, dry_run: bool, as_json: bool
) -> int:
    """Erase a customer; returns 1 when cases of theirs are not closed, and nothing was erased."""
    with looked_into(settings) as house:
        if by is None and not dry_run:
            raise WrongUsage("say who you are with --by, by your id in the people file: it goes into the history")
        if by is not None and house.desk.people.by_id(by) is None:
            raise WrongUsage(f"{by} is not in the people file")
        found: Erasure | None = None
        try:
            with house.database.begin() as tx:
                found = erase_customer(
                    house.desk, tx, CustomerId(customer_id), by=by or "nobody", even_open=even_open, now=house.clock()
                )
                _end(dry_run=dry_run)
        except StillOpen as problem:
            return _refused(customer_id, problem, as_json=as_json)
        except _Rehearsed:
            pass
    assert found is not None  # noqa: S101  # For who reads: every other way out has returned or raised.
    if as_json:
        print_json(_in_json(customer_id, found, dry_run=dry_run))
    else:
        for line in _in_words(customer_id, found, dry_run=dry_run):
            to_people().print(line, markup=False, soft_wrap=True)
    return 0


def _end(*, dry_run: bool) -> None:
    if dry_run:
        raise _Rehearsed


def _refused(customer_id: str, problem: StillOpen, *, as_json: bool) -> int:
    open_cases = {each.case.about.id: str(each.case.stage) for each in problem.cases}
    if as_json:
        print_json({"customer": customer_id, "erased": False, "open_cases": open_cases, "why": WHY_CLOSED})
    else:
        to_people().print(f"Nothing was erased: {problem}. {WHY_CLOSED}", markup=False, soft_wrap=True)
    return 1


def _in_words(customer_id: str, found: Erasure, *, dry_run: bool) -> list[str]:
    verb = "Would be erased" if dry_run else "Erased"
    counts = ", ".join(f"{name} {count}" for name, count in found.counts.items())
    told = [f"{verb} of {customer_id}: {counts}."]
    if found.cases:
        history = "would be recorded" if dry_run else "is recorded"
        told.append(f"This {history} in {', '.join(each.case.about.id for each in found.cases)}.")
    told += ["What stays here:", *(f"  {name}: {what}" for name, what in STAYS.items())]
    if found.tickets:
        told.append("What the vendors hold is theirs to erase, our notes with it:")
        told += [f"  {ref}" for ref in found.tickets]
    if found.cards:
        told.append("Cards in Slack, with their threads:")
        told += [f"  {case_id}: channel {place.channel}, message {place.ts}" for case_id, place in found.cards]
    told.append("Backups, finance's files and logs elsewhere are yours to look after.")
    return told


def _in_json(customer_id: str, found: Erasure, *, dry_run: bool) -> Mapping[str, Any]:
    return {
        "customer": customer_id,
        "erased": not dry_run,
        "first": found.first,
        "counts": dict(found.counts),
        "cases": [each.case.about.id for each in found.cases],
        "stays": STAYS,
        "elsewhere": {
            "tickets": [str(ref) for ref in found.tickets],
            "slack": [{"case": case_id, "channel": at.channel, "ts": at.ts} for case_id, at in found.cards],
        },
    }
