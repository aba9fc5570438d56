"""Read the demo world from `world/*.yaml`.

Each file has `customers`, `losses`, `tickets` and perhaps `unknown_payees`. Everything is read as text, as written.
A value `absent` for a customer says that the exchange does not know it. Times are "month-day hour:minute", 2026, UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.accounts.records import KINDS, Record, read_record
from sandbox.seed.desks import ExpectedElsewhere, expected_elsewhere, jira_load, read_desks, salesforce_load
from sandbox.seed.tickets import BadSeed, customer_number, ticket_on_the_wire, with_merges

WORLD = Path(__file__).parent / "world"
AS_OF = "2026-11-20T00:00:00+00:00"

_FACTS = {
    "tier": "standard",
    "kyc": "2",
    "country": None,
    "language": None,
    "days": None,
    "fraud": None,
    "sanctions": "no",
    "goodwill": "0.00",
}
_NAMES_ON_THE_WIRE = {
    "kyc": "kyc_level",
    "days": "account_age_days",
    "fraud": "fraud_score",
    "sanctions": "sanctions_hit",
    "goodwill": "goodwill_paid_12_months",
}
_LOSS_NAMES = {"customer", *KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """The demo world.

    users: End users in Zendesk's wire shape.
    tickets: Tickets in Zendesk's wire shape with their `comments` after the description, oldest ticket first.
    records: What the account-data service knows.
    unknown_payees: Customers whom the payout provider cannot pay.
    salesforce: Contacts and Cases, the body for the Salesforce sandbox's `POST /_sandbox/records`.
    jira: Issues, the body for the Jira sandbox's `POST /_sandbox/issues`.
    elsewhere: What each Case and issue should come to.
    """

    users: tuple[Mapping[str, Any], ...]
    tickets: tuple[Mapping[str, Any], ...]
    records: tuple[Record, ...]
    unknown_payees: tuple[str, ...]
    salesforce: Mapping[str, Any]
    jira: Mapping[str, Any]
    elsewhere: tuple[ExpectedElsewhere, ...]

    def zendesk_load(self) -> dict[str, Any]:
        """Return the body for the Zendesk sandbox's `POST /_sandbox/tickets`."""
        return {"users": list(self.users), "tickets": list(self.tickets)}


def load_seed(folder: Path = WORLD) -> Seed:
    """Return the world in the folder's files.

    Raises BadSeed naming the entry when something is written twice, misspelt or points nowhere.
    """
    desks = read_desks()
    files = [*(_read(path) for path in sorted(folder.glob("*.yaml"))), desks]
    customers: dict[str, dict[str, str]] = {}
    for each in files:
        for name, facts in each.get("customers", {}).items():
            if name in customers:
                raise BadSeed(f"customers: {name} stands twice")
            customers[name] = facts
    tickets = [
        ticket_on_the_wire(written, customers=customers) for each in files for written in each.get("tickets", ())
    ]
    return Seed(
        users=tuple(_user(name, facts) for name, facts in customers.items()),
        tickets=tuple(sorted(with_merges(tickets), key=lambda ticket: (ticket["created_at"], ticket["id"]))),
        records=tuple(_record(loss, customers) for each in files for loss in each.get("losses", ())),
        unknown_payees=tuple(name for each in files for name in each.get("unknown_payees", ())),
        salesforce=salesforce_load(desks, customers),
        jira=jira_load(desks),
        elsewhere=tuple(expected_elsewhere(desks)),
    )


def _read(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        world = yaml.load(file, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes nothing but texts
    if not isinstance(world, dict) or not set(world) <= {"customers", "losses", "tickets", "unknown_payees"}:
        raise BadSeed(f"{path.name}: customers, losses, tickets and unknown_payees are what a file may hold")
    return world


def _user(name: str, facts: Mapping[str, str]) -> dict[str, Any]:
    days = int(facts.get("days", "30"))
    created_at = datetime.fromisoformat(AS_OF).astimezone(UTC) - timedelta(days=days)
    return {
        "id": customer_number(name),
        "name": facts["name"],
        "email": f"{facts['mail']}@mail.example",
        "role": "end-user",
        "locale": facts["locale"],
        "external_id": name if name.startswith("C-") else None,
        "created_at": f"{created_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def _record(loss: Mapping[str, str], customers: Mapping[str, Mapping[str, str]]) -> Record:
    kinds = [kind for kind in KINDS if kind in loss]
    if len(kinds) != 1:
        raise BadSeed(f"losses: {dict(loss)} needs exactly one of {', '.join(KINDS)}")
    return read_record(
        {
            "customer_id": loss["customer"],
            "kind": kinds[0],
            "reference": loss[kinds[0]],
            "as_of": AS_OF,
            "customer": dict(_customer_facts(customers[loss["customer"]])),
            "facts": {name: value for name, value in loss.items() if name not in _LOSS_NAMES},
        }
    )


def _customer_facts(written: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    unknown = sorted(set(written) - {"name", "mail", "locale", *_FACTS})
    if unknown:
        raise BadSeed(f"customers: {unknown[0]} is not known")
    yield "name", written["name"]
    spoken = "zh" if written["locale"].startswith("zh") else "en"
    for name, usual in _FACTS.items():
        value = written.get(name, spoken if name == "language" else usual)
        if value is not None and value != "absent":
            yield _NAMES_ON_THE_WIRE.get(name, name), value
