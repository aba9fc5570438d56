"""What Salesforce and Jira hold in the demo world, from `desks/world.yaml`, in the shapes their sandboxes load.

A case has `number`, `from` (a customer), `at`, `subject`, `text` and perhaps `topic`, one of order, position,
transaction and incident, `claimed`, `zendesk`, `jira` (link fields), `owner`, `status`, `comments` [{by, at, text,
public}]. An issue has `key`, `by`, `at`, `subject`, `text` and perhaps `from`, the same claim, `type`, `status`,
`comments` [{by, at, text, internal}]. `becomes` is what each should come to. Times as in `loading`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from sandbox.seed.tickets import BadSeed, moment, stamp

DESKS = Path(__file__).parent / "desks" / "world.yaml"
AGENTS = {
    "ana": "ana.silva@harbor.example",
    "tom": "tom.baker@harbor.example",
    "lena": "lena.vogel@harbor.example",
    "hiro": "hiro.sato@harbor.example",
}
CASE_FIELDS = {
    "topic": "Compensation_Topic__c",
    "order": "Order_Id__c",
    "position": "Position_Id__c",
    "transaction": "Transaction_Id__c",
    "incident": "Incident_Id__c",
    "zendesk": "Zendesk_Ticket_Id__c",
    "jira": "Jira_Key__c",
}
ISSUE_FIELDS = {
    "topic": "customfield_10101",
    "order": "customfield_10102",
    "position": "customfield_10103",
    "transaction": "customfield_10104",
    "incident": "customfield_10105",
    "from": "customfield_10108",
}

Becomes = Literal["joined", "asked", "alone", "nothing"]
#: What Jira's people choose from, by the topic's name elsewhere.
ISSUE_TOPICS = {
    "okb_volatility_2024_01": "OKB volatility, January 2024",
    "nem_incident_2018": "NEM incident, 2018",
    "lever_perpetual_2025_10": "LEVER perpetual, October 2025",
    "delayed_withdrawal": "Delayed withdrawal",
    "duplicate_charge": "Duplicate charge",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedElsewhere:
    """What one Case or issue should come to.

    vendor: "salesforce" or "jira".
    name: What people call it: "7" for the seventh Case, "CARE-1".
    outcome: joined = one case with Zendesk ticket `same_as`; asked = a question whether it is of that ticket's case;
        alone = opens a case of its own with a proposal; nothing = belongs to no case.
    same_as: See `outcome`; None where it says nothing of another ticket.
    classification, amount, asset: Of the proposal; None unless alone.
    """

    vendor: Literal["salesforce", "jira"]
    name: str
    outcome: Becomes
    same_as: int | None = None
    classification: str | None = None
    amount: str | None = None
    asset: str | None = None


def read_desks(path: Path = DESKS) -> dict[str, Any]:
    """Return the file as written: customers, losses, cases, issues."""
    with path.open(encoding="utf-8") as file:
        world: dict[str, Any] = yaml.load(file, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but texts
    return world


def salesforce_load(world: Mapping[str, Any], customers: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the body for the Salesforce sandbox's `POST /_sandbox/records`: a Contact for each customer, and Cases."""
    named = {each["from"] for each in world["cases"]}
    contacts = [_contact(name, facts) for name, facts in customers.items() if name in named]
    owners = {name: mail for name, mail in AGENTS.items() if name in ("ana", "tom")}
    return {"Contact": contacts, "Case": [_case(each, owners) for each in world["cases"]]}


def jira_load(world: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body for the Jira sandbox's `POST /_sandbox/issues`."""
    return {"issues": [_issue(each) for each in world["issues"]]}


def expected_elsewhere(world: Mapping[str, Any]) -> Iterator[ExpectedElsewhere]:
    """Yield what every Case and issue should come to; raises BadSeed for one that nobody worked out."""
    desks: tuple[tuple[Literal["salesforce", "jira"], str, Any], ...] = (
        ("salesforce", "number", world["cases"]),
        ("jira", "key", world["issues"]),
    )
    for vendor, name, entries in desks:
        for each in entries:
            said = each.get("becomes")
            if said is None or said["outcome"] not in ("joined", "asked", "alone", "nothing"):
                raise BadSeed(f"{vendor} {each[name]}: says not what it becomes")
            yield ExpectedElsewhere(
                vendor=vendor,
                name=each[name],
                outcome=said["outcome"],
                same_as=int(said["as"]) if "as" in said else None,
                classification=said.get("class"),
                amount=said.get("amount"),
                asset=said.get("asset"),
            )


def _contact(name: str, facts: Mapping[str, str]) -> dict[str, Any]:
    first, _, last = facts["name"].rpartition(" ")
    email = f"{facts['mail']}@mail.example"
    return {"FirstName": first or None, "LastName": last, "Email": email, "Customer_Number__c": name}


def _case(written: Mapping[str, Any], owners: Mapping[str, str]) -> dict[str, Any]:
    at = stamp(moment(written["at"]))
    comments = [
        {
            "CommentBody": each["text"],
            "IsPublished": each.get("public") == "yes",
            "CreatedBy": {"Username": AGENTS[each["by"]]},
            "CreatedDate": stamp(moment(each["at"])),
        }
        for each in written.get("comments", ())
    ]
    last = max([at, *(each["CreatedDate"] for each in comments)])
    return {
        "number": int(written["number"]),
        "Contact": {"Customer_Number__c": written["from"]},
        "Owner": {"Username": owners[written["owner"]]},
        "Subject": written["subject"],
        "Description": written["text"],
        "Status": written.get("status", "Working"),
        "Origin": "Phone",
        "CreatedDate": at,
        "SystemModstamp": last,
        "comments": comments,
        **_claim(written, CASE_FIELDS, amount="Claimed_Amount__c", asset="Claimed_Asset__c"),
    }


def _issue(written: Mapping[str, Any]) -> dict[str, Any]:
    at = stamp(moment(written["at"]))
    comments = [
        {
            "body": each["text"],
            "author": AGENTS[each["by"]],
            "internal": each.get("internal") == "yes",
            "created": stamp(moment(each["at"])),
        }
        for each in written.get("comments", ())
    ]
    if "topic" in written:
        written = {**written, "topic": ISSUE_TOPICS[written["topic"]]}
    fields = {
        "summary": written["subject"],
        "description": written["text"],
        "reporter": AGENTS[written["by"]],
        **{name: written[key] for key, name in (("type", "issuetype"), ("status", "status")) if key in written},
        **_claim(written, ISSUE_FIELDS, amount="customfield_10106", asset="customfield_10107"),
    }
    updated = max([at, *(each["created"] for each in comments)])
    return {"key": written["key"], "created": at, "updated": updated, "fields": fields, "comments": comments}


def _claim(written: Mapping[str, Any], names: Mapping[str, str], *, amount: str, asset: str) -> dict[str, Any]:
    claimed: dict[str, Any] = (
        dict(zip((amount, asset), written["claimed"].split(), strict=True)) if "claimed" in written else {}
    )
    if amount in claimed:
        claimed[amount] = float(claimed[amount])
    return {names[key]: written[key] for key in names if key in written} | claimed
