"""Webhooks that are lost, doubled and out of order, over many changes of many tickets, while workers come and go."""

import contextlib
import random
import time
from dataclasses import dataclass, field
from typing import Any

from cases.ticket import TicketRef
from makewhole.assembly import House
from store import tickets
from tests.crash.books import Finding, Kind, compare_notes
from tests.crash.claims import Claim, make_claims
from tests.crash.product import NotInTime, Process, running, until
from tests.crash.town import Town, town

#: Of every hundred webhooks.
LOST, DOUBLED, LATE = 0.2, 0.2, 0.2
CLAIMED, TRANSACTION, TOPIC = 900_006, 900_004, 900_001
#: Our names of the fields that are compared, by their Zendesk ids.
COMPARED = {TOPIC: "compensation_topic", TRANSACTION: "transaction_id", CLAIMED: "claimed_amount"}
WORDS = ("Any news?", "请问有进展吗？", "Still waiting.", "Thank you.")
AGENTS = (1_001, 1_002)


@dataclass(slots=True, kw_only=True)
class Weathered:
    """How a run ended. `findings` also says in what mirror and tickets differ."""

    store: str
    changes: int = 0
    restarts: int = 0
    notes: int = 0
    webhooks: int = 0
    payments: int = 0
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()

    def count(self, kind: str) -> int:
        """Return how many findings are of this kind."""
        return sum(each.kind == kind for each in self.findings)


def weather(store: str, database: str, *, changes: int, restarts: int, seed: int) -> Weathered:
    """Change tickets so often while their webhooks go astray and the product is killed, then compare."""
    started = time.monotonic()
    with town(database) as here:
        product = Process(town=here, arguments=("run",))
        house, chaos = here.house(), Chaos(town=here, seed=seed)
        with running(product):
            until(product.is_ready, seconds=60, what="the product did not start")
            chaos.begin(claims=changes // 5)
            while chaos.made < changes:
                chaos.change(times=min(changes // (restarts + 1), changes - chaos.made))
                product.kill()
                product.start()
                until(product.is_ready, seconds=60, what="the product did not come back")
            with contextlib.suppress(NotInTime):
                # Of what no webhook told, the next poll and the next reconciliation tell.
                until(lambda: not differences(here, house), seconds=90, what="mirror and tickets differ")
                until(lambda: not compare_notes(here, house), seconds=60, what="notes are missing")
        state = here.sandbox.get("/zendesk/_sandbox/state")
        weathered = Weathered(store=store, changes=chaos.made, restarts=restarts)
        weathered.webhooks = len(state["deliveries"])  # type: ignore[arg-type]  # JSON.
        weathered.notes = str(state["tickets"]).count("[makewhole ")
        differing = (Finding(kind=Kind.LOST, check="mirror", what=each) for each in differences(here, house))
        weathered.findings = (*differing, *compare_notes(here, house))
        house.close()
    weathered.seconds = time.monotonic() - started
    return weathered


@dataclass(slots=True, kw_only=True)
class Chaos:
    """Tickets that keep changing.

    Fields:
        town: Where.
        seed: Where chance begins.
        made: How many changes were made so far, new tickets included.
    """

    town: Town
    seed: int
    made: int = 0
    _chance: random.Random = field(init=False)
    _claims: tuple[Claim, ...] = ()

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  # Repeatable on purpose.

    def begin(self, *, claims: int) -> None:
        """Let so many customers complain, and their webhooks go astray from now on."""
        self._claims = make_claims(claims, every={})
        self.town.know(self._claims)
        for number, (fault, rate) in enumerate(
            (("webhook_dropped", LOST), ("webhook_duplicated", DOUBLED), ("webhook_reordered", LATE))
        ):
            self.town.trouble("zendesk", fault, "", rate=rate, seed=self.seed + number, seconds=0.3)
        for claim in self._claims:
            self.town.bring((claim,), notify=True)
            self.made += len(claim.tickets)

    def change(self, *, times: int) -> None:
        """Change so many tickets, one after the other."""
        for _ in range(times):
            claim = self._chance.choice(self._claims)
            body = {"ticket_id": claim.tickets[0], "agent_id": self._chance.choice(AGENTS), "ticket": self._edit(claim)}
            self.town.sandbox.post("/zendesk/_sandbox/agents/edit", body)
            self.made += 1

    def _edit(self, claim: Claim) -> dict[str, Any]:
        match self._chance.randrange(5):
            case 0:
                return {"comment": {"body": self._chance.choice(WORDS), "public": self._chance.random() < 0.5}}
            case 1:
                amount = f"{self._chance.randrange(1, 900)}.50"
                return {"custom_fields": [{"id": CLAIMED, "value": amount}]}
            case 2:
                # The loss of another customer, or one's own again: the claim is worked out anew each time.
                other = self._chance.choice((claim, self._chance.choice(self._claims)))
                return {"custom_fields": [{"id": TRANSACTION, "value": other.reference}]}
            case 3:
                return {"status": self._chance.choice(("open", "pending", "hold"))}
            case _:
                return {"subject": f"Late again, {self._chance.randrange(1000)}"}


def read_all(house: House, name: str) -> None:
    """Let the product poll and reconcile once more; `name` makes it another time than the last."""
    with house.database.begin() as tx:
        tx.enqueue("poll", f"zendesk:harbor@{name}")
        tx.enqueue("reconcile", f"zendesk:harbor@{name}")


def differences(town: Town, house: House) -> list[str]:
    """Return in what our mirror differs from Zendesk's own tickets; empty when they are equal."""
    found = town.sandbox.get("/zendesk/_sandbox/state?deliveries=no")["tickets"]
    theirs = {str(each["id"]): _theirs(each) for each in found}  # type: ignore[attr-defined]  # JSON.
    ours = _ours(house, tuple(theirs))
    return [
        f"ticket {key}: {_first_difference(ours.get(key), each)}"
        for key, each in theirs.items()
        if ours.get(key) != each
    ]


def is_equal(town: Town, house: House, name: str) -> bool:
    """Return whether mirror and tickets are equal; if not, let polling and reconciling find what no webhook told."""
    if not differences(town, house):
        return True
    read_all(house, name)
    return False


def _theirs(ticket: dict[str, Any]) -> dict[str, object]:
    values = {each["id"]: each["value"] for each in ticket["custom_fields"]}
    return {
        "subject": ticket["subject"],
        "status": ticket["status"],
        "tags": tuple(ticket["tags"]),
        "updated": ticket["updated_at"],
        **{name: values.get(number) or None for number, name in COMPARED.items()},
        "state": values.get(900_011),
        "comments": tuple(each["body"] for each in ticket["comments"]),
    }


def _ours(house: House, keys: tuple[str, ...]) -> dict[str, dict[str, object]]:
    with house.database.read() as connection:
        refs = tuple(TicketRef(vendor="zendesk", account="harbor", key=key) for key in keys)
        known = tickets.known(connection, refs)
    return {
        ref.key: {
            "subject": each.ticket.subject,
            "status": each.ticket.status_text,
            "tags": each.ticket.tags,
            "updated": f"{each.ticket.updated_at:%Y-%m-%dT%H:%M:%SZ}",
            **{name: each.ticket.field(name) for name in COMPARED.values()},
            "state": each.ticket.field("mw_state"),
            "comments": tuple(comment.body for comment in each.ticket.comments),
        }
        for ref, each in known.items()
    }


def _first_difference(ours: dict[str, object] | None, theirs: dict[str, object]) -> str:
    if ours is None:
        return "is not mirrored"
    name = next(name for name, value in theirs.items() if ours[name] != value)
    return f"{name} is {ours[name]!r} here and {theirs[name]!r} there"
