"""Modals and homes through slack_sdk: triggers that live three seconds and once, stacks, hashes."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

AMELIA = "U0AMELIA001"
CHANNEL = "C0COMPENSA1"
TITLE = {"type": "plain_text", "text": "Reject"}
VIEW = {"type": "modal", "title": TITLE, "blocks": [{"type": "divider"}]}
BUTTONS: list[dict[str, Any]] = [
    {"type": "actions", "elements": [{"type": "button", "action_id": "go", "text": TITLE}]}
]


@pytest.fixture
def client(slack: Any) -> WebClient:
    made = WebClient(token="xoxb-sandbox-bot", base_url=f"{slack.url}/api/", retry_handlers=[])
    made.proxy = None
    return made


@pytest.fixture
def answers() -> list[dict[str, Any]]:
    """Return what the app will acknowledge with, one after the other; nothing once they are used up."""
    return []


@pytest.fixture
def taken(serve: Any, slack: Any, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what reaches an app that acknowledges everything and keeps the payloads."""
    import json
    from urllib.parse import parse_qs

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route

    kept: list[dict[str, Any]] = []

    async def keep(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        if "payload" in form:
            kept.append(json.loads(form["payload"][0]))
        if kept and kept[-1]["type"] == "view_submission" and answers:
            return JSONResponse(answers.pop(0))
        return PlainTextResponse("")

    served = serve(Starlette(routes=[Route("/", keep, methods=["POST"])]))
    slack.settings(interactivity=served.url + "/")
    return kept


@pytest.fixture
def trigger(slack: Any, client: WebClient, taken: list[dict[str, Any]]) -> Any:
    ts = client.chat_postMessage(channel=CHANNEL, text="x", blocks=BUTTONS)["ts"]

    def pull(**place: Any) -> str:
        slack.act("click", user=AMELIA, action_id="go", **(place or {"channel": CHANNEL, "ts": ts}))
        return str(taken[-1]["trigger_id"])

    return pull


def code(work: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        work()
    return str(caught.value.response["error"])


def test_a_trigger_opens_one_modal_and_no_second(client: WebClient, trigger: Any, valid: Any) -> None:
    once = trigger()

    opened = client.views_open(trigger_id=once, view=VIEW)

    valid("R_ViewsOpen", {"ok": True, "view": without_null(opened["view"])})
    assert code(lambda: client.views_open(trigger_id=once, view=VIEW)) == "exchanged_trigger_id"


def without_null(view: dict[str, Any]) -> dict[str, Any]:
    """Return the view less its nulls: the vendor's answer types know none, its own examples have them."""
    return {name: value for name, value in view.items() if value is not None}


def test_a_trigger_is_dead_after_three_seconds(slack: Any, client: WebClient, trigger: Any) -> None:
    late = trigger()

    slack.clock.ahead_seconds = 3.5

    assert code(lambda: client.views_open(trigger_id=late, view=VIEW)) == "expired_trigger_id"
    assert slack.state()["views"] == []


def test_an_invented_trigger_is_invalid(client: WebClient) -> None:
    assert code(lambda: client.views_open(trigger_id="1.2.3", view=VIEW)) == "invalid_trigger_id"


def test_a_refused_view_does_not_use_up_its_trigger(client: WebClient, trigger: Any) -> None:
    once = trigger()

    assert code(lambda: client.views_open(trigger_id=once, view={**VIEW, "title": None})) == "invalid_arguments"

    assert client.views_open(trigger_id=once, view=VIEW)["ok"]


def test_an_update_with_an_old_hash_conflicts(client: WebClient, trigger: Any, valid: Any) -> None:
    opened = client.views_open(trigger_id=trigger(), view={**VIEW, "external_id": "case-1"})["view"]

    updated = client.views_update(view_id=opened["id"], hash=opened["hash"], view=VIEW)

    valid("R_ViewsUpdate", {"ok": True, "view": without_null(updated["view"])})
    stale = code(lambda: client.views_update(view_id=opened["id"], hash=opened["hash"], view=VIEW))
    assert stale == "hash_conflict"
    assert code(lambda: client.views_update(view_id="V404", view=VIEW)) == "not_found"


def test_a_stack_holds_three(slack: Any, client: WebClient, trigger: Any) -> None:
    view = {**VIEW, "blocks": BUTTONS}
    opened = client.views_open(trigger_id=trigger(), view=view)["view"]
    second = client.views_push(trigger_id=trigger(view_id=opened["id"]), view=view)["view"]
    third = client.views_push(trigger_id=trigger(view_id=second["id"]), view=view)["view"]

    full = code(lambda: client.views_push(trigger_id=trigger(view_id=third["id"]), view=view))

    assert full == "push_limit_reached"
    assert (third["root_view_id"], third["previous_view_id"]) == (opened["id"], second["id"])
    slack.act("close", user=AMELIA)
    assert slack.state()["stacks"] == {AMELIA: [opened["id"], second["id"]]}
    slack.act("close", user=AMELIA, everything=True)
    assert slack.state()["stacks"] == {}


def test_a_submission_may_update_push_and_clear(slack: Any, client: WebClient, trigger: Any, answers: Any) -> None:
    view = {**VIEW, "submit": TITLE}
    second = {**view, "title": {"type": "plain_text", "text": "Second"}}
    third = {**view, "title": {"type": "plain_text", "text": "Third"}}
    answers += [
        {"response_action": "update", "view": second},
        {"response_action": "push", "view": third},
        {"response_action": "push", "view": {"type": "modal"}},
        {"response_action": "clear"},
    ]
    opened = client.views_open(trigger_id=trigger(), view=view)["view"]

    def titles() -> list[str]:
        return [one["title"]["text"] for one in slack.state()["views"]]

    slack.act("submit", user=AMELIA)
    updated, updated_id = titles(), slack.state()["views"][0]["id"]
    slack.act("submit", user=AMELIA)
    pushed = titles()
    wrong = slack.act("submit", user=AMELIA)
    slack.act("submit", user=AMELIA)

    assert (updated, updated_id) == (["Second"], opened["id"])
    assert pushed == ["Second", "Third"]
    assert wrong["refused"] == "invalid_arguments"
    assert slack.state()["views"] == []


def test_an_external_id_is_given_once(client: WebClient, trigger: Any) -> None:
    client.views_open(trigger_id=trigger(), view={**VIEW, "external_id": "case-1"})

    again = code(lambda: client.views_open(trigger_id=trigger(), view={**VIEW, "external_id": "case-1"}))

    assert again == "duplicate_external_id"


def test_a_home_is_published_and_published_again(slack: Any, client: WebClient, valid: Any) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}

    first = client.views_publish(user_id=AMELIA, view=home)
    second = client.views_publish(user_id=AMELIA, view=home, hash=first["view"]["hash"])

    valid("R_ViewsPublish", {"ok": True, "view": without_null(second["view"])})
    assert first["view"]["id"] == second["view"]["id"]
    stale = code(lambda: client.views_publish(user_id=AMELIA, view=home, hash=first["view"]["hash"]))
    assert stale == "hash_conflict"
    assert len(slack.state()["views"]) == 1


def test_a_click_on_what_nobody_sees_is_no_click(slack: Any, client: WebClient, taken: list[Any]) -> None:
    ts = client.chat_postMessage(channel=CHANNEL, text="x", blocks=BUTTONS)["ts"]
    private = client.chat_postEphemeral(channel=CHANNEL, user=AMELIA, text="x", blocks=BUTTONS)["message_ts"]

    slack.act("click", status=404, user=AMELIA, channel=CHANNEL, ts=ts, action_id="other")
    slack.act("click", status=404, user="U0NOAH00001", channel=CHANNEL, ts=private, action_id="go")
    slack.act("click", status=404, user="U0NOBODY", channel=CHANNEL, ts=ts, action_id="go")

    assert taken == []


def test_a_click_on_a_private_message_says_so(slack: Any, client: WebClient, taken: list[Any]) -> None:
    ts = client.chat_postEphemeral(channel=CHANNEL, user=AMELIA, text="x", blocks=BUTTONS)["message_ts"]

    slack.act("click", user=AMELIA, channel=CHANNEL, ts=ts, action_id="go")
    address = taken[0]["response_url"]
    slack.http.post(address, json={"text": "changed", "replace_original": True})

    assert taken[0]["container"]["is_ephemeral"] is True
    assert [one["text"] for one in slack.state()["ephemerals"]] == ["changed"]


def test_a_screen_that_lags_behind_still_sends_the_old_button(slack: Any, client: WebClient, taken: list[Any]) -> None:
    ts = client.chat_postMessage(channel=CHANNEL, text="x", blocks=BUTTONS)["ts"]
    client.chat_update(channel=CHANNEL, ts=ts, text="Decided", blocks=[])

    slack.act("click", user=AMELIA, channel=CHANNEL, ts=ts, action_id="go")

    assert taken[0]["actions"][0]["action_id"] == "go"
    assert taken[0]["message"]["text"] == "Decided"


def test_a_confirmation_is_passed_on_as_text_objects(slack: Any, client: WebClient, taken: list[Any]) -> None:
    """The recorded shapes have text objects there; the published types (legacy) have plain strings."""
    confirm = {"text": {"type": "plain_text", "text": "Pay?"}}
    button = {**BUTTONS[0]["elements"][0], "confirm": confirm}
    ts = client.chat_postMessage(channel=CHANNEL, text="x", blocks=[{"type": "actions", "elements": [button]}])["ts"]

    slack.act("click", user=AMELIA, channel=CHANNEL, ts=ts, action_id="go")

    assert taken[0]["actions"][0]["confirm"]["text"]["text"] == "Pay?"


def test_a_response_url_works_five_times_within_thirty_minutes(slack: Any, trigger: Any, taken: Any) -> None:
    trigger()
    address = taken[-1]["response_url"]
    answers = [slack.http.post(address, json={"text": f"Answer {number}"}) for number in range(6)]
    trigger()
    later = taken[-1]["response_url"]
    slack.clock.ahead_seconds = 30 * 60 + 1

    expired = slack.http.post(later, json={"text": "x"})

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert answers[5].json() == {"ok": False, "error": "used_url"}
    assert expired.json() == {"ok": False, "error": "expired_url"}
    assert len(slack.state()["ephemerals"]) == 5


def test_a_response_url_speaks_replaces_and_deletes(slack: Any, trigger: Any, taken: Any) -> None:
    trigger()
    address = taken[-1]["response_url"]
    ts = taken[-1]["message"]["ts"]

    slack.http.post(address, json={"text": "For all", "response_type": "in_channel"})
    slack.http.post(address, json={"text": "Replaced", "replace_original": True})
    replaced = slack.message(ts)["text"]
    slack.http.post(address, json={"delete_original": True})
    refused = [slack.http.post(address, json=body).text for body in ({}, {"blocks": [{"type": "no"}]})]

    assert replaced == "Replaced"
    assert slack.message(ts)["is_deleted"] is True
    assert [one["text"] for one in slack.state()["messages"] if not one["is_deleted"]] == ["For all"]
    assert refused == ["no_text", "invalid_blocks"]
