"""A ticket of the demo world, as written in YAML, in the shape Zendesk shows it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

YEAR = 2026
AGENTS = {"luca": 1_001, "mei": 1_002, "amelia": 1_003}
FIELD_IDS = {
    "topic": 900_001,
    "order": 900_002,
    "position": 900_003,
    "transaction": 900_004,
    "incident": 900_005,
    "claimed_amount": 900_006,
    "claimed_asset": 900_007,
}

_NAMES = {
    *("id", "from", "at", "subject", "text", "repeat", "status", "priority", "via", "tags", "csat", "claimed"),
    *("topic", "order", "position", "transaction", "incident", "comments", "merged_into"),
}
_MERGED_AFTER = timedelta(minutes=5)
_SOLVED_AFTER = timedelta(hours=1)


class BadSeed(ValueError):
    """The demo world is written wrongly; the message says where."""


def customer_number(name: str) -> int:
    """Return the Zendesk user id of a customer: 20001 for "C-100001", 29001 for "guest-29001"."""
    number = int(name.rpartition("-")[2])
    return number - 80_000 if name.startswith("C-") else number


def ticket_on_the_wire(written: Mapping[str, Any], *, customers: Mapping[str, object]) -> dict[str, Any]:
    """Return one ticket with its `comments` after the description and, where merged, `merged_into`.

    Raises BadSeed when a name is misspelt or the requester is nobody.
    """
    unknown = sorted(set(written) - _NAMES)
    if unknown:
        raise BadSeed(f"ticket {written.get('id')}: {unknown[0]} is not known")
    if written["from"] not in customers:
        raise BadSeed(f"ticket {written['id']}: {written['from']} is no customer")
    requester = customer_number(written["from"])
    comments = [_comment(each, requester=requester) for each in written.get("comments", ())]
    agents = [each["author_id"] for each in comments if each["author_id"] != requester]
    status = written.get("status", "open" if agents else "new")
    created = moment(written["at"])
    updated = created + _SOLVED_AFTER if status == "solved" else created
    ticket = {
        "id": int(written["id"]),
        "subject": written["subject"],
        "description": "\n".join([written["text"].rstrip("\n")] * int(written.get("repeat", 1))),
        "requester_id": requester,
        "submitter_id": requester,
        "assignee_id": agents[0] if agents else (AGENTS["luca"] if status not in ("new", "deleted") else None),
        "status": status,
        "priority": written.get("priority", "normal"),
        "type": "question",
        "via": {"channel": written.get("via", "web")},
        "tags": [*written.get("tags", "").split(), *([written["topic"]] if "topic" in written else [])],
        "custom_fields": _custom_fields(written),
        "satisfaction_rating": _rating(written),
        "created_at": stamp(created),
        "updated_at": max(stamp(updated), *(each["created_at"] for each in comments), ""),
        "comments": comments,
    }
    return ticket | ({"merged_into": int(written["merged_into"])} if "merged_into" in written else {})


def with_merges(tickets: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tickets with what a merge leaves behind: a tag and a note on the source, a note on the target."""
    by_id = {ticket["id"]: ticket for ticket in tickets}
    for source in list(by_id.values()):
        if "merged_into" not in source:
            continue
        target = by_id.get(source["merged_into"])
        if target is None:
            raise BadSeed(f"ticket {source['id']}: merged into {source['merged_into']}, which is not there")
        at = stamp(datetime.fromisoformat(source["updated_at"]) + _MERGED_AFTER)
        into = f'This request was closed and merged into request #{target["id"]} "{target["subject"]}".'
        gone = f'Request #{source["id"]} "{source["subject"]}" was closed and merged into this request.'
        by_id[source["id"]] = _noted(source, into, at=at) | {"tags": [*source["tags"], "closed_by_merge"]}
        by_id[target["id"]] = _noted(by_id[target["id"]], gone, at=at)
    return list(by_id.values())


def _noted(ticket: Mapping[str, Any], body: str, *, at: str) -> dict[str, Any]:
    note = {"author_id": AGENTS["luca"], "body": body, "public": False, "created_at": at}
    comments = sorted([*ticket["comments"], note], key=lambda each: str(each["created_at"]))
    return {**ticket, "comments": comments, "updated_at": max(at, ticket["updated_at"])}


def _comment(written: Mapping[str, str], *, requester: int) -> dict[str, Any]:
    if set(written) not in ({"by", "at", "note"}, {"by", "at", "say"}):
        raise BadSeed(f"comment at {written.get('at')}: needs by, at, and note or say")
    return {
        "author_id": requester if written["by"] == "customer" else AGENTS[written["by"]],
        "body": written.get("note", written.get("say")),
        "public": "say" in written,
        "created_at": stamp(moment(written["at"])),
    }


def _custom_fields(written: Mapping[str, str]) -> list[dict[str, Any]]:
    amount, _, asset = written.get("claimed", "").partition(" ")
    values = {**written, "claimed_amount": amount, "claimed_asset": asset}
    return [{"id": field_id, "value": values.get(name) or None} for name, field_id in FIELD_IDS.items()]


def _rating(written: Mapping[str, str]) -> dict[str, str | None]:
    score, _, comment = written.get("csat", "unoffered").partition(" ")
    return {"score": score, "comment": comment.strip('"') or None}


def moment(written: str) -> datetime:
    """Return what "11-03 09:12" means, aware UTC."""
    return datetime.fromisoformat(f"{YEAR}-{written.replace(' ', 'T')}:00+00:00")


def stamp(at: datetime) -> str:
    """Return a moment as the vendors write it: "2026-11-03T09:12:00Z"."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
