"""views.*: modals and App Homes."""

from sandbox.slack.asking import Call
from sandbox.slack.block_kit import take_view
from sandbox.slack.records import Json, SlackError
from sandbox.slack.windows import Windows
from sandbox.slack.wire import view_json

BOTH_IDS = ("[ERROR] Cannot provide both `view_id` and `external_id`",)
NO_ID = ("[ERROR] Must provide either `view_id` or `external_id`",)


def open_view(windows: Windows, call: Call) -> Json:
    """views.open: show a modal for a trigger."""
    body = _view(call, types=("modal",))
    return {"view": view_json(windows.open(call.needed("trigger_id"), body))}


def push_view(windows: Windows, call: Call) -> Json:
    """views.push: put a modal on top of the one the trigger came from."""
    body = _view(call, types=("modal",))
    return {"view": view_json(windows.push(call.needed("trigger_id"), body))}


def update_view(windows: Windows, call: Call) -> Json:
    """views.update: replace what a view shows."""
    view_id, external_id = call.text("view_id"), call.text("external_id")
    if view_id and external_id:
        raise SlackError("invalid_arguments", messages=BOTH_IDS)
    if not view_id and not external_id:
        raise SlackError("invalid_arguments", messages=NO_ID)
    body = _view(call, types=("modal", "home"))
    view = windows.find(view_id=view_id or None, external_id=external_id or None)
    return {"view": view_json(windows.update(view, body, expected_hash=call.text("hash") or None))}


def publish_view(windows: Windows, call: Call) -> Json:
    """views.publish: set what a person's App Home shows."""
    user = windows.workspace.user(call.needed("user_id"))
    body = _view(call, types=("home",))
    return {"view": view_json(windows.publish(user.id, body, expected_hash=call.text("hash") or None))}


def _view(call: Call, *, types: tuple[str, ...]) -> Json:
    return take_view(call.structure("view", error="invalid_arguments"), types=types)
