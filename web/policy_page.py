"""A policy's version on one page, for whoever was sent its address: what to decide on before it is released.

Its release, what it changes and on which cases, what the analysis found and why that was waived, the policy itself with
its examples worked out again, and its history. The page only reads; the key in its address opens this text alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from cases.people import People
from policy.analysis import findings
from policy.authoring.page import page_of
from policy.authoring.sheet import Section, sheet
from policy.loading import read_policy
from policy.mistakes import BadPolicy, Finding, Weight
from reports.changes_page import changes_shown
from reports.differences import Differences, Side, differences, on_stored_cases
from reports.words import Language
from store import policy_history
from store.audit import AuditRecord
from store.cases import CaseRepository
from store.database import Database
from store.policies import PolicyRepository, State, Version
from web.keys import fits, policy_key, policy_path
from web.policy_words import words_in
from web.sheets import not_found, page, templates
from workflow.placing import follows
from workflow.releasing import APPROVER

#: So many of the newest cases are decided by both versions each time the page is opened.
MOST_CASES = 200
_KINDS = {State.SUBMITTED: "missing", State.RELEASED: "valid-claim", State.REJECTED: "fraud-review"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRoom:
    """What the page needs: where policies and cases are, who decides, the secret of the links, and the time."""

    database: Database
    policies: PolicyRepository
    cases: CaseRepository
    people: People
    link_key: bytes
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """What the page shows.

    Fields:
        version: The version.
        text: Its text.
        before: The version that it follows; None for the first one.
        changes: What differs from that one; None for the first one, and for a text that is not understood any more.
        notes: What the analysis finds now and asks nothing for.
        problem: Why a text is not understood any more; "" when it is.
        records: The history of its policy, oldest first.
    """

    version: Version
    text: str
    before: Version | None
    changes: Differences | None
    notes: tuple[Finding, ...]
    problem: str
    records: tuple[AuditRecord, ...]


def policy_page(room: PolicyRoom) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint for `GET /policies/{name}/{version}/{text}?key=…&lang=…`.

    404 for a wrong key and for no such version alike, 410 when another text was submitted since.
    """
    one_by_one = asyncio.Lock()

    async def endpoint(request: Request) -> Response:
        name, number, text = (request.path_params[each] for each in ("name", "version", "text"))
        if not fits(policy_key(room.link_key, name, number, text), request.query_params.get("key", "")):
            return not_found()
        language: Language = "zh" if request.query_params.get("lang") == "zh" else "en"
        async with one_by_one:  # It takes a while: a few at once must not keep webhooks waiting.
            view = await asyncio.to_thread(_look_up, room, name, number)
            if view is None:
                return not_found()
            if not view.version.text_hash.startswith(text):
                return page(_replaced(view.version, text, language), status=410)
            return page(await asyncio.to_thread(_shown, room, view, language))

    return endpoint


def _look_up(room: PolicyRoom, name: str, number: str) -> PolicyView | None:
    with room.database.read() as connection:
        version, text = room.policies.find(connection, name, number), room.policies.text(connection, name, number)
        if version is None or text is None:
            return None
        before = follows(room.policies.versions(connection), version)
        old = room.policies.text(connection, before.name, before.version) if before else None
        records = policy_history.history(connection, name)
    view = PolicyView(version=version, text=text, before=before, changes=None, notes=(), problem="", records=records)
    try:
        found = findings(read_policy(text, version.file), room.people)
        notes = tuple(each for each in found if each.weight is Weight.NOTE)
        changes = _changes(room, old, before.file, view) if before and old else None
    except BadPolicy as problem:
        return replace(view, problem=str(problem))
    return replace(view, notes=notes, changes=changes)


def _changes(room: PolicyRoom, old: str, file: str, view: PolicyView) -> Differences:
    found = _compared(old, file, view.text, view.version.file)
    stored = on_stored_cases(room.database, room.cases, found.old.policy, found.new.policy, most=MOST_CASES)
    return replace(found, compared=(*found.compared, stored))


@lru_cache(maxsize=16)
def _compared(old: str, old_file: str, new: str, new_file: str) -> Differences:
    """Return how two texts differ; kept, because a page is opened by several people and again."""
    old_side = Side(text=old, policy=read_policy(old, old_file))
    return differences(old_side, Side(text=new, policy=read_policy(new, new_file)))


def _shown(room: PolicyRoom, view: PolicyView, language: Language) -> str:
    words = words_in(language)

    def section(id_: str, body: Markup) -> Section:
        return Section(id=id_, title=words[id_], body=body)

    release = _filled("release.html", room, view, language, **_standing(room, view, language))
    before = [section("release", release)]
    if not view.problem:
        before += [
            section("changes", _said_of_changes(view, language)),
            section("analysis", _filled("analysis.html", room, view, language, notes=view.notes)),
        ]
    after = [section("history", _filled("history.html", room, view, language, records=view.records))]
    try:
        return page_of(view.text, view.version.file, language=language, before=before, after=after)
    except BadPolicy as problem:
        said = words["not understood"].format(problem=view.problem or problem)
        body = _filled("text.html", room, view, language, said=said, sections=[*before, *after])
        return sheet(view.version.id, body, language=language)


def _standing(room: PolicyRoom, view: PolicyView, language: Language) -> Mapping[str, Any]:
    version, words = view.version, words_in(language)
    state: str = version.state
    if version.state is State.RELEASED and not version.decides_at(now := room.clock()):
        state = "starts later" if now < version.starts_at else "has ended"
    elif version.state is State.RELEASED:
        state = "decides now"
    before = view.before
    return {
        "state": words[state],
        "kind": _KINDS.get(version.state, ""),
        "waits": version.state is State.SUBMITTED,
        "role": APPROVER,
        "before": before and (before.id, policy_path(room.link_key, before, language=language)),
        "other_language": policy_path(room.link_key, version, language="en" if language == "zh" else "zh"),
    }


def _said_of_changes(view: PolicyView, language: Language) -> Markup:
    words = words_in(language)
    if view.before is None or view.changes is None:
        return Markup("<p>{}</p>").format(words["first"])
    said = Markup('<p class="quiet">{}</p>').format(words["compared with"].format(version=view.before.id))
    return said + changes_shown(view.changes, language=language, level=3)


def _replaced(version: Version, text: str, language: Language) -> str:
    words = words_in(language)
    said = words["replaced said"].format(text=text, version=version.id)
    body = Markup("<main><h1>{}</h1><p>{}</p></main>").format(words["replaced"], said)
    return sheet(words["replaced"], body, language=language)


def _filled(template: str, room: PolicyRoom, view: PolicyView, language: Language, **values: object) -> Markup:
    def name_of(person: str) -> str:
        found = room.people.by_id(person)
        return found.name if found else person

    filled = (
        templates()
        .get_template(template)
        .render(
            words=words_in(language), language=language, version=view.version, text=view.text, name_of=name_of, **values
        )
    )
    return Markup(filled)  # noqa: S704  # The template escapes.
