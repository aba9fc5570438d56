"""Whatever order tickets arrive in, one after the other or at the same moment, the same tickets come to be one case."""

import threading
from dataclasses import dataclass, replace
from itertools import count, permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cases.case import AwaitingApproval, Stage
from cases.ticket import Ticket, TicketRef
from store.cases import MovedOn
from store.jobs import Again
from sync.intake import read_ticket
from tests.store.at_once import at_once
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import page, take
from tests.workflow.three_desks import (
    address,
    asked,
    case_of,
    cause,
    groups,
    jira,
    open_three_desks,
    salesforce,
    unsaid,
    zendesk,
)

TRIES = 50


@pytest.fixture(autouse=True)
def _three_desks(at_work: DeskAtWork) -> None:
    open_three_desks(at_work)


def take_in(at_work: DeskAtWork, ref: TicketRef, number: int) -> None:
    """Read a ticket as a job does: when others were quicker it runs again."""
    for _ in range(TRIES):
        try:
            read_ticket(at_work.intake, f"{ref}@{number}", clock=at_work.time)
        except (MovedOn, Again):
            continue
        return
    raise AssertionError(f"{ref} could not be taken in")


def take_page(at_work: DeskAtWork, *told: Ticket) -> None:
    """Take in a page of a poll, as its job does."""
    for _ in range(TRIES):
        try:
            take(at_work.intake, page(*told), now=at_work.time())
        except MovedOn:
            continue
        return
    raise AssertionError("the page could not be taken in")


# --- One after the other ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class World:
    """Tickets in the order in which they arrive, and which of them tell of one loss."""

    told: tuple[Ticket, ...]
    groups: frozenset[frozenset[str]]
    by_page: tuple[bool, ...]


@st.composite
def worlds(draw: Any, example: int) -> World:
    """Return up to three losses of three customers, told by up to six tickets, some by an issue that makes no claim.

    In each group the first ticket names the loss; each other is tied to one before it, or names the loss as well.
    """
    groups: dict[int, list[Ticket]] = {}
    for number in range(draw(st.integers(3, 6))):
        group = draw(st.integers(0, min(2, len(groups))))
        groups.setdefault(group, []).append(_ticket(draw, example, number, group, groups.get(group, [])))
    every = [each for members in groups.values() for each in members]
    order = draw(st.permutations(every))
    return World(
        told=tuple(order),
        groups=frozenset(frozenset(str(each.ref) for each in members) for members in groups.values()),
        by_page=tuple(draw(st.booleans()) for _ in order),
    )


def _ticket(draw: Any, example: int, number: int, group: int, before: list[Ticket]) -> Ticket:
    make = draw(st.sampled_from((zendesk, salesforce, jira)))
    digits = f"{example:09}{number}"
    key = f"500{digits:0>12}AAA" if make is salesforce else f"9{digits}"
    loss, customer = f"W-{example}-{group}", f"C-{example}-{group}"
    mine = {"name": f"ENG-9{digits[-7:]}"} if make is jira else {}
    claimants = [each for each in before if each.field("compensation_topic")]
    how = draw(st.sampled_from(("claim", "link", "linked", "text", "cause"))) if claimants else "claim"
    if how == "claim":
        return make(key, loss=loss, customer=customer, **mine)  # type: ignore[no-any-return]  # One of three.
    other = draw(st.sampled_from(claimants))
    if how == "cause":
        return replace(cause(f"9{digits}", f"ENG-9{digits[-7:]}"), links=(str(other.ref),))
    if how == "text":
        # In the first message, which a page shows as well: comments are read with what is read whole only.
        words = f"As in {address(other.ref, other.name)}, I think."
        return make(key, **unsaid(customer=customer, topic=None, text=words), **mine)  # type: ignore[no-any-return]  # As above.
    links = (str(other.ref) if draw(st.booleans()) else address(other.ref, other.name),)
    return make(key, **unsaid(customer=customer, links=links), **mine)  # type: ignore[no-any-return]  # As above.


def test_the_order_of_arrival_does_not_matter(at_work: DeskAtWork) -> None:
    examples = count(1)

    @settings(
        max_examples=20,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
        report_multiple_bugs=False,
        derandomize=True,
    )
    @given(st.data())
    def any_order(data: Any) -> None:
        world = data.draw(worlds(next(examples)))
        at_work.helpdesk.tickets.clear()
        for each, by_page in zip(world.told, world.by_page, strict=True):
            at_work.time.pass_by(minutes=1)
            now = replace(each, updated_at=at_work.time())
            at_work.helpdesk.tickets[each.ref] = now
            if by_page:
                take_page(at_work, replace(now, comments=()))
            else:
                take_in(at_work, each.ref, 0)
            at_work.work("read")
        at_work.work("propose")

        assert groups(at_work) == world.groups
        for each in world.told:
            case = at_work.case(case_of(at_work, each.ref) or "")
            assert isinstance(case, AwaitingApproval)
        refs = {str(each.ref) for each in world.told}
        assert [each for each in asked(at_work) if each[0] in refs] == []

    any_order()


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_zendesk_salesforce_and_jira_in_any_order_are_one_case(at_work: DeskAtWork, order: tuple[int, ...]) -> None:
    told = (
        zendesk(),
        replace(salesforce(**unsaid(links=(address(zendesk().ref),))), requester=None),
        cause(links=(str(salesforce().ref),)),
    )
    for each in order:
        at_work.tell(told[each])
        at_work.work()

    assert groups(at_work) == {frozenset(str(each.ref) for each in told)}
    at_work.say("amelia", case_of(at_work, zendesk().ref) or "")
    at_work.work()
    assert len(at_work.provider.payments) == 1
    assert sorted(at_work.stages().values()).count(Stage.CLOSED) == 1
    assert asked(at_work) == []


# --- At the same moment -----------------------------------------------------------------------------------------------


def test_one_ticket_that_webhook_poll_and_another_worker_bring_at_once_has_one_case(at_work: DeskAtWork) -> None:
    told = zendesk()
    at_work.helpdesk.tickets[told.ref] = told

    def bring(number: int) -> None:
        if number % 3 == 0:
            take_page(at_work, told)
        else:
            take_in(at_work, told.ref, number)

    at_once(9, bring)

    assert list(at_work.stages()) == ["CASE-1"]
    assert at_work.events("CASE-1") == ["opened"]
    assert case_of(at_work, told.ref) == "CASE-1"


@pytest.mark.parametrize("way", ["one loss", "a chain of links", "a ring of links", "words", "a cause"])
def test_three_desks_that_tell_of_one_loss_at_the_same_moment_have_one_case(at_work: DeskAtWork, way: str) -> None:
    to_zendesk, to_salesforce = (str(zendesk().ref),), (str(salesforce().ref),)
    told = {
        "one loss": (zendesk(), salesforce(), jira()),
        "a chain of links": (zendesk(), salesforce(**unsaid(links=to_zendesk)), jira(**unsaid(links=to_salesforce))),
        "a ring of links": (
            zendesk(links=("jira:harbor:ENG-5",)),
            replace(salesforce(**unsaid(links=to_zendesk)), requester=None),
            replace(jira(**unsaid(links=to_salesforce)), requester=None),
        ),
        "words": (
            zendesk(),
            salesforce(**unsaid(text=f"See {address(zendesk().ref)}")),
            jira(**unsaid(text=f"See {address(salesforce().ref)} and {address(zendesk().ref)}")),
        ),
        "a cause": (zendesk(links=("jira:harbor:ENG-5",)), salesforce(links=("jira:harbor:ENG-5",)), cause()),
    }[way]
    failures = []

    for turn in range(4):
        renamed = tuple(_of_turn(each, turn) for each in told)
        at_work.helpdesk.tickets = {each.ref: each for each in renamed}
        together = threading.Barrier(len(renamed))

        def bring(number: int, renamed: tuple[Ticket, ...] = renamed, together: threading.Barrier = together) -> None:
            together.wait(30)
            take_in(at_work, renamed[number].ref, 1)

        at_once(len(renamed), bring)
        at_work.work("read")
        if groups(at_work) != {frozenset(str(each.ref) for each in renamed)}:
            failures.append((turn, groups(at_work), asked(at_work)))

    assert failures == []


def test_a_page_and_single_readings_of_tickets_that_belong_together_make_one_case(at_work: DeskAtWork) -> None:
    told = (zendesk(), salesforce(**unsaid(links=(str(zendesk().ref),))), cause(links=(str(zendesk().ref),)))
    at_work.helpdesk.tickets = {each.ref: each for each in told}

    def bring(number: int) -> None:
        if number == len(told):
            take_page(at_work, *told)
        else:
            take_in(at_work, told[number].ref, 1)

    at_once(len(told) + 1, bring)
    at_work.work("read", "propose")

    assert groups(at_work) == {frozenset(str(each.ref) for each in told)}


def _of_turn(told: Ticket, turn: int) -> Ticket:
    """Return the same ticket of another customer with another loss, under other keys."""

    def other(text: str) -> str:
        for key in ("zendesk:harbor:1", "tickets/1"):
            text = text.replace(key, f"{key}{turn}") if text.endswith(key) or f"{key} " in text else text
        return text.replace("500Ak00000A1b2", f"500Ak0000{turn}A1b2").replace("ENG-5", f"ENG-5{turn}")

    requester = replace(told.requester, customer_id=f"C-{turn}") if told.requester else None  # type: ignore[arg-type]  # A customer.
    keys = {"zendesk": f"{told.ref.key}{turn}", "salesforce": other(told.ref.key), "jira": f"{told.ref.key}{turn}"}
    return replace(
        told,
        ref=replace(told.ref, key=keys[told.ref.vendor]),
        name=other(told.name),
        links=tuple(other(each) for each in told.links),
        description=other(told.description),
        fields=tuple((name, f"{value}-{turn}" if name == "transaction_id" else value) for name, value in told.fields),
        requester=requester,
    )
