"""What Slack tells the app about an act: block_actions, view_submission, view_closed, slash commands.

`enterprise` is null in real payloads outside an Enterprise Grid and absent here: the published types know no null.
"""

from sandbox.slack.records import (
    APP_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    VERIFICATION_TOKEN,
    Channel,
    Json,
    User,
    View,
)
from sandbox.slack.wire import view_json

PASSED_ON = ("style", "url", "confirm", "placeholder")


def action_json(block: Json, element: Json, *, held: Json, at: str) -> Json:
    """Return the one entry of `actions`.

    held: {"value": …} of a button, or what the element holds after the choice.
    at: The moment as "1763800000.000100".
    """
    said = {name: element[name] for name in PASSED_ON if name in element}
    said |= {"text": element["text"]} if element["type"] == "button" else {}
    return {
        **said,
        **held,
        "type": element["type"],
        "block_id": block["block_id"],
        "action_id": element["action_id"],
        "action_ts": at,
    }


def block_actions(user: User, *, container: Json, actions: list[Json], trigger_id: str) -> Json:
    """Return the payload of a click or choice; message, channel, view and response_url are the caller's to add."""
    return {
        "type": "block_actions",
        "user": _user(user),
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "container": container,
        "trigger_id": trigger_id,
        "team": _team(),
        "is_enterprise_install": False,
        "actions": actions,
    }


def channel_part(channel: Channel) -> Json:
    """Return how a payload names a channel."""
    return {"id": channel.id, "name": "directmessage" if channel.direct_with else channel.name}


def view_submission(user: User, view: View, *, values: Json, trigger_id: str) -> Json:
    """Return the payload of a modal being submitted."""
    return {
        "type": "view_submission",
        "team": _team(),
        "user": _user(user),
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "view": view_json(view, values=values),
        "response_urls": [],
        "is_enterprise_install": False,
    }


def view_closed(user: User, view: View, *, is_cleared: bool) -> Json:
    """Return the payload of a modal being closed; is_cleared tells that the whole stack went."""
    return {
        "type": "view_closed",
        "team": _team(),
        "user": _user(user),
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "view": view_json(view),
        "is_cleared": is_cleared,
        "is_enterprise_install": False,
    }


def slash_command(  # The payload has this many sides.
    user: User, channel: Channel, *, command: str, text: str, trigger_id: str, response_url: str
) -> Json:
    """Return the fields of a slash command; all are text, is_enterprise_install too."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_part(channel)["name"],
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _user(user: User) -> Json:
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID}


def _team() -> Json:
    return {"id": TEAM_ID, "domain": TEAM_DOMAIN}
