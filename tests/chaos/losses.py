"""Losses, and how customers and agents tell of each in up to three systems: what is loaded into the sandboxes."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Literal

from cases.ticket import TicketRef, Vendor
from sandbox.salesforce.ids import numbered
from tests.crash.claims import DELAYED, Claim, make_claims

VENDORS: tuple[Vendor, ...] = ("zendesk", "salesforce", "jira")
FIRST_ISSUE = 20_000
FIRST_KEY = 1_000
#: A second ticket of the same desk is so far from the first.
SECOND = 500_000
ANA, HIRO = "ana.silva@harbor.example", "hiro.sato@harbor.example"
TOPICS_IN_JIRA = {DELAYED: "Delayed withdrawal", "duplicate_charge": "Duplicate charge"}

#: How our fields are called where.
FIELDS: dict[Vendor, dict[str, str]] = {
    "zendesk": {
        "order_id": "900002",
        "position_id": "900003",
        "transaction_id": "900004",
        "incident_id": "900005",
        "claimed_amount": "900006",
        "claimed_asset": "900007",
        "mw_state": "900011",
        "mw_amount": "900012",
        "mw_currency": "900013",
        "mw_reason": "900014",
        "mw_case_url": "900015",
    },
    "salesforce": {
        "order_id": "Order_Id__c",
        "position_id": "Position_Id__c",
        "transaction_id": "Transaction_Id__c",
        "incident_id": "Incident_Id__c",
        "claimed_amount": "Claimed_Amount__c",
        "claimed_asset": "Claimed_Asset__c",
        "mw_state": "MW_State__c",
        "mw_amount": "MW_Amount__c",
        "mw_currency": "MW_Currency__c",
        "mw_reason": "MW_Reason__c",
        "mw_case_url": "MW_Case_Url__c",
    },
    "jira": {
        "order_id": "customfield_10102",
        "position_id": "customfield_10103",
        "transaction_id": "customfield_10104",
        "incident_id": "customfield_10105",
        "claimed_amount": "customfield_10106",
        "claimed_asset": "customfield_10107",
        "mw_state": "customfield_10111",
        "mw_amount": "customfield_10112",
        "mw_currency": "customfield_10113",
        "mw_reason": "customfield_10114",
        "mw_case_url": "customfield_10115",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One ticket that tells of a loss.

    Fields:
        ref: Which.
        how: "claim" names the loss itself, "link" names only another ticket, in a field or record made for it.
        named: What a link names; None for a claim.
        project: Of an issue: "ENG", "CARE"; "" elsewhere.
    """

    ref: TicketRef
    how: Literal["claim", "link"]
    named: TicketRef | None = None
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One loss, how its case must end, and its tickets in the order in which they are made.

    Fields:
        claim: What happened, and what must become of it.
        reports: The tickets, none twice.
        at_once: Whether they are made at the same moment.
        incident: What the first claim says of the incident; nobody else may change it.
    """

    claim: Claim
    reports: tuple[Report, ...]
    at_once: bool
    incident: str

    @property
    def number(self) -> int:
        """From 0."""
        return self.claim.number

    @property
    def refs(self) -> tuple[TicketRef, ...]:
        """Its tickets."""
        return tuple(each.ref for each in self.reports)


def make_losses(count: int, *, seed: int) -> tuple[Loss, ...]:
    """Return so many losses: all six orders and at once, claims and links, some with a second ticket at one desk."""
    chance = random.Random(seed)  # noqa: S311  # Repeatable on purpose.
    orders = tuple(permutations(VENDORS))
    return tuple(_loss(claim, orders[claim.number % len(orders)], chance) for claim in make_claims(count))


def _loss(claim: Claim, order: tuple[Vendor, ...], chance: random.Random) -> Loss:
    at_once = claim.number % 3 == 2  # Any third.
    project = chance.choice(("ENG", "CARE"))
    refs = {vendor: ref_of(vendor, claim.number) for vendor in order}
    reports = [Report(ref=refs[order[0]], how="claim", project=project if order[0] == "jira" else "")]
    for vendor in order[1:]:
        linked = vendor != "zendesk" and not at_once and chance.random() < 0.4
        # What makes no claim itself speaks for no case: nobody follows it (docs/linking.md).
        named = chance.choice([each.ref for each in reports if each.how == "claim"]) if linked else None
        if named is not None and not _can_name(vendor, named):
            named = None
        how: Literal["claim", "link"] = "link" if named else "claim"
        reports.append(Report(ref=refs[vendor], how=how, named=named, project=project if vendor == "jira" else ""))
    if chance.random() < 0.3:
        second: Vendor = "zendesk" if chance.random() < 0.5 else "salesforce"
        reports.append(Report(ref=ref_of(second, claim.number, second=True), how="claim"))
    return Loss(claim=claim, reports=tuple(reports), at_once=at_once, incident=f"INC-{claim.number}")


def _can_name(vendor: Vendor, named: TicketRef) -> bool:
    """Whether a ticket of a vendor has a field or record to name that one."""
    return (vendor == "salesforce" and named.vendor in {"zendesk", "jira"}) or (
        vendor == "jira" and named.vendor in {"zendesk", "salesforce"}
    )


def ref_of(vendor: Vendor, number: int, *, second: bool = False) -> TicketRef:
    """Return the ticket that a desk has of a loss."""
    n = number + (SECOND if second else 0)
    keys = {"zendesk": 60_001 + n, "salesforce": numbered("500", 1 + n), "jira": FIRST_ISSUE + n}
    return TicketRef(vendor=vendor, account="harbor", key=str(keys[vendor]))


def issue_key(report: Report) -> str:
    """Return what people call an issue when it is made."""
    return f"{report.project}-{FIRST_KEY + int(report.ref.key) - FIRST_ISSUE}"


def user_of(loss: Loss) -> int:
    """Return Zendesk's id of the customer."""
    return 40_000 + loss.number


def email_of(loss: Loss) -> str:
    """Return the customer's address."""
    return f"customer{loss.number}@mail.example"


def loads(loss: Loss, report: Report) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield where to post what, so that this ticket is there and its vendor tells of it."""
    match report.ref.vendor:
        case "zendesk":
            yield "/zendesk/_sandbox/tickets", _in_zendesk(loss, report)
        case "salesforce":
            yield "/salesforce/_sandbox/records", _in_salesforce(loss, report)
        case "jira":
            yield "/jira/_sandbox/issues", _in_jira(loss, report)
            if report.named is not None:
                link = {"object": {"url": _address(report.named), "title": "The customer's ticket"}}
                yield "/jira/_sandbox/agents/act", {"issue": report.ref.key, "remote_link": link}


def _claimed(loss: Loss, report: Report) -> dict[str, str]:
    """Return the fields that a ticket comes with, by our names."""
    if report.how == "link":
        return {}
    first = {"incident_id": loss.incident} if report == loss.reports[0] else {}
    return {"transaction_id": loss.claim.reference, **first}


def _in_zendesk(loss: Loss, report: Report) -> dict[str, Any]:
    user = {"id": user_of(loss), "name": f"Customer {loss.number}", "external_id": loss.claim.customer_id}
    fields = [{"id": 900_001, "value": loss.claim.topic}] if report.how == "claim" else []
    fields += [{"id": int(FIELDS["zendesk"][name]), "value": value} for name, value in _claimed(loss, report).items()]
    ticket = {
        "id": int(report.ref.key),
        "subject": f"Late, {loss.number}",
        "description": "It came late.",
        "requester_id": user["id"],
        "custom_fields": fields,
    }
    return {"users": [{**user, "locale": "en-US"}], "tickets": [ticket], "notify": True}


def _in_salesforce(loss: Loss, report: Report) -> dict[str, Any]:
    contact = {
        "number": 1 + loss.number,
        "LastName": f"Customer {loss.number}",
        "Email": email_of(loss),
        "Customer_Number__c": loss.claim.customer_id,
    }
    case: dict[str, Any] = {
        "Id": report.ref.key,
        "Contact": {"Customer_Number__c": loss.claim.customer_id},
        "Owner": {"Username": ANA},
        "Subject": f"Late, {loss.number}",
        "Description": "It came late.",
        "Status": "Working",
        **{FIELDS["salesforce"][name]: value for name, value in _claimed(loss, report).items()},
    }
    if report.how == "claim":
        case["Compensation_Topic__c"] = loss.claim.topic
    if report.named is not None:
        named = next(each for each in loss.reports if each.ref == report.named)
        field = "Zendesk_Ticket_Id__c" if named.ref.vendor == "zendesk" else "Jira_Key__c"
        case[field] = named.ref.key if named.ref.vendor == "zendesk" else issue_key(named)
    person = {
        "number": 1_000 + loss.number,
        "Username": email_of(loss),
        "LastName": contact["LastName"],
        "UserType": "CspLitePortal",
    }
    return {"Contact": [contact], "User": [person], "Case": [case], "notify": True}


def _in_jira(loss: Loss, report: Report) -> dict[str, Any]:
    account_id = f"customer-{loss.number}"
    person = {
        "account_id": account_id,
        "name": f"Customer {loss.number}",
        "email": email_of(loss),
        "kind": "customer",
    }
    fields: dict[str, Any] = {
        "summary": f"Late, {loss.number}",
        "description": "It came late.",
        "reporter": account_id if report.project == "CARE" else HIRO,
        "customfield_10108": loss.claim.customer_id,
        **{FIELDS["jira"][name]: value for name, value in _claimed(loss, report).items()},
    }
    if report.how == "claim":
        fields["customfield_10101"] = TOPICS_IN_JIRA[loss.claim.topic]
    issue = {"id": int(report.ref.key), "key": issue_key(report), "fields": fields}
    return {"people": [person], "issues": [issue], "notify": True}


def _address(ref: TicketRef) -> str:
    if ref.vendor == "zendesk":
        return f"https://harbor.zendesk.com/agent/tickets/{ref.key}"
    return f"https://harbor.lightning.force.com/lightning/r/Case/{ref.key}/view"
