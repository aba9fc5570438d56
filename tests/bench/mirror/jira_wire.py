"""Jira's `search/jql`, page by page, from templates, with just the fields that were asked for.

Understood of JQL is what a reader of changes asks: bounds on `updated`, as minutes of UTC or milliseconds.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from tests.bench.mirror import words
from tests.bench.mirror.stream import Change, Stream, utc

MOST_A_PAGE = 100
EVERY_CLAIM = 100
CUSTOMERS = 300_000
_ZONE = b".000+0000"
_BOUND = re.compile(r"updated\s*(>=|>)\s*[\"']?([0-9]{4}[-/][0-9]{2}[-/][0-9]{2}(?: [0-9]{2}:[0-9]{2})?|[0-9]{12,})")
_PEOPLE = (
    (b"5b10ac8d82e05b22cc7d4ef5", b"Lena Vogel"),
    (b"5b10a2844c20165700ede21g", b"Hiro Sato"),
    (b"5c0f4be41d2eac0b8b3c1a77", b"Makewhole bot"),
)
_STATUSES = (
    (b"10000", b"To Do", b"2", b"new"),
    (b"3", b"In Progress", b"4", b"indeterminate"),
    (b"10001", b"Done", b"3", b"done"),
)
_ASSETS = (b'"USDT"', b'"BTC"', b'"ETH"', b'"USDC"', b'"EUR"')
_LABELS = (b"incident", b"withdrawals", b"matching", b"ledger", b"mobile", b"data", b"compensation_needed")
_SITE = b"https://harbor.atlassian.net"
_PERSON = (
    b'{"self":"%b/rest/api/3/user?accountId=%%b","accountId":"%%b","emailAddress":"bot@harbor.example","avatarUrls":{'
    b'"48x48":"%b/avatar/%%b/48","24x24":"%b/avatar/%%b/24","16x16":"%b/avatar/%%b/16","32x32":"%b/avatar/%%b/32"},'
    b'"displayName":"%%b","active":true,"timeZone":"Etc/UTC","accountType":"atlassian"}' % ((_SITE,) * 5)
)
_PROJECT = (
    b'{"self":"%b/rest/api/3/project/10001","id":"10001","key":"CARE","name":"Care","projectTypeKey":"service_desk",'
    b'"simplified":false,"avatarUrls":{"48x48":"%b/avatar/10412","24x24":"%b/avatar/10412?size=small",'
    b'"16x16":"%b/avatar/10412?size=xsmall","32x32":"%b/avatar/10412?size=medium"}}' % ((_SITE,) * 5)
)
_TYPE = (
    b'{"self":"%b/rest/api/3/issuetype/10004","id":"10004","description":"A problem or error.",'
    b'"iconUrl":"%b/avatar/10303?size=medium","name":"Bug","subtask":false,"avatarId":10303,"hierarchyLevel":0}'
    % ((_SITE,) * 2)
)
_STATUS = (
    b'{"self":"%b/rest/api/3/status/%%b","description":"","iconUrl":"%b/","name":"%%b","id":"%%b",'
    b'"statusCategory":{"self":"%b/rest/api/3/statuscategory/%%b","id":%%b,"key":"%%b","colorName":"yellow",'
    b'"name":"%%b"}}' % ((_SITE,) * 3)
)
_PRIORITY = b'{"self":"%b/rest/api/3/priority/%%d","iconUrl":"%b/medium.svg","name":"%%b","id":"%%d"}' % ((_SITE,) * 2)
_ADF = b'{"type":"doc","version":1,"content":[%b]}'
_PARAGRAPH = b'{"type":"paragraph","content":[{"type":"text","text":"%b"}]}'

Value = Callable[[Change, int], bytes]


def _person(number: int) -> bytes:
    account, name = _PEOPLE[number % 3]
    return _PERSON % (account, account, account, account, account, account, name)


def _status(chance: int) -> bytes:
    key, name, category, category_key = _STATUSES[chance % 3]
    return _STATUS % (key, name, key, category, category, category_key, name)


def _description(change: Change, _: int) -> bytes:
    said = (words.text(change.number, change.version + 40 + each, paragraphs=1) for each in range(2))
    return _ADF % b",".join(_PARAGRAPH % each for each in said)


def _claims(change: Change) -> bool:
    return change.number % EVERY_CLAIM == 0


#: Every field of an issue that has a value, as JSON.
FIELDS: dict[str, Value] = {
    "summary": lambda change, _: b'"%b"' % words.subject(change.number, change.version + 40),
    "description": _description,
    "status": lambda _, chance: _status(chance),
    "priority": lambda _, chance: (
        _PRIORITY % (2 + (chance & 1), b"High" if chance & 1 == 0 else b"Medium", 2 + (chance & 1))
    ),
    "issuetype": lambda *_: _TYPE,
    "project": lambda *_: _PROJECT,
    "reporter": lambda _, chance: _person(chance >> 4),
    "creator": lambda *_: _person(2),
    "assignee": lambda _, chance: _person(chance >> 8) if chance & 16 else b"null",
    "labels": lambda _, chance: b'["%b"]' % _LABELS[(chance >> 12) % 7],
    "created": lambda change, _: b'"%b"' % utc(change.stamp - 86_400, ending=_ZONE),
    "updated": lambda change, _: b'"%b"' % utc(change.stamp, ending=_ZONE),
    "components": lambda *_: b"[]",
    "versions": lambda *_: b"[]",
    "fixVersions": lambda *_: b"[]",
    "issuelinks": lambda *_: b"[]",
    "subtasks": lambda *_: b"[]",
    "votes": lambda *_: b'{"votes":0,"hasVoted":false}',
    "watches": lambda *_: b'{"watchCount":1,"isWatching":false}',
    "comment": lambda *_: b'{"comments":[],"maxResults":0,"total":0,"startAt":0}',
    "workratio": lambda *_: b"-1",
    "customfield_10101": lambda change, _: (
        b'{"value":"delayed_withdrawal","id":"10201"}' if _claims(change) else b"null"
    ),
    "customfield_10102": lambda _, chance: b'"O-%d"' % (chance % 10_000_000) if chance & 64 else b"null",
    "customfield_10103": lambda _, chance: b'"P-%d"' % (chance % 1_000_003) if chance & 128 else b"null",
    "customfield_10104": lambda change, _: b'"W-J%d"' % change.number,
    "customfield_10106": lambda change, chance: b"%d.%02d" % (chance % 900, 5) if _claims(change) else b"null",
    "customfield_10107": lambda _, chance: _ASSETS[(chance >> 20) % 5],
    "customfield_10108": lambda change, _: b'"C-%d"' % (100_000 + words.mixed(change.number, 9) % CUSTOMERS),
}
#: Fields that an issue has too, and that are empty here.
EMPTY = [
    "resolution",
    "resolutiondate",
    "duedate",
    "environment",
    "parent",
    "security",
    "timeestimate",
    "timespent",
    "aggregatetimespent",
    "lastViewed",
    "customfield_10105",
    "customfield_10111",
    "customfield_10112",
    "customfield_10113",
    "customfield_10114",
    "customfield_10115",
    "customfield_10016",
    "customfield_10019",
    "customfield_10020",
    "customfield_10021",
]  # Read as words.
ALL_FIELDS = (*FIELDS, *EMPTY)


def search(stream: Stream, asked: dict[str, str | int | list[str]]) -> list[bytes]:
    """Return a page of `search/jql` in pieces. asked: The query of a GET or the body of a POST."""
    fields, first, last = _fields(asked.get("fields")), _first(stream, str(asked.get("jql", ""))), len(stream)
    token = asked.get("nextPageToken")
    if token:
        first, last = json.loads(base64.urlsafe_b64decode(str(token)))
    most = MOST_A_PAGE if fields else 5_000
    end = min(first + min(int(str(asked.get("maxResults") or 50)), most), last)
    write = _as_json(fields, expanded="changelog" in str(asked.get("expand")))
    issues = b",".join([write(each) for each in stream.between(first, end)])
    rest = b',"isLast":true}'
    if end < last:
        following = base64.urlsafe_b64encode(json.dumps([end, last]).encode())
        rest = b',"nextPageToken":"%b","isLast":false}' % following
    return [b'{"issues":[', issues, b"]", rest]


def count(stream: Stream, jql: str) -> int:
    """Return how many issues a query finds."""
    return len(stream) - _first(stream, jql)


def _fields(asked: object) -> tuple[str, ...]:
    names = asked.split(",") if isinstance(asked, str) else asked if isinstance(asked, list) else []
    names = [name.strip() for name in names]
    if "*all" in names or "*navigable" in names:
        return ALL_FIELDS
    return tuple(name for name in names if name in FIELDS or name in EMPTY)


def _first(stream: Stream, jql: str) -> int:
    found = _BOUND.search(jql)
    if found is None:
        return 0
    sign, said = found.groups()
    if said.isdigit():
        bound = int(said) / 1_000
    else:
        bound = datetime.fromisoformat(said.replace("/", "-")).replace(tzinfo=UTC).timestamp()
    return stream.first_after(bound) if sign == ">" else stream.first_from(bound)


@lru_cache(maxsize=64)
def _as_json(fields: tuple[str, ...], *, expanded: bool) -> Callable[[Change], bytes]:
    frame = b'{"expand":"operations,changelog","id":"%d","self":"https://harbor.atlassian.net/rest/api/3/issue/%d",'
    frame += b'"key":"CARE-%d"'
    if fields:
        frame += b',"fields":{' + b",".join(b'"%b":%%b' % name.encode() for name in fields) + b"}"
    frame += b',"changelog":{"startAt":0,"total":0,"histories":[]},"transitions":[]}' if expanded else b"}"
    values: Sequence[Value] = [FIELDS.get(name, lambda *_: b"null") for name in fields]

    def write(change: Change) -> bytes:
        number, chance = change.number, words.mixed(change.number, 41)
        key = 10_000 + number
        return frame % (key, key, number, *[value(change, chance) for value in values])

    return write
