"""The page of a case: everything that is known of it, for whoever has the link, and nothing that could run."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cases.case import (
    About,
    Approved,
    AwaitingApproval,
    Case,
    Closed,
    Declined,
    Joined,
    NeedsAttention,
    Opened,
    Paid,
    Proposed,
)
from cases.loss import Loss, LossKind
from cases.money import Money
from cases.precedents import Consistency, Precedent
from cases.proposal import (
    ApprovalStage,
    CaseId,
    Classification,
    Decision,
    DerivationLine,
    PersonId,
    Proposal,
    Verdict,
)
from cases.ticket import CustomerId, Ticket, TicketRef, TicketStatus
from store import books, tickets
from store.audit import Change
from store.cases import StoredCase
from store.tickets import Reading
from tests.pages.in_browser import wrong_with
from tests.web.conftest import ATTACK, LINK_KEY, NOW, House, assert_loads_nothing_but_its_style
from web.keys import case_key


def an_opened(house: House, *, reference: str = "WD-7710004") -> StoredCase:
    """Open a case about a delayed withdrawal and return it as stored."""
    about = About(
        id=CaseId(""),
        topic="delayed_withdrawal",
        loss=Loss(kind=LossKind.TRANSACTION, reference=reference, customer_id=CustomerId("C-100023")),
        customer_id=CustomerId("C-100023"),
        tickets=(
            TicketRef(vendor="zendesk", account="harbor", key="17"),
            TicketRef(vendor="jira", account="h", key="C-1"),
        ),
        opened_at=NOW,
    )
    with house.database.begin() as tx:
        opened = house.doors.cases.open(tx, about, change("opened"))
    assert opened is not None
    return opened


def change(event: str, actor: str = "sync", **detail: str) -> Change:
    """Return an audit record to be."""
    return Change(at=NOW, actor=actor, event=event, detail=tuple(sorted(detail.items())))


def a_proposal(case: Case, **changes: object) -> Proposal:
    """Return a proposal for this case."""
    proposal = Proposal(
        case_id=case.about.id,
        revision=2,
        classification=Classification.GOODWILL,
        amount=Money.exactly("15", "USDT"),
        payee=CustomerId("C-100023"),
        reason="six to twenty-four hours late",
        derivation=(
            DerivationLine(
                name="value share",
                expression="0.5% of value_usdt",
                filled="0.5% of 1000",
                value="5 USDT",
                place="delayed-withdrawal.yaml:29",
            ),
        ),
        policy_id="delayed-withdrawal",
        policy_version="1",
        policy_hash="ab" * 32,
        inputs=(("hours_late", "7.5"),),
        approvals=(ApprovalStage(roles=("compensation_lead", "head_of_support"), quorum=2),),
        customer_text=(("en", "You get 15 USDT."),),
        proposed_by="policy",
        decide_within_hours=24,
    )
    return replace(proposal, **changes)  # type: ignore[arg-type]


def a_word(proposal: Proposal, verdict: Verdict = Verdict.APPROVE, comment: str | None = None) -> Decision:
    """Return what Amelia said."""
    return Decision(
        case_id=proposal.case_id,
        fingerprint=proposal.fingerprint,
        verdict=verdict,
        person=PersonId("amelia"),
        role="compensation_lead",
        stage=0,
        reason_code=None if verdict is Verdict.APPROVE else "not_our_fault",
        comment=comment,
        decided_at=NOW,
        via="slack",
    )


def save(house: House, before: StoredCase, after: Case, *changes: Change) -> StoredCase:
    """Move a case on."""
    with house.database.begin() as tx:
        return house.doors.cases.save(tx, before, after, changes[0] if changes else change(str(after.stage)))


def page(house: House, case_id: str, key: str | None = None) -> tuple[int, str]:
    """Return status and text of a case's page."""
    answer = house.http.get(f"/cases/{case_id}", params={"key": key or case_key(LINK_KEY, case_id)})
    return answer.status_code, answer.text


def test_a_case_that_was_paid_shows_its_whole_story(house: House) -> None:
    opened = an_opened(house)
    proposal = a_proposal(opened.case)
    approved = Approved(
        about=opened.case.about, proposal=proposal, approvals=(a_word(proposal),), amount=Money.exactly("15", "USDT")
    )
    stored = save(house, opened, approved, change("approved", actor="amelia", stage="1 of 1"))
    with house.database.begin() as tx:
        books.add_payout(tx, approved, way="payout-provider", now=NOW)

    status, html = page(house, stored.case.about.id)

    assert status == 200
    for shown in (
        "Approved",
        "WD-7710004",
        "15.00 USDT",
        "six to twenty-four hours late",
        "0.5% of value_usdt",
        "delayed-withdrawal.yaml:29",
        "hours_late",
        "compensation lead or head of support",
        "Amelia &lt;Chen&gt;",
        "payout-provider",
        "intended",
        "1 of 1",
        "2026-11-22 12:00 UTC",
        '<a href="https://harbor.zendesk.com/agent/tickets/17" rel="noreferrer noopener">Zendesk 17</a>',
        "<li>Jira C-1</li>",
    ):
        assert shown in html, shown


def stages(opened: Case, into: CaseId) -> list[Case]:
    """Return a case at every stage there is."""
    about, proposal = opened.about, a_proposal(opened)
    amount = Money.exactly("15", "USDT")
    nothing = a_proposal(opened, classification=Classification.INELIGIBLE, amount=None, derivation=(), approvals=())
    paid = Paid(
        about=about,
        proposal=proposal,
        approvals=(a_word(proposal),),
        amount=amount,
        reference="po_1",
        paid_at=NOW,
    )
    return [
        Opened(about=about),
        Proposed(about=about, proposal=proposal),
        AwaitingApproval(
            about=about, proposal=proposal, approvals=(), asked_at=NOW, decide_by=NOW + timedelta(hours=24)
        ),
        Approved(about=about, proposal=proposal, approvals=(a_word(proposal),), amount=amount),
        Declined(about=about, proposal=proposal, decision=a_word(proposal, Verdict.REJECT, "No.")),
        Declined(about=about, proposal=nothing, decision=None),
        paid,
        Closed(about=about, settled=paid, closed_at=NOW),
        Joined(about=about, into=into),
        NeedsAttention(about=about, reason="It says too little.", missing=("transaction_id",), proposal=None),
        NeedsAttention(
            about=replace(about, loss=None, topic=None, customer_id=None), reason="!", missing=(), proposal=None
        ),
    ]


def test_the_most_similar_earlier_decisions_are_on_the_page(house: House) -> None:
    opened = an_opened(house)
    then = Precedent(
        case_id="CASE-<3>",
        decided_at=NOW,
        agreed=True,
        amount=Money.exactly("12", "USDT"),
        policy_version="1",
        differs=(("hours_late", "6", "7.5"),),
        more_here=Money.exactly("3", "USDT"),
        band="2 finance",
    )
    otherwise = replace(then, case_id="CASE-4", agreed=False, amount=None, differs=(), more_here=None)
    compared = Consistency(compared=9, agreed=8, nearest=(then, otherwise), unlike=otherwise)
    proposed = Proposed(about=opened.case.about, proposal=replace(a_proposal(opened.case), consistency=compared))
    stored = save(house, opened, proposed, change("proposed"))

    _, html = page(house, stored.case.about.id)

    assert "9 on this line of the policy, 8 agreed to." in html
    assert "CASE-4 had the same facts and was decided otherwise." in html
    assert "<td>CASE-&lt;3&gt;</td><td>2026-11-22 12:00 UTC</td><td>12.00 USDT (2 finance)</td>" in html
    assert "<td>3.00 USDT</td><td>1</td>" in html
    assert "<td>hours late: 6, 7.5</td>" in html
    assert "<td>declined (2 finance)</td><td>–</td>" in html
    assert "<td>the same facts</td>" in html


def test_every_stage_has_its_page(house: House) -> None:
    other = an_opened(house, reference="WD-1").case.about.id
    stored = an_opened(house)

    for case in stages(stored.case, other):
        stored = save(house, stored, case)
        status, html = page(house, case.about.id)
        assert status == 200, case.stage
        assert f"<h1>{case.about.id}</h1>" in html


def test_a_joined_case_leads_to_the_other_one(house: House) -> None:
    other, stored = an_opened(house, reference="WD-1").case.about.id, an_opened(house)
    save(house, stored, Joined(about=stored.case.about, into=other))

    _, html = page(house, stored.case.about.id)
    link = re.search(r'href="(/cases/[^"]+)"', html)

    assert link is not None
    assert house.http.get(link[1].replace("&amp;", "&")).status_code == 200


def test_words_of_customers_and_policies_cannot_run_on_the_page(house: House) -> None:
    opened = an_opened(house, reference=ATTACK)
    line = DerivationLine(name=ATTACK, expression=ATTACK, filled=ATTACK, value=ATTACK, place=ATTACK)
    proposal = a_proposal(
        opened.case, reason=ATTACK, derivation=(line,), policy_id=ATTACK, inputs=((ATTACK, ATTACK),), proposed_by=ATTACK
    )
    about = replace(opened.case.about, topic=ATTACK, customer_id=CustomerId(ATTACK))
    declined = Declined(about=about, proposal=proposal, decision=a_word(proposal, Verdict.REJECT, ATTACK))
    stored = save(house, opened, declined, change(ATTACK[:40], actor=ATTACK, words=ATTACK))
    needs = NeedsAttention(about=about, reason=ATTACK, missing=(ATTACK,), proposal=proposal)

    _, first = page(house, stored.case.about.id)
    save(house, stored, needs)
    _, second = page(house, stored.case.about.id)

    for html in (first, second):
        assert "<script" not in html
        assert "<img" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#39;&#34;{{7*7}}" in html


def test_each_desks_tickets_go_by_the_name_and_address_that_its_people_know(house: House) -> None:
    opened = an_opened(house)
    case, issue = "500Ak00000A1b2CIAR", a_ticket(key="10042", name="ENG-5")
    with house.database.begin() as tx:
        tickets.keep(tx, (Reading(ticket=issue, raw=b"{}", topic=None),))
    refs = (TicketRef(vendor="salesforce", account="harbor", key=case), issue.ref)
    save(house, opened, Opened(about=replace(opened.case.about, tickets=refs)))

    _, html = page(house, opened.case.about.id)

    links = re.findall(r'href="([^"]*)"[^>]*>([^<]*)<', html)
    assert links == [
        (f"https://harbor.lightning.force.com/lightning/r/Case/{case}/view", f"Salesforce {case}"),
        ("https://harbor.atlassian.net/browse/ENG-5", "Jira ENG-5"),
    ]


def a_ticket(*, key: str, name: str) -> Ticket:
    """Return a Jira issue as it was read."""
    return Ticket(
        ref=TicketRef(vendor="jira", account="harbor", key=key),
        subject="Withdrawals hang",
        description="",
        status=TicketStatus.OPEN,
        status_text="In Progress",
        requester=None,
        handler_id=None,
        tags=(),
        fields=(),
        comments=(),
        satisfaction=None,
        merged_into=None,
        created_at=NOW,
        updated_at=NOW,
        name=name,
    )


def test_a_ticket_that_names_another_place_cannot_lead_there(house: House) -> None:
    opened = an_opened(house)
    strange = TicketRef(vendor="zendesk", account="evil.example/#", key='1"><script>')
    save(house, opened, Opened(about=replace(opened.case.about, tickets=(strange,))))

    _, html = page(house, opened.case.about.id)

    assert re.findall(r'href="[^"]*"', html) == []
    assert "Zendesk 1&#34;&gt;&lt;script&gt;" in html


def test_the_page_may_load_nothing_but_its_own_style(house: House) -> None:
    opened = an_opened(house)

    answer = house.http.get(f"/cases/{opened.case.about.id}?key={case_key(LINK_KEY, opened.case.about.id)}")

    assert_loads_nothing_but_its_style(answer)


@pytest.mark.parametrize(
    "key", ["", "x", "0" * 32, case_key(b"another", "CASE-1"), case_key(LINK_KEY, "CASE-2"), "é" * 32]
)
def test_without_the_right_key_there_is_no_such_page(house: House, key: str) -> None:
    assert an_opened(house).case.about.id == "CASE-1"

    answer = house.http.get("/cases/CASE-1", params={"key": key})

    assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


@pytest.mark.parametrize("case_id", ["CASE-999999999", "CASE-99999999999999999999", "CASE-x", "nonsense", "CASE-١"])
def test_a_case_that_is_not_there_answers_like_a_wrong_key(house: House, case_id: str) -> None:
    status, text = page(house, case_id)

    assert (status, text) == (404, '{"error":"not_found"}')


def test_two_installations_do_not_open_each_others_pages(open_house: Callable[..., House]) -> None:
    assert case_key(b"one", "CASE-1") != case_key(b"two", "CASE-1")
    assert re.fullmatch("[0-9a-f]{32}", case_key(LINK_KEY, "CASE-1"))
    assert an_opened(open_house()).case.about.id == "CASE-1"


@pytest.mark.browser
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_it_can_be_read_by_everyone_in_a_real_browser(house: House, chromium: Any) -> None:
    opened = an_opened(house)
    line = DerivationLine(
        name="share", expression="10% of value", filled="10% of 1805", value="180.5", place="d.yaml:3"
    )
    proposal = a_proposal(opened.case, derivation=(line,), inputs=(("hours_late", "7.5"),))
    save(house, opened, Proposed(about=opened.case.about, proposal=proposal), change("proposed"))

    assert wrong_with(chromium, f"{house.http.base_url}/cases/CASE-1?key={case_key(LINK_KEY, 'CASE-1')}") == []
