"""The cursor export of Zendesk, page by page, from templates."""

import base64
import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from tests.bench.mirror import words
from tests.bench.mirror.stream import START, Change, Stream, utc

MOST_A_PAGE = 1_000
EVERY_CLAIM = 100
CUSTOMERS = 300_000
STATUSES = (b"open", b"open", b"pending", b"hold", b"solved", b"closed", b"closed", b"closed")
PRIORITIES = (b'"low"', b'"normal"', b'"normal"', b'"high"', b'"urgent"', b"null")
CHANNELS = (b"web", b"email", b"chat", b"api", b"mobile")
ASSETS = (b"USDT", b"BTC", b"ETH", b"USDC", b"EUR")
_EXPORT = "https://harbor.zendesk.com/api/v2/incremental/tickets/cursor.json"
TAGS = (b"withdrawal", b"deposit", b"vip", b"app", b"kyc", b"fees", b"outage", b"zh", b"late", b"second_contact")
_FIELDS = (
    b'[{"id":900001,"value":%b},{"id":900002,"value":%b},{"id":900003,"value":%b},{"id":900004,"value":%b},'
    b'{"id":900005,"value":null},{"id":900006,"value":%b},{"id":900007,"value":%b},{"id":900011,"value":null},'
    b'{"id":900012,"value":null},{"id":900013,"value":null},{"id":900021,"value":true},{"id":900022,"value":"tier_2"},'
    b'{"id":900023,"value":null},{"id":900024,"value":"web_form"}]'
)
_TICKET = (
    b'{"url":"https://harbor.zendesk.com/api/v2/tickets/%d.json","id":%d,"external_id":null,"via":{"channel":"%b",'
    b'"source":{"from":{},"to":{},"rel":null}},"created_at":"%b","updated_at":"%b","generated_timestamp":%d,'
    b'"type":"problem","subject":"%b","raw_subject":"%b","description":"%b","priority":%b,"status":"%b",'
    b'"recipient":null,"requester_id":%d,"submitter_id":%d,"assignee_id":%d,"organization_id":%d,"group_id":%d,'
    b'"collaborator_ids":[],"follower_ids":[],"email_cc_ids":[],"forum_topic_id":null,"problem_id":null,'
    b'"has_incidents":false,"is_public":true,"due_at":null,"tags":["%b","%b"],"custom_fields":%b,'
    b'"satisfaction_rating":{"score":"%b"},"sharing_agreement_ids":[],"custom_status_id":%d,"encoded_id":"%012X",'
    b'"fields":%b,"followup_ids":[],"ticket_form_id":360000%d,"brand_id":360001,"allow_channelback":false,'
    b'"allow_attachments":true,"from_messaging_channel":false}'
)
_USER = (
    b'{"id":%d,"url":"https://harbor.zendesk.com/api/v2/users/%d.json","name":"%b","email":"customer%d@example.com",'
    b'"created_at":"2024-03-0%dT10:11:12Z","updated_at":"2024-11-1%dT08:00:01Z","time_zone":"UTC",'
    b'"iana_time_zone":"Etc/UTC","phone":null,"shared_phone_number":null,"photo":null,"locale_id":1,"locale":"%b",'
    b'"organization_id":null,"role":"end-user","verified":true,"external_id":"C-%d","tags":[],"alias":null,'
    b'"active":true,"shared":false,"shared_agent":false,"last_login_at":null,"two_factor_auth_enabled":null,'
    b'"signature":null,"details":null,"notes":null,"role_type":null,"custom_role_id":null,"moderator":false,'
    b'"ticket_restriction":"requested","only_private_comments":false,"restricted_agent":true,"suspended":false,'
    b'"default_group_id":null,"report_csv":false,"user_fields":{"tier":"%b"}}'
)


def export(stream: Stream, query: Mapping[str, str]) -> list[bytes]:
    """Return a page of `incremental/tickets/cursor.json` in pieces; raises ValueError for a cursor that is none."""
    first = _first(stream, query)
    wanted = min(int(query.get("per_page", MOST_A_PAGE)), MOST_A_PAGE)
    page = list(stream.between(first, first + wanted))
    end = first + len(page) >= len(stream)
    cursor = _cursor(page[-1]) if page else query.get("cursor") or _cursor(Change(0, 0, START))
    kept = {name: value for name, value in query.items() if name != "start_time"}
    pieces = [b'{"tickets":[', b",".join(map(ticket, page)), b"]"]
    if query.get("include") == "users":
        people = dict.fromkeys(_requester(each.number) for each in page)
        pieces += [b',"users":[', b",".join(map(_user, people)), b"]"]
    after = {
        "after_url": f"{_EXPORT}?{urlencode(kept | {'cursor': cursor})}",
        "before_url": None,
        "after_cursor": cursor,
        "before_cursor": None,
        "end_of_stream": end,
    }
    return [*pieces, b",", json.dumps(after).encode()[1:]]


def one(stream: Stream, number: int) -> bytes:
    """Return the answer to `tickets/{id}.json`."""
    change = Change(number, 0, START + stream.step_seconds * number)
    return b'{"ticket":%b,"users":[%b]}' % (ticket(change), _user(_requester(number)))


def ticket(change: Change) -> bytes:
    """Return a ticket as the export has it."""
    number, chance = change.number, words.mixed(change.number, 1)
    subject = words.subject(number, change.version)
    fields, person = _fields(number, chance), 10_000_000 + _requester(number)
    return _TICKET % (
        number,
        number,
        CHANNELS[chance % 5],
        utc(change.stamp - 86_400),
        utc(change.stamp),
        change.stamp,
        subject,
        subject,
        words.text(number, change.version, paragraphs=3),
        PRIORITIES[chance % 6],
        STATUSES[(chance >> 8) % 8],
        person,
        person,
        1_001 + (chance >> 12) % 40,
        20_000 + (chance >> 16) % 900,
        30_000 + (chance >> 20) % 9,
        TAGS[(chance >> 24) % 10],
        TAGS[(chance >> 28) % 10],
        fields,
        b"unoffered" if chance & 3 else b"good",
        360_000_100 + (chance >> 8) % 8,
        chance & 0xFFFF_FFFF_FFFF,
        fields,
        (chance >> 32) % 6,
    )


def _fields(number: int, chance: int) -> bytes:
    claims = number % EVERY_CLAIM == 0
    return _FIELDS % (
        b'"delayed_withdrawal"' if claims else b"null",
        b'"O-%d"' % (chance % 10_000_000) if chance & 4 else b"null",
        b'"P-%d"' % (chance % 1_000_003) if chance & 8 else b"null",
        b'"W-%d"' % number,
        b'"%d.%02d"' % (chance % 900, (chance >> 20) % 100) if claims or chance & 16 else b"null",
        b'"%b"' % ASSETS[(chance >> 40) % 5],
    )


def _requester(number: int) -> int:
    return words.mixed(number, 9) % CUSTOMERS


def _user(person: int) -> bytes:
    chance = words.mixed(person, 7)
    return _USER % (
        10_000_000 + person,
        10_000_000 + person,
        words.subject(person, 8)[:14].strip(),
        person,
        1 + chance % 9,
        chance % 9,
        b"zh-CN" if chance & 7 == 0 else b"en-US",
        100_000 + person,
        b"gold" if chance & 8 else b"standard",
    )


def _first(stream: Stream, query: Mapping[str, str]) -> int:
    if "cursor" not in query:
        return stream.first_from(float(query.get("start_time", "0")))
    found = re.fullmatch(r"([0-9]+)\.0\|\|([0-9]+)\|", base64.b64decode(query["cursor"]).decode())
    if found is None:
        raise ValueError("no cursor of ours")
    return stream.first_after(int(found[1]))


def _cursor(change: Change) -> str:
    return base64.b64encode(f"{change.stamp}.0||{change.number}|".encode()).decode()
