"""Where reading of changes goes on, as it is stored: JSON, opaque to everyone else. Pure.

Three streams are polled side by side: Cases, CaseComments and posts, each by (SystemModstamp, Id). A stamp is set when
a transaction writes and seen when it commits, so a place in a stream can be passed before everything at it is to be
seen. What is older than the vendor's clock less the overlap has committed. So a round that has come to the end begins
again at the oldest moment that was not safe when it was passed, and what was read there already is known by a hash of
the record: not by its stamp, because two changes within one second have the same.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Cursor, UnexpectedReply
from connectors.salesforce.soql import Place, utc_text

#: More records than this within the overlap are read twice: they are the same, and the caller sees that.
MOST_SEEN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream.

    Fields:
        place: Where the next page begins.
        begun: Where this round began.
        safe: Where the next round begins, once a page went past what is safe; None while none did.
        seen: Hashes of what the last round read within the overlap.
        fresh: As `seen`, of this round.
    """

    place: Place
    begun: datetime
    safe: datetime | None = None
    seen: frozenset[str] = frozenset()
    fresh: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A record of a page, as sent, and its place."""

    place: Place
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """Changes are polled. comments, posts: None until the vendor's clock is known."""

    cases: Stream
    comments: Stream | None = None
    posts: Stream | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """A Bulk 2 job is waited for or read.

    Fields:
        job_id: "750Ak00000xYzAbIAK".
        since: Cases changed from here on are in it; aware.
        begun: When the job was made, by the vendor's clock, less the overlap: polling goes on from there.
        locator: Of the next page of results; "" for the first.
        kinds: (column, the vendor's type) of mapped columns.
        tries: How many jobs there were; a failed or expired one is begun anew.
    """

    job_id: str
    since: datetime
    begun: datetime
    locator: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    tries: int = 1


def stream_from(start: datetime) -> Stream:
    """Return a stream that begins at a moment."""
    return Stream(place=Place(stamp=start, id=""), begun=start)


def is_known(stream: Stream, record: bytes) -> bool:
    """Whether the last round read this very record."""
    return bool(stream.seen) and digest(record) in stream.seen


def digest(record: bytes) -> str:
    """Return a short hash of a record as sent."""
    return hashlib.blake2b(record, digest_size=8).hexdigest()


def advanced(
    stream: Stream, page: tuple[Stamped, ...], *, ended: bool, told_at: datetime | None, overlap: timedelta
) -> Stream:
    """Return where the stream goes on after a page.

    page: All of it, in order. ended: There was nothing more. told_at: The vendor's clock when it answered; None when it
    did not say: then its newest record is taken for it.
    """
    last = page[-1].place if page else stream.place
    horizon = (told_at or last.stamp) - overlap
    safe = stream.safe
    if safe is None and (ended or last.stamp > horizon):
        safe = horizon
    fresh = stream.fresh
    if safe is not None:
        young = [each for each in page if each.place.stamp >= safe]
        fresh = (*fresh, *(digest(each.record) for each in young[-MOST_SEEN:]))[-MOST_SEEN:]
    if not ended:
        return replace(stream, place=last, safe=safe, fresh=fresh)
    assert safe is not None  # noqa: S101  # Set above for the last page.
    if safe >= last.stamp:
        return Stream(place=last, begun=last.stamp)
    low = max(safe, stream.begun)
    return Stream(place=Place(stamp=low, id=""), begun=low, seen=frozenset(fresh))


def packed(state: Polling | Fetching) -> Cursor:
    """Return the state as it is stored."""
    match state:
        case Polling(cases=cases, comments=comments, posts=posts):
            streams = {"cases": cases, "comments": comments, "posts": posts}
            body: dict[str, Any] = {name: _stream_out(each) for name, each in streams.items() if each is not None}
        case Fetching() as job:
            body = {
                "job": job.job_id,
                "since": utc_text(job.since),
                "begun": utc_text(job.begun),
                "locator": job.locator,
                "kinds": dict(job.kinds),
                "tries": job.tries,
            }
    return Cursor(json.dumps(body, separators=(",", ":")))


def unpacked(cursor: Cursor) -> Polling | Fetching:
    """Return the state of a stored cursor; raises UnexpectedReply for one that is none of ours."""
    try:
        body = json.loads(cursor)
        if "job" in body:
            return Fetching(
                job_id=str(body["job"]),
                since=_moment(body["since"]),
                begun=_moment(body["begun"]),
                locator=str(body["locator"]),
                kinds=tuple(sorted(body["kinds"].items())),
                tries=int(body["tries"]),
            )
        return Polling(
            cases=_stream_in(body["cases"]),
            comments=_stream_in(body["comments"]) if "comments" in body else None,
            posts=_stream_in(body["posts"]) if "posts" in body else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnexpectedReply("the cursor is none of this connector's") from None


def _stream_out(stream: Stream) -> dict[str, Any]:
    body: dict[str, Any] = {"at": utc_text(stream.place.stamp), "id": stream.place.id, "begun": utc_text(stream.begun)}
    if stream.safe is not None:
        body["safe"] = utc_text(stream.safe)
    return body | {"seen": sorted(stream.seen), "fresh": list(stream.fresh)}


def _stream_in(body: dict[str, Any]) -> Stream:
    return Stream(
        place=Place(stamp=_moment(body["at"]), id=str(body["id"])),
        begun=_moment(body["begun"]),
        safe=_moment(body["safe"]) if "safe" in body else None,
        seen=frozenset(map(str, body["seen"])),
        fresh=tuple(map(str, body["fresh"])),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
