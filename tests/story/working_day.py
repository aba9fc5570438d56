"""The whole house at work in this process beside a real sandbox, and what a test can do there and ask."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from cases.case import AwaitingApproval, Case, Stage
from cases.loss import Loss, LossKind
from cases.ticket import CustomerId, TicketRef
from makewhole.assembly import House
from makewhole.running import working
from makewhole.starting import doors, listening
from payouts.ledger import Entry
from store import audit, books, tickets
from store.cases import StoredCase
from store.jobs import Worker
from tests.crash.town import Town
from web.app import create_app, server

DEADLINE_SECONDS = 30.0
AMELIA, WEI, NOAH, PRIYA = "U0AMELIA001", "U0WEIZHANG1", "U0NOAH00001", "U0PRIYA0001"
YUKI, LUCA, MEI = "U0YUKI00001", "U0LUCA00001", "U0MEILIN001"
COMPENSATION, CHINESE, FRAUD = "C0COMPENSA1", "C0BUCHANG01", "C0FRAUDREV1"
FIELDS = {
    "compensation_topic": 900_001,
    "transaction_id": 900_004,
    "claimed_amount": 900_006,
    "mw_state": 900_011,
    "mw_amount": 900_012,
    "mw_currency": 900_013,
    "mw_reason": 900_014,
    "mw_case_url": 900_015,
}
DELAYED, CHARGED = "delayed_withdrawal", "duplicate_charge"
#: A withdrawal that our platform delayed by seven and a half hours: 15 USDT.
LATE = {"asset": "USDT", "amount": "1000", "value_usdt": "1000", "hours_late": "7.5", "delay_cause": "platform"}
HONEST = {"name": "Ada Okafor", "tier": "standard", "language": "en", "fraud_score": "12", "sanctions_hit": "no"}
_MARK = re.compile(r"\n\n\[makewhole (\S+)\]\Z")
_MOMENT = re.compile(r"<!date\^[^>]*>|\d{4}-\d\d-\d\d \d\d:\d\d UTC")
_Answer = TypeVar("_Answer")


def until(question: Callable[[], _Answer], *, seconds: float = DEADLINE_SECONDS) -> _Answer:
    """Ask until the answer is true and return it; fails at the deadline."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        pause.wait(0.02)
    raise AssertionError(f"still not so after {seconds} s: {question()!r}")


@contextlib.contextmanager
def served(house: House, worker: Worker) -> Iterator[None]:
    """Serve the house's real doors until the block ends."""
    listen = house.settings.listen
    with listening(listen.host, listen.port) as listener:
        made = server(create_app(doors(house, worker)), host=listen.host, port=listen.port)
        thread = threading.Thread(target=made.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until(lambda: made.started)
        try:
            yield
        finally:
            until(lambda: not _on_their_way(house))
            made.should_exit = True
            thread.join(DEADLINE_SECONDS)


def _on_their_way(house: House) -> int:
    """Return how many webhooks Zendesk is still sending: a door that closes before one leaves its caller hanging."""
    assert house.settings.zendesk is not None
    state = httpx.get(f"{house.settings.zendesk.target}/_sandbox/state?ids=0&deliveries=no", trust_env=False)
    return int(state.json()["deliveries_unfinished"])


@contextlib.contextmanager
def at_work(town: Town) -> Iterator["Day"]:
    """Run the whole house in this process until the block ends; it polls only when it is told to."""
    house = town.house()
    with contextlib.ExitStack() as stack:
        stack.callback(house.close)
        worker = stack.enter_context(working(house, with_ticks=False))
        stack.enter_context(served(house, worker))
        yield Day(town=town, house=house)


@dataclass(slots=True, kw_only=True)
class Day:
    """One working day. Tickets and customers are numbered, so that many stories can be told in one house."""

    town: Town
    house: House
    _last: int = field(default=0)

    # --- What happens -----------------------------------------------------------------------------------------

    def customer(self) -> "Customer":
        """Return a customer of whom nothing is known yet."""
        self._last += 1
        return Customer(day=self, number=self._last)

    def edit(self, ticket: int, *, agent: int | None = None, **changes: Any) -> None:
        """Let an agent change a ticket; our names of fields may be used."""
        custom = [{"id": FIELDS[name], "value": changes.pop(name)} for name in tuple(changes) if name in FIELDS]
        sent = {**changes, **({"custom_fields": custom} if custom else {})}
        body: dict[str, Any] = {"ticket_id": ticket, "ticket": sent} | ({"agent_id": agent} if agent else {})
        self.town.sandbox.post("/zendesk/_sandbox/agents/edit", body)

    def poll(self) -> None:
        """Let the product read what has changed."""
        with self.house.database.begin() as tx:
            tx.enqueue("poll", f"zendesk:harbor@{datetime.now(UTC).isoformat()}")

    def finds(self, ticket: int) -> bool:
        """Poll once more, and return whether the ticket has a case."""
        self.poll()
        return self.case_of(ticket) is not None

    def click(self, user: str, case: Case, action: str, **more: Any) -> dict[str, Any]:
        """Let somebody click on a case's card; the product must acknowledge it."""
        card = self.card(case)
        done = self.town.act("click", user=user, channel=card["channel"], ts=card["ts"], action_id=action, **more)
        assert done is not None
        assert done["acknowledged"], done
        return done

    def submit(self, user: str, values: dict[str, dict[str, str]]) -> dict[str, Any]:
        """Let somebody submit the modal that is open before them."""
        done = self.town.act("submit", user=user, values=values)
        assert done is not None
        assert done["acknowledged"], done
        return done

    # --- What one can ask -------------------------------------------------------------------------------------

    def case_of(self, ticket: int) -> StoredCase | None:
        """Return the case that this ticket belongs to; None while there is none."""
        with self.house.database.read() as connection:
            case_id = tickets.case_of(connection, TicketRef(vendor="zendesk", account="harbor", key=str(ticket)))
            return self.house.desk.cases.find(connection, case_id) if case_id else None

    def await_stage(self, ticket: int, stage: Stage) -> Case:
        """Wait until the case of this ticket has come so far, and return it."""

        def there() -> Case | None:
            found = self.case_of(ticket)
            return found.case if found is not None and found.case.stage is stage else None

        return until(there) or self.await_stage(ticket, stage)

    def approvals(self, ticket: int) -> int:
        """Return how many people have approved what waits; -1 when nothing waits."""
        found = self.case_of(ticket)
        case = found.case if found is not None else None
        return len(case.approvals) if isinstance(case, AwaitingApproval) else -1

    def card(self, case: Case) -> dict[str, Any]:
        """Wait for the case's card and return it; fails when there are two."""
        found = until(lambda: self._messages(f"card/{case.about.id}"))
        assert len(found) == 1
        return found[0]

    def card_says(self, case: Case, words: str) -> dict[str, Any]:
        """Wait until the case's card says this, and return it."""
        return until(lambda: card if words in (card := self.card(case))["text"] else None) or {}

    def thread(self, case: Case) -> list[str]:
        """Return what was said in the thread of the case's card, oldest first."""
        ts = self.card(case)["ts"]
        messages = self._slack()["messages"]
        return [each["text"] for each in messages if each["thread_ts"] == ts and each["ts"] != ts]

    def whispers(self, user: str) -> list[str]:
        """Return what was said to one person privately, oldest first."""
        return [each["text"] for each in self._slack()["ephemerals_by_user"].get(user, [])]

    def ticket(self, ticket: int) -> dict[str, Any]:
        """Return the ticket as Zendesk has it, with its comments."""
        found = self.town.sandbox.get(f"/zendesk/_sandbox/state?ids={ticket}&deliveries=no")["tickets"]
        assert isinstance(found, list)
        return dict(found[0])

    def notes(self, ticket: int) -> list[str]:
        """Return our notes on a ticket without their marks, oldest first; fails for one that is public or doubled."""
        ours = [each for each in self.ticket(ticket)["comments"] if _MARK.search(each["body"])]
        marks = [found[1] for each in ours if (found := _MARK.search(each["body"]))]
        assert len(marks) == len(set(marks))
        assert not any(each["public"] for each in ours)
        return [_MARK.sub("", each["body"]) for each in ours]

    def fields(self, ticket: int) -> dict[str, Any]:
        """Return the fields of a ticket that we write, by our names."""
        values = {each["id"]: each["value"] for each in self.ticket(ticket)["custom_fields"]}
        return {name: values.get(number) for name, number in FIELDS.items() if name.startswith("mw_")}

    def payments(self, case: Case) -> list[tuple[str, str, str, str]]:
        """Return (payee, amount, asset, status) of all that the provider holds for a case."""
        found = self.town.sandbox.get("/payouts/_sandbox/state")["payments"]
        assert isinstance(found, list)
        mine = [each for each in found if each["reference"] == f"mw-{case.about.id}"]
        return [(each["payee"], each["amount"], each["asset"], each["status"]) for each in mine]

    def requests_to_provider(self, case: Case) -> list[dict[str, Any]]:
        """Return every request about a case that reached the provider's door, refused ones too."""
        found = self.town.sandbox.get("/payouts/_sandbox/state")["requests"]
        assert isinstance(found, list)
        return [each for each in found if each.get("reference") == f"mw-{case.about.id}"]

    def ledger(self, case: Case) -> tuple[Entry, ...]:
        """Return the entries of a case."""
        with self.house.database.read() as connection:
            return tuple(books.entries(connection, case_id=case.about.id))

    def history(self, case: Case) -> list[tuple[str, str]]:
        """Return (event, actor) of every change of a case."""
        number = int(case.about.id.rpartition("-")[2])
        with self.house.database.read() as connection:
            return [(each.event, each.actor) for each in audit.history(connection, number)]

    def audit_holds(self) -> bool:
        """Return whether every history is whole."""
        with self.house.database.read() as connection:
            return not tuple(audit.verify(connection, self.house.desk.cases.audit_key))

    def _slack(self) -> dict[str, Any]:
        return self.town.sandbox.get("/slack/_sandbox/state")

    def _messages(self, mark: str) -> list[dict[str, Any]]:
        return [each for each in self._slack()["messages"] if not each["is_deleted"] and _mark_of(each) == mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer with one withdrawal."""

    day: Day
    number: int

    @property
    def id(self) -> CustomerId:
        """Our id of them."""
        return CustomerId(f"C-{400_000 + self.number}")

    @property
    def user_id(self) -> int:
        """Zendesk's id of them."""
        return 70_000 + self.number

    @property
    def reference(self) -> str:
        """Their transaction."""
        return f"WD-{500_000 + self.number}"

    @property
    def loss(self) -> Loss:
        """What they lost."""
        return Loss(kind=LossKind.TRANSACTION, reference=self.reference, customer_id=self.id)

    def knows(self, facts: dict[str, str] = LATE, *, reference: str | None = None, **about: str) -> None:
        """Let the account data know this of their transaction, and this of them."""
        record = {
            "customer_id": self.id,
            "kind": "transaction",
            "reference": reference or self.reference,
            "as_of": "2026-11-20T00:00:00+00:00",
            "customer": {**HONEST, "goodwill_paid_12_months": "0.00", **about},
            "facts": facts,
        }
        self.day.town.send("/accounts/_sandbox/facts", record)

    def complains(self, topic: str = DELAYED, *, number: int = 1, notify: bool = True, **changes: Any) -> int:
        """Let them open a ticket and return its number; `number` tells several of theirs apart."""
        custom = {"compensation_topic": topic, "transaction_id": self.reference}
        custom |= {name: changes.pop(name) for name in tuple(changes) if name in FIELDS}
        ticket = {
            "id": 80_000 + 10 * self.number + number,
            "subject": "My withdrawal came late",
            "description": "It took hours. Please compensate me.",
            "requester_id": self.user_id,
            "custom_fields": [{"id": FIELDS[name], "value": value} for name, value in custom.items()],
            **changes,
        }
        user = {"id": self.user_id, "name": "Ada Okafor", "external_id": self.id, "locale": "en-US"}
        self.day.town.sandbox.post(
            "/zendesk/_sandbox/tickets", {"users": [user], "tickets": [ticket], "notify": notify}
        )
        return int(ticket["id"])


def plain_times(text: str) -> str:
    """Return the text with every moment in it replaced by NOW."""
    return _MOMENT.sub("NOW", text)


def _mark_of(message: dict[str, Any]) -> str | None:
    mark = ((message.get("metadata") or {}).get("event_payload") or {}).get("mark")
    return mark if isinstance(mark, str) else None
