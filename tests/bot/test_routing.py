"""Which channel a case goes to, what language is spoken, and who is called."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.people import mention, reading_language, to_mention
from bot.routing import Route, Routing
from cases.people import Authority, Delegation, People
from cases.proposal import Classification
from tests.bot.harbor import AMELIA, BUCHANG, COMPENSATION, FRAUD_REVIEW, LUCA, NOAH, NOON, PEOPLE, ROUTING, WEI, usdt


@pytest.mark.parametrize(
    ("classification", "topic", "locale", "channel"),
    [
        (Classification.GOODWILL, "delayed_withdrawal", "en-US", COMPENSATION),
        (Classification.GOODWILL, "delayed_withdrawal", "zh-CN", BUCHANG),
        (Classification.FRAUD_REVIEW, "delayed_withdrawal", "zh-CN", FRAUD_REVIEW),
        (None, None, None, COMPENSATION),
    ],
)
def test_the_first_route_that_fits_wins(
    classification: Classification | None, topic: str | None, locale: str | None, channel: object
) -> None:
    assert ROUTING.channel_for(classification, topic, locale) == channel


def test_a_route_must_fit_in_everything_it_asks() -> None:
    narrow = Route(channel=FRAUD_REVIEW, topics=("nem_incident_2018",), languages=("en",))
    routing = Routing(routes=(narrow,), otherwise=COMPENSATION)

    assert routing.channel_for(None, "nem_incident_2018", "en") == FRAUD_REVIEW
    assert routing.channel_for(None, "nem_incident_2018", "zh") == COMPENSATION
    assert routing.channel_for(None, "nem_incident_2018", None) == COMPENSATION


def test_a_card_keeps_the_language_of_the_channel_it_stands_in() -> None:
    assert ROUTING.locale_of("C0BUCHANG01") == "zh"
    assert ROUTING.locale_of("C0OLDCHANNEL") == "en"


def test_private_answers_use_the_persons_own_language() -> None:
    assert reading_language(WEI, "en-US", "en") == "zh"
    assert reading_language(None, "zh-TW", "en") == "zh"
    assert reading_language(None, None, "zh") == "zh"


def test_only_those_are_called_who_could_give_the_missing_approval() -> None:
    quiet = replace(WEI, notified=False)
    lent = Delegation(
        giver=NOAH.id,
        authority=Authority(role="finance", limits=(usdt("500"),)),
        starts_at=NOON,
        ends_at=NOON + timedelta(days=1),
    )
    people = People(everyone=(AMELIA, quiet, NOAH, replace(LUCA, delegations=(lent,))))

    def called(role: str, **changes: object) -> tuple[str, ...]:
        asked = {"roles": (role,), "amount": usdt("180.50"), "spoken": (), "handlers": (), "now": NOON} | changes
        return to_mention(people, **asked)  # type: ignore[arg-type]  # The keywords are those of the function.

    assert called("compensation_lead") == ("U0AMELIA001",)
    assert called("finance") == ("U0NOAH00001", "U0LUCA00001")
    assert called("finance", spoken=(NOAH.id,)) == ("U0LUCA00001",)
    assert called("finance", handlers=(LUCA.id,)) == ("U0NOAH00001",)
    assert called("finance", amount=usdt("600")) == ("U0NOAH00001",)
    assert called("finance", now=NOON + timedelta(days=1)) == ("U0NOAH00001",)
    assert PEOPLE.by_slack_id("U0NOAH00001") == NOAH


@pytest.mark.parametrize("slack_id", ["", "amelia", "U0<!channel>", "C0COMPENSA1", "U0AMELIA001\n"])
def test_what_is_no_user_id_is_never_mentioned(slack_id: str) -> None:
    with pytest.raises(ValueError, match="is no Slack user id"):
        mention(slack_id)
