"""What happens to tickets at the vendors themselves: follow-ups, moves, their own erasures and deletions."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cases.ticket import Ticket, TicketRef, TicketStatus
from makewhole.assembly import House
from makewhole.sandboxed import Sandbox, lend_credentials, sandbox, write_settings
from store import audit, tickets
from store.cases import number_of
from sync.intake import read_ticket
from tests.connectors import jira_world, salesforce_world
from tests.connectors.jira_world import Jira, an_issue
from tests.connectors.salesforce_world import SalesforceWorld, a_case
from tests.connectors.world_clock import Clock
from tests.makewhole.conftest import NOBODY_LISTENS, house_of

ZENDESK = TicketRef(vendor="zendesk", account="harbor", key="501")
FOLLOW_UP = TicketRef(vendor="zendesk", account="harbor", key="502")
SALESFORCE, JIRA = salesforce_world.ref(), jira_world.ref()
NOBODY = "Permanently Deleted User"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """Three vendors and the house that mirrors them."""

    beside: Sandbox
    house: House

    @property
    def salesforce(self) -> SalesforceWorld:
        return SalesforceWorld(url=self.beside.url, clock=Clock())

    @property
    def jira(self) -> Jira:
        return Jira(url=f"{self.beside.url}/jira", clock=Clock())

    def zendesk(self, number: int, *, claims: bool = True, user: dict[str, Any] | None = None, **changed: Any) -> None:
        """Let Zendesk have a ticket as it is now."""
        who = {"id": 7_001, "name": "Mei Lin", "email": "mei@mail.example", "external_id": "C-100023", **(user or {})}
        said = {"subject": "My withdrawal is late", "description": "500 USDT never arrived.", "requester_id": 7_001}
        fields = [{"id": 900_001, "value": "delayed_withdrawal"}, {"id": 900_004, "value": "W-1"}] if claims else []
        ticket = {"id": number, "status": "open", "custom_fields": fields, **said, **changed}
        self.beside.post("/zendesk/_sandbox/tickets", {"users": [who], "tickets": [ticket]})

    def read(self, ref: TicketRef) -> Ticket:
        """Read a ticket whole and return what is kept of it."""
        read_ticket(self.house.intakes[ref.source], f"{ref}@0", clock=self.house.clock)
        with self.house.database.read() as connection:
            found = tickets.find(connection, ref)
        assert found is not None
        return found.ticket

    def stage(self, ref: TicketRef) -> str:
        """Return the stage of a ticket's case."""
        with self.house.database.read() as connection:
            return str(self.house.desk.cases.find(connection, self.case_of(ref) or "").case.stage)

    def events(self, ref: TicketRef) -> list[str]:
        """Return what happened to a ticket's case, oldest first."""
        with self.house.database.read() as connection:
            return [each.event for each in audit.history(connection, number_of(self.case_of(ref) or ""))]

    def case_of(self, ref: TicketRef) -> str | None:
        with self.house.database.read() as connection:
            return tickets.case_of(connection, ref)


@pytest.fixture(scope="module")
def beside() -> Iterator[Sandbox]:
    """Run a sandbox without tickets."""
    lend_credentials()
    with sandbox(seed=False) as made:
        yield made


@pytest.fixture
def vendors(beside: Sandbox, tmp_path: Path, migrated_sqlite: Path) -> Iterator[Vendors]:
    """Return the vendors, with a house that has read nothing yet."""
    shutil.copy(migrated_sqlite, tmp_path / "makewhole.sqlite")
    settings = write_settings(tmp_path, sandbox_url=beside.url, own_url=NOBODY_LISTENS)
    with house_of(settings) as house:
        yield Vendors(beside=beside, house=house)


def test_a_follow_up_of_a_closed_zendesk_ticket_joins_its_case(vendors: Vendors) -> None:
    vendors.zendesk(501)
    vendors.read(ZENDESK)
    vendors.zendesk(501, status="closed")
    assert vendors.read(ZENDESK).status is TicketStatus.CLOSED
    origin = {"ticket_id": 501, "subject": "My withdrawal is late", "channel": "web"}
    via = {"channel": "web", "source": {"from": origin, "to": {}, "rel": "follow_up"}}

    vendors.zendesk(502, claims=False, overlay={"via": via})
    follow_up = vendors.read(FOLLOW_UP)

    assert follow_up.links == (str(ZENDESK),)
    assert vendors.case_of(FOLLOW_UP) == vendors.case_of(ZENDESK) == "CASE-1"


def test_a_user_whom_zendesk_deleted_for_good_is_gone_from_their_ticket_too(vendors: Vendors) -> None:
    vendors.zendesk(501)
    assert vendors.read(ZENDESK).requester is not None

    gone = {"name": NOBODY, "email": None, "external_id": None}
    vendors.zendesk(501, user=gone, subject="▇▇▇▇", description="▇▇▇▇")
    found = vendors.read(ZENDESK)

    assert (found.subject, found.description) == ("▇▇▇▇", "▇▇▇▇")
    assert found.requester is not None
    assert (found.requester.name, found.requester.email, found.requester.customer_id) == (NOBODY, None, None)
    assert [comment.body for comment in found.comments] == ["▇▇▇▇"]
    assert vendors.case_of(ZENDESK) == "CASE-1"


def test_a_contact_whom_salesforce_erased_is_gone_from_their_case_too(vendors: Vendors) -> None:
    vendors.salesforce.load(a_case())
    vendors.salesforce.act("comment", case=SALESFORCE.key, body="Mei called again.", public=False)
    assert "500 USDT" in vendors.read(SALESFORCE).description

    contact = vendors.salesforce.state()["Contact"][0]["Id"]
    vendors.salesforce.act("erase", contact=contact)
    found = vendors.read(SALESFORCE)

    assert found.subject == "Erased"
    assert found.description == ""
    assert [comment.body for comment in found.comments] == ["Erased"]
    assert found.requester is not None
    assert (found.requester.name, found.requester.email) == ("Erased", None)


def test_a_case_that_salesforce_deleted_comes_back_with_its_words(vendors: Vendors) -> None:
    claim = a_case(2, Transaction_Id__c="W-2")
    vendors.salesforce.load(claim)
    two = salesforce_world.ref(salesforce_world.CASE_TWO)
    vendors.read(two)
    assert vendors.stage(two) == "opened"

    vendors.salesforce.act("delete", id=two.key)
    gone = vendors.read(two)
    assert (gone.status, gone.subject, vendors.stage(two)) == (TicketStatus.DELETED, "", "needs_attention")
    vendors.salesforce.act("undelete", id=two.key)
    back = vendors.read(two)

    assert (back.status, back.subject) == (TicketStatus.OPEN, claim["Subject"])
    # It is proposed anew, as after any change of the claim.
    assert vendors.events(two)[-2:] == ["ticket gone", "ticket changed"]


def test_a_case_that_a_customers_mail_reopens_is_the_same_ticket_of_the_same_case(vendors: Vendors) -> None:
    vendors.salesforce.load(a_case(3, Transaction_Id__c="W-3"))
    key = next(row["Id"] for row in vendors.salesforce.state()["Case"] if row.get("Transaction_Id__c") == "W-3")
    ticket = salesforce_world.ref(key)
    vendors.read(ticket)
    vendors.salesforce.act("edit", id=key, values={"Status": "Closed"})
    assert vendors.read(ticket).status is TicketStatus.SOLVED
    before = vendors.case_of(ticket), vendors.stage(ticket)

    vendors.salesforce.act("email", case=key, body="Where is my money?")
    again = vendors.read(ticket)

    assert (again.status, [each.body for each in again.comments]) == (TicketStatus.OPEN, ["Where is my money?"])
    assert (vendors.case_of(ticket), vendors.stage(ticket)) == before


def test_comments_that_jira_changed_or_lost_are_gone_and_a_deleted_issue_keeps_no_words(vendors: Vendors) -> None:
    vendors.jira.load(an_issue())
    for words in ("Mei called.", "Her address is 5 Elm Street."):
        vendors.jira.act("ENG-5", comment={"body": words})
    said = vendors.read(JIRA).comments
    assert [each.body for each in said] == ["Mei called.", "Her address is 5 Elm Street."]

    vendors.jira.act("ENG-5", edit_comment={"id": said[0].id, "body": "Erased."})
    vendors.jira.act("ENG-5", delete_comment=said[1].id)
    assert [each.body for each in vendors.read(JIRA).comments] == ["Erased."]
    vendors.jira.act("ENG-5", delete=True)
    gone = vendors.read(JIRA)

    assert (gone.status, gone.subject, gone.description, gone.comments) == (TicketStatus.DELETED, "", "", ())


def test_an_issue_that_moves_or_gets_another_parent_stays_the_ticket_of_its_case(vendors: Vendors) -> None:
    vendors.jira.load(an_issue(15, fields={"customfield_10104": "W-15"}), an_issue(16, fields={}))
    moving = jira_world.ref("10015")
    assert vendors.read(moving).name == "ENG-15"
    case_id = vendors.case_of(moving)

    vendors.jira.act("ENG-15", parent="ENG-16")
    vendors.read(moving)
    vendors.jira.act("ENG-15", parent=None)
    vendors.jira.act("ENG-15", move_to="CARE")
    found = vendors.read(moving)

    assert found.name.startswith("CARE-")
    assert case_id is not None
    assert vendors.case_of(moving) == case_id
