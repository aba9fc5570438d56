"""auth.test, api.test, users.* and usergroups.*."""

from sandbox.slack.api_conversations import page_of
from sandbox.slack.asking import Call
from sandbox.slack.records import BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME, Json, SlackError
from sandbox.slack.wire import group_json, user_json
from sandbox.slack.workspace import Workspace


def auth_test(_workspace: Workspace, _call: Call) -> Json:
    """auth.test: who the token belongs to."""
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_NAME,
        "user": BOT_NAME,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def api_test(_workspace: Workspace, call: Call) -> Json:
    """api.test: give back what came, or the error asked for."""
    if call.text("error"):
        raise SlackError(call.text("error"))
    given = {name: value for name, value in call.arguments.items() if name != "token"}
    return {"args": given} if given else {}


def user_info(workspace: Workspace, call: Call) -> Json:
    """users.info: one person."""
    user = workspace.user(call.text("user"))
    return {"user": user_json(user, with_locale=call.flag("include_locale"))}


def user_list(workspace: Workspace, call: Call) -> Json:
    """users.list: everybody, page by page."""
    everybody = list(workspace.users.values())
    page, cursor = page_of(everybody, [user.id for user in everybody], call, kind="user")
    return {
        "members": [user_json(user, with_locale=call.flag("include_locale")) for user in page],
        "cache_ts": int(workspace.clock()),
        "response_metadata": {"next_cursor": cursor},
    }


def user_by_email(workspace: Workspace, call: Call) -> Json:
    """users.lookupByEmail: the person with this address."""
    wanted = call.text("email").lower()
    for user in workspace.users.values():
        if not user.is_bot and user.email == wanted:
            return {"user": user_json(user)}
    raise SlackError("users_not_found")


def group_list(workspace: Workspace, call: Call) -> Json:
    """usergroups.list: all user groups."""
    with_users, with_count = call.flag("include_users"), call.flag("include_count")
    return {
        "usergroups": [
            group_json(group, with_users=with_users, with_count=with_count) for group in workspace.groups.values()
        ]
    }


def group_users(workspace: Workspace, call: Call) -> Json:
    """usergroups.users.list: who is in a user group."""
    group = workspace.groups.get(call.needed("usergroup"))
    if group is None:
        # Named in Slack's reference ("no_such_subteam"); the 2021 list of codes lacks it.
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}
