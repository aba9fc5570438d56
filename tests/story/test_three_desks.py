"""One loss told of in Zendesk, Salesforce and Jira, in any order and at once: one case, one approval, one payout."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Literal

import pytest

from cases.case import Closed, Paid, Stage
from cases.ticket import TicketRef
from store import tickets
from store.cases import StoredCase
from tests.chaos.desks import Seen, plain, read_desks
from tests.chaos.losses import VENDORS, Loss, Report, loads, ref_of
from tests.crash.claims import Claim, End, make_claims
from tests.crash.people import People
from tests.story.working_day import Day, until

How = Literal["claim", "link"]
ORDERS = tuple(permutations(VENDORS))
PATIENCE_SECONDS = 90.0


@pytest.mark.parametrize("how", ["claim", "link"])
def test_one_loss_told_of_at_three_desks_is_one_case_and_paid_once(day: Day, how: How) -> None:
    losses = tuple(_losses(how))
    day.town.know(tuple(each.claim for each in losses))
    people = People.of(day.town, day.house, tuple(each.claim for each in losses))

    for loss in losses:
        _tell(day, loss)
    until(lambda: all(_is_proposed_everywhere(day, each) for each in losses), seconds=PATIENCE_SECONDS)
    until(lambda: not people.look() and all(_is_closed(day, each) for each in losses), seconds=PATIENCE_SECONDS)

    seen = read_desks(day.town.sandbox)
    for loss in losses:
        case = _only_case(day, loss)
        events = [event for event, _ in day.history(case.case)]
        assert [events.count(each) for each in ("opened", "approved", "paid", "closed")] == [1, 1, 1, 1]
        claim = loss.claim
        paid = [(payee, plain(amount), asset, status) for payee, amount, asset, status in day.payments(case.case)]
        assert paid == [(claim.customer_id, plain(claim.amount), claim.asset, "confirmed")]
        for ref in loss.refs:
            _assert_truthful(day, seen[ref], case, claim)


def _losses(how: How) -> Iterator[Loss]:
    """Yield a loss for every order, and one told of at once: all claim it, or name the customer's ticket in Zendesk."""
    first = 100 if how == "claim" else 200
    claims = [each for each in make_claims(first + 40) if each.number >= first and each.end is End.PAID]
    for claim, order in zip(claims, (*ORDERS, VENDORS), strict=False):
        refs = {vendor: ref_of(vendor, claim.number) for vendor in order}
        reports = tuple(_report(refs[vendor], how, refs["zendesk"]) for vendor in order)
        at_once = claim.number == claims[len(ORDERS)].number
        yield Loss(claim=claim, reports=reports, at_once=at_once, incident=f"INC-{claim.number}")


def _report(ref: TicketRef, how: How, zendesk: TicketRef) -> Report:
    project = "CARE" if ref.vendor == "jira" else ""
    if how == "link" and ref.vendor != "zendesk":
        return Report(ref=ref, how="link", named=zendesk, project=project)
    return Report(ref=ref, how="claim", project=project)


def _tell(day: Day, loss: Loss) -> None:
    posts = [tuple(loads(loss, each)) for each in loss.reports]

    def post(every: tuple[tuple[str, dict[str, object]], ...]) -> None:
        for path, body in every:
            day.town.sandbox.post(path, body)

    with ThreadPoolExecutor(len(posts) if loss.at_once else 1) as threads:
        list(threads.map(post, posts))


def _is_proposed_everywhere(day: Day, loss: Loss) -> bool:
    """Whether every ticket was told of the proposal."""
    seen = read_desks(day.town.sandbox)
    return all(seen[ref].field("mw_state") == "awaiting_approval" for ref in loss.refs)


def _is_closed(day: Day, loss: Loss) -> bool:
    with day.house.database.read() as connection:
        case_id = tickets.case_of(connection, loss.refs[0])
        return case_id is not None and day.house.desk.cases.find(connection, case_id).case.stage is Stage.CLOSED


def _only_case(day: Day, loss: Loss) -> StoredCase:
    """Return the case that all tickets of a loss belong to; fails when there are two of it."""
    with day.house.database.read() as connection:
        case_ids = {tickets.case_of(connection, ref) for ref in loss.refs}
        about = [
            each
            for each in day.house.desk.cases.each(connection)
            if each.case.about.loss is not None and each.case.about.loss.reference == loss.claim.reference
        ]
    assert case_ids == {each.case.about.id for each in about}
    assert len(about) == 1
    assert set(about[0].case.about.tickets) == set(loss.refs)
    return about[0]


def _assert_truthful(day: Day, ticket: Seen, case: StoredCase, claim: Claim) -> None:
    """Hold a ticket to the fields and the notes that it must show when its case is paid."""
    assert isinstance(case.case, Closed)
    assert isinstance(case.case.settled, Paid)
    assert {name: ticket.field(name) for name in ("mw_state", "mw_amount", "mw_currency", "mw_case_url")} == {
        "mw_state": "paid",
        "mw_amount": plain(claim.amount),
        "mw_currency": claim.asset,
        "mw_case_url": day.house.desk.case_url(case.case.about.id),
    }
    ours = [each for each in ticket.comments if each.mark is not None]
    whole, _, decimals = plain(claim.amount).partition(".")
    money = f"{whole}.{decimals:0<2} {claim.asset} · {case.case.about.id}"
    assert [each.text.splitlines()[0] for each in ours] == [
        f"Compensation {state} · {money}" for state in ("PROPOSED", "APPROVED", "PAID")
    ]
    assert not any(each.public for each in ours)
