"""Who a Slack user is to us, what language they read, and who is mentioned on a card."""

import re
from datetime import datetime

from bot.words import language
from cases.money import Money
from cases.people import People, Person
from cases.proposal import PersonId

_SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,20}")


def reading_language(person: Person | None, slack_locale: str | None, fallback: str) -> str:
    """Return the language of private answers: the role table's word, then Slack's ("zh-CN"), then the channel's."""
    if person is not None:
        return language(person.locale)
    return language(slack_locale) if slack_locale else language(fallback)


def name_of(people: People, person: PersonId) -> str:
    """Return how a person is called; our id when the role table no longer has them."""
    found = people.by_id(person)
    return found.name if found else person


def mention(slack_id: str) -> str:
    """Return what mentions this user in mrkdwn; raises ValueError for an id that Slack does not give out."""
    if not _SLACK_ID.fullmatch(slack_id):
        raise ValueError(f"{slack_id!r} is no Slack user id: it looks like U0AMELIA001")
    return f"<@{slack_id}>"


def to_mention(
    people: People,
    *,
    roles: tuple[str, ...],
    amount: Money | None,
    spoken: tuple[PersonId, ...],
    handlers: tuple[PersonId, ...],
    now: datetime,
) -> tuple[str, ...]:
    """Return the Slack ids to mention: who is notified and could give the missing approval, in the table's order.

    spoken: Who has decided already.
    handlers: Who handles the case or asked for it; they never decide it.
    """
    return tuple(
        each.slack_id
        for each in people.everyone
        if each.slack_id
        and each.notified
        and each.id not in (*spoken, *handlers)
        and any(held.role in roles and held.covers(amount) for held in each.authorities_at(now))
    )
