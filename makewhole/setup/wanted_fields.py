"""The ticket fields that each vendor's admin makes: as a list to work off, with the ids that are there already."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

#: Needed on every ticket, whatever the topics.
NEEDED = ("compensation_topic", "mw_state", "mw_amount", "mw_currency", "mw_reason", "mw_case_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One field to make. name: Ours; "" for one that is not in `fields`. filled_in_by: Who writes it."""

    name: str
    title: str
    kind: str
    api_name: str
    filled_in_by: str


_TITLES: Mapping[str, str] = {
    "compensation_topic": "Compensation topic",
    "order_id": "Order ID",
    "position_id": "Position ID",
    "transaction_id": "Transaction ID",
    "incident_id": "Incident ID",
    "claimed_amount": "Claimed amount",
    "claimed_asset": "Claimed asset",
    "mw_state": "MW state",
    "mw_amount": "MW amount",
    "mw_currency": "MW currency",
    "mw_reason": "MW reason",
    "mw_case_url": "MW case URL",
}
_KINDS: Mapping[str, Mapping[str, str]] = {
    "zendesk": {
        "compensation_topic": "Drop-down; the tag of each value is a topic of the settings",
        "claimed_amount": "Decimal",
        "": "Text",
    },
    "salesforce": {
        "compensation_topic": "Picklist; each value is a topic of the settings",
        "claimed_amount": "Number(18, 8)",
        "claimed_asset": "Text(12)",
        "mw_currency": "Text(12)",
        "mw_reason": "Text(255)",
        "mw_case_url": "URL(255)",
        "": "Text(40)",
    },
    "jira": {
        "compensation_topic": "Select list (single choice); each option is a topic of the settings",
        "claimed_amount": "Number",
        "mw_case_url": "URL",
        "": "Short text (plain text only)",
    },
}
_API_NAMES: Mapping[str, str] = {
    name: "MW_" + "_".join(part.capitalize() for part in name.split("_")[1:]) + "__c"
    if name.startswith("mw_")
    else "_".join(part.capitalize() for part in name.split("_")) + "__c"
    for name in _TITLES
}
_MORE: Mapping[str, tuple[Wanted, ...]] = {
    "zendesk": (),
    "salesforce": (
        Wanted(
            name="",
            title="MW mark",
            kind="Text(80), External ID, not unique",
            api_name="MW_Mark__c",
            filled_in_by="Makewhole",
        ),
        Wanted(
            name="",
            title="Customer number (on Contact and on Account)",
            kind="Text(20), External ID, unique",
            api_name="Customer_Number__c",
            filled_in_by="you: your own id of the customer",
        ),
    ),
    "jira": (
        Wanted(
            name="",
            title="Customer number",
            kind="Short text (plain text only)",
            api_name="",
            filled_in_by="you: your own id of the customer; its id goes into jira.customer_field",
        ),
    ),
}
_WHERE: Mapping[str, str] = {
    "zendesk": "Admin Center, Objects and rules, Tickets, Fields; then put them on the ticket forms.",
    "salesforce": "Setup, Object Manager, Case, Fields; let the integration user read and edit each.",
    "jira": "Settings, Work items, Custom fields; then put them on the screens of the projects that are read.",
}


def wanted(vendor: str) -> tuple[Wanted, ...]:
    """Return the fields to make, ours last."""
    kinds = _KINDS[vendor]
    made = tuple(
        Wanted(
            name=name,
            title=title,
            kind=kinds.get(name, kinds[""]),
            api_name=_API_NAMES[name] if vendor == "salesforce" else "",
            filled_in_by="Makewhole only" if name.startswith("mw_") else "agent or form",
        )
        for name, title in _TITLES.items()
    )
    return made + _MORE[vendor]


def as_markdown(vendor: str, ids: Mapping[str, str]) -> str:
    """Return the list for people. ids: Those found, by our name."""
    lines = [
        f"# Ticket fields for Makewhole in {vendor.capitalize()}",
        "",
        f"Where: {_WHERE[vendor]}",
        "",
        f"Needed on every ticket: {', '.join(NEEDED)};",
        "of the ids those that your topics are about. Write each id under",
        f"`{vendor}.fields` in makewhole.yaml; `makewhole map {vendor}` shows what is there and what does not fit.",
        "",
        "| our name | title | kind | id or API name | filled in by |",
        "|---|---|---|---|---|",
    ]
    for each in wanted(vendor):
        place = ids.get(each.name) or each.api_name or "…"
        lines.append(
            f"| {each.name and f'`{each.name}`'} | {each.title} | {each.kind} | {place} | {each.filled_in_by} |"
        )
    return "\n".join(lines) + "\n"


def as_csv(vendor: str, ids: Mapping[str, str]) -> str:
    """Return the list for programs, with a heading."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["our_name", "title", "kind", "id", "api_name", "filled_in_by"])
    for each in wanted(vendor):
        rows.writerow([each.name, each.title, each.kind, ids.get(each.name, ""), each.api_name, each.filled_in_by])
    return out.getvalue()
