"""How the Slack workspace of the settings is reached, and what is shown where."""

from bot.app import SlackSettings
from bot.calls import SLACK_API, SlackCalls
from bot.routing import Channel, Route, Routing
from config.settings import Settings


def slack_settings(settings: Settings) -> SlackSettings:
    """Return how the Slack workspace is reached."""
    given = settings.slack
    return SlackSettings(
        bot_token=given.bot_token.reveal(),
        signing_secrets=(given.signing_secret.reveal(),) if given.signing_secret else (),
        app_token=given.app_token.reveal() if given.app_token else None,
        team_id=given.team_id,
        bot_user_id=given.bot_user_id,
        base_url=f"{given.base_url}/" if given.base_url else SLACK_API,
    )


def slack_calls(settings: Settings) -> SlackCalls:
    """Return the client of the workspace; nothing is called yet."""
    given = slack_settings(settings)
    return SlackCalls(token=given.bot_token, bot_user_id=given.bot_user_id, base_url=given.base_url)


def routing_of(settings: Settings) -> Routing:
    """Return which channel a case is shown in."""
    given = settings.slack
    routes = tuple(
        Route(
            channel=Channel(id=route.channel, locale=route.locale),
            classifications=route.classifications,
            topics=route.topics,
            languages=route.languages,
        )
        for route in given.routes
    )
    return Routing(routes=routes, otherwise=Channel(id=given.otherwise.channel, locale=given.otherwise.locale))
