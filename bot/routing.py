"""Which channel a case is shown in, and what language is spoken there; pure."""

from dataclasses import dataclass

from bot.words import language
from cases.proposal import Classification


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A Slack channel.

    Fields:
        id: "C0COMPENSA1".
        locale: Language of everything said in it: "en", "zh".
    """

    id: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A channel, and the cases that go there. An empty tuple means any; all three must fit.

    Fields:
        channel: Where to.
        classifications: What the policy holds the claim to be.
        topics: What kind of compensation is asked: "delayed_withdrawal".
        languages: The customer's language, as we speak it: "en", "zh".
    """

    channel: Channel
    classifications: tuple[Classification, ...] = ()
    topics: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Every route, first that fits wins, and the channel for what fits none."""

    routes: tuple[Route, ...]
    otherwise: Channel

    def channel_for(
        self, classification: Classification | None, topic: str | None, customer_locale: str | None
    ) -> Channel:
        """Return where a case is shown. None fits only routes that do not ask."""
        spoken = language(customer_locale) if customer_locale else None
        for route in self.routes:
            asked = ((route.classifications, classification), (route.topics, topic), (route.languages, spoken))
            if all(not wanted or value in wanted for wanted, value in asked):
                return route.channel
        return self.otherwise

    def locale_of(self, channel_id: str) -> str:
        """Return the language of a channel; that of the last resort for one that is in no route (any more)."""
        everywhere = (*(route.channel for route in self.routes), self.otherwise)
        return next((each.locale for each in everywhere if each.id == channel_id), self.otherwise.locale)
