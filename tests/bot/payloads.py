"""Slack's payloads as they arrive; test_approvals holds them to Slack's own schemas."""

from typing import Any

from bot.values import ButtonValue
from tests.bot.harbor import proposal

TEAM = "T0HARBOR001"
VALUE = ButtonValue.of(proposal()).text()
MODAL_VALUE = VALUE.replace("}", ',"channel":"C0COMPENSA1"}')


def click(
    action_id: str = "approve", value: str | None = VALUE, *, user: str = "U0AMELIA001", at: str = "1795348800.000100"
) -> dict[str, Any]:
    action = {
        "type": "button",
        "action_id": action_id,
        "block_id": "decide",
        "text": {"type": "plain_text", "text": "Approve 180.50 USDT"},
        "action_ts": at,
    }
    return {
        "type": "block_actions",
        "team": {"id": TEAM, "domain": "harbor"},
        "user": {"id": user, "name": "amelia", "username": "amelia", "team_id": TEAM},
        "channel": {"id": "C0COMPENSA1", "name": "compensation"},
        "container": {
            "type": "message",
            "message_ts": "1795345200.000100",
            "channel_id": "C0COMPENSA1",
            "is_ephemeral": False,
        },
        "message": {"type": "message", "ts": "1795345200.000100", "text": "Your decision is asked for.", "user": "U0"},
        "actions": [action if value is None else action | {"value": value}],
        "token": "verification",
        "trigger_id": "111.222.abc",
        "response_url": "https://hooks.slack.com/actions/T0HARBOR001/1/2",
        "api_app_id": "A0MAKEWHOLE",
        "is_enterprise_install": False,
    }


def submission(
    callback_id: str,
    state: dict[str, dict[str, dict[str, Any]]],
    *,
    metadata: str = MODAL_VALUE,
    user: str = "U0AMELIA001",
) -> dict[str, Any]:
    return {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "harbor"},
        "user": {"id": user, "name": "amelia", "team_id": TEAM},
        "api_app_id": "A0MAKEWHOLE",
        "token": "verification",
        "trigger_id": "333.444.def",
        "view": {
            "id": "V0000001",
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": metadata,
            "title": {"type": "plain_text", "text": "Reject"},
            "close": None,
            "submit": None,
            "blocks": [],
            "state": {"values": state},
            "hash": "1795348800.abc",
            "root_view_id": "V0000001",
            "previous_view_id": None,
            "app_id": "A0MAKEWHOLE",
            "bot_id": "B0MAKEWHOLE",
            "team_id": TEAM,
            "app_installed_team_id": TEAM,
            "clear_on_close": False,
            "notify_on_close": False,
            "external_id": "",
        },
        "response_urls": [],
        "is_enterprise_install": False,
    }


def rejection(reason: str | None, comment: str | None, **changes: Any) -> dict[str, Any]:
    option = None if reason is None else {"text": {"type": "plain_text", "text": "Reason"}, "value": reason}
    state: dict[str, dict[str, dict[str, Any]]] = {
        "reason": {"reason": {"type": "static_select", "selected_option": option}},
        "comment": {"comment": {"type": "plain_text_input", "value": comment}},
    }
    return submission("rejection", state, **changes)


def question(words: str | None, **changes: Any) -> dict[str, Any]:
    state = {"question": {"question": {"type": "plain_text_input", "value": words}}}
    return submission("question", state, **changes)


def sending_back(reason: str | None, **changes: Any) -> dict[str, Any]:
    state = {"why_back": {"why_back": {"type": "plain_text_input", "value": reason}}}
    return submission("sending_back", state, **changes)


def home_opened(user: str = "U0AMELIA001", event_id: str = "Ev000001", tab: str = "home") -> dict[str, Any]:
    return {
        "token": "verification",
        "team_id": TEAM,
        "api_app_id": "A0MAKEWHOLE",
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1795348800,
        "is_ext_shared_channel": False,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": "U0MAKEWHOLE",
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "event": {
            "type": "app_home_opened",
            "user": user,
            "channel": "D0AMELIA001",
            "tab": tab,
            "event_ts": "1795348800.1",
        },
    }


def command(text: str = "", *, user: str = "U0AMELIA001", trigger: str = "555.666.ghi") -> dict[str, str]:
    return {
        "token": "verification",
        "team_id": TEAM,
        "team_domain": "harbor",
        "channel_id": "C0COMPENSA1",
        "channel_name": "compensation",
        "user_id": user,
        "user_name": "amelia",
        "command": "/makewhole",
        "text": text,
        "response_url": "https://hooks.slack.com/commands/T0HARBOR001/1/2",
        "trigger_id": trigger,
        "api_app_id": "A0MAKEWHOLE",
        "is_enterprise_install": "false",
    }
