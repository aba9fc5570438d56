"""The web page without a browser: who sees what, and that a customer's HTML stays text."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.slack.app import create_app
from sandbox.slack.records import Channel, User
from sandbox.slack.rendering import Rendering
from sandbox.slack.workspace import Workspace

AMELIA = "U0AMELIA001"
NOAH = "U0NOAH00001"
CHANNEL = "C0COMPENSA1"
HEADERS = {"Authorization": "Bearer xoxb-sandbox-bot"}
NOON = 1_763_812_800.0  # 2025-11-22 12:00 UTC, 13:00 in Berlin.


@pytest.fixture
def rendering() -> Rendering:
    workspace = Workspace(clock=lambda: NOON)
    reader = User(id=AMELIA, name="amelia.chen", real_name="Amelia Chen")
    workspace.add_user(reader)
    workspace.add_channel(Channel(id=CHANNEL, name="compensation", members=(), created_at=0))
    return Rendering(workspace, reader)


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("*bold* _italic_ ~gone~ `code`", "<b>bold</b> <i>italic</i> <s>gone</s> <code>code</code>"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("```a\n*b*```", "<pre>a\n*b*</pre>"),
        ("&gt; quoted\nnot", "<q>quoted</q><br>not"),
        ("<@U0AMELIA001>", '<span class="mention">@Amelia Chen</span>'),
        ("<#C0COMPENSA1>", '<span class="mention">#compensation</span>'),
        ("<!here>", '<span class="mention">@here</span>'),
        (
            "<https://x.example/?a=1&amp;b=2|the *case*>",
            '<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">the *case*</a>',
        ),
        (":white_check_mark: :unknown:", "✅ :unknown:"),
        ("<!date^1763812800^{date_short_pretty} at {time}|x>", "<time>today at 1:00 PM</time>"),
        ("<!date^1763899200^{date_pretty}|x>", "<time>tomorrow</time>"),
        ("<!date^1763812800^{date_num} {time_secs}|x>", "<time>2025-11-22 1:00:00 PM</time>"),
        ("<!date^1704103200^{date_long}|x>", "<time>Monday, January 1st, 2024</time>"),
    ],
)
def test_slacks_markup_is_shown_as_slack_shows_it(rendering: Rendering, words: str, html: str) -> None:
    assert rendering.mrkdwn(words) == html


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "*<img src=x onerror=alert(1)>*",
        "<javascript:alert(1)|click>",
        '<https://x.example/"onmouseover="alert(1)|x>',
        "`<svg onload=alert(1)>`",
        "<!date^1^<b>|<b>x</b>>",
        "\x00999\x00<script>",
    ],
)
def test_a_customers_html_stays_text(rendering: Rendering, words: str) -> None:
    html = rendering.mrkdwn(words)

    for tag in ("<script", "<img", "<svg", 'href="javascript', '"onmouseover'):
        assert tag not in html


def post(slack: Any, method: str = "chat.postMessage", **body: Any) -> dict[str, Any]:
    answer = slack.http.post(f"/api/{method}", json={"channel": CHANNEL, **body}, headers=HEADERS).json()
    assert answer["ok"], answer
    return dict(answer)


def test_every_place_of_a_card_escapes_what_it_shows(slack: Any) -> None:
    evil = "<script>alert(1)</script>"
    plain = {"type": "plain_text", "text": evil}
    option = {"text": plain, "value": evil}
    post(
        slack,
        text=evil,
        blocks=[
            {"type": "header", "text": plain},
            {"type": "section", "text": plain, "fields": [plain, {"type": "mrkdwn", "text": evil}]},
            {"type": "context", "elements": [plain]},
            {"type": "image", "image_url": "https://x.example/i.png", "alt_text": evil, "title": plain},
            {
                "type": "actions",
                "elements": [
                    {"type": "button", "text": plain, "value": evil, "action_id": evil, "confirm": {"text": plain}},
                    {"type": "static_select", "options": [option], "placeholder": plain},
                    {"type": "radio_buttons", "options": [option]},
                ],
            },
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": evil}]}],
            },
        ],
    )
    slack.act("message", user=AMELIA, channel=CHANNEL, text=evil)

    page = slack.http.get("/")

    assert evil not in page.text
    assert page.text.count("&lt;script&gt;") >= 12
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_a_private_answer_is_on_its_readers_page_only(slack: Any) -> None:
    post(slack, "chat.postEphemeral", user=AMELIA, text="You were too late.")

    assert "You were too late." in slack.http.get(f"/?as={AMELIA}&in={CHANNEL}").text
    assert "You were too late." not in slack.http.get(f"/?as={NOAH}&in={CHANNEL}").text


def test_unread_messages_are_counted_until_they_are_read(slack: Any) -> None:
    slack.http.get(f"/?as={AMELIA}&in={CHANNEL}")
    for number in range(3):
        post(slack, text=f"Message {number}")

    elsewhere = slack.http.get(f"/?as={AMELIA}&in=C0FRAUDREV1").text
    slack.http.get(f"/?as={AMELIA}&in={CHANNEL}")
    afterwards = slack.http.get(f"/?as={AMELIA}&in=C0FRAUDREV1").text

    assert '<span class="badge" title="unread">3</span>' in elsewhere
    assert 'class="badge"' not in afterwards


def test_a_thread_stands_beside_its_channel(slack: Any) -> None:
    parent = post(slack, text="Case opened")["ts"]
    post(slack, text="Proposed by policy", thread_ts=parent)

    channel = slack.http.get(f"/?as={AMELIA}&in={CHANNEL}").text
    thread = slack.http.get(f"/?as={AMELIA}&in={CHANNEL}&thread={parent}").text

    assert "1 reply" in channel
    assert "Proposed by policy" not in channel
    assert "Proposed by policy" in thread


def test_a_page_that_is_up_to_date_is_told_nothing(slack: Any) -> None:
    version = slack.http.get(f"/_page/parts?as={AMELIA}").json()["version"]

    quiet = slack.http.get(f"/_page/parts?as={AMELIA}&version={version}")
    post(slack, text="News")
    fresh = slack.http.get(f"/_page/parts?as={AMELIA}&version={version}")

    assert quiet.status_code == 204
    assert "News" in fresh.json()["parts"]["main"]


def test_it_all_works_below_a_path(serve: Any) -> None:
    import contextlib
    from collections.abc import AsyncIterator

    import httpx

    inner = create_app()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    url = serve(Starlette(routes=[Mount("/slack", app=inner)], lifespan=lifespan)).url + "/slack"
    with httpx.Client(trust_env=False) as http:
        page = http.get(url + "/").text
        answer = http.post(f"{url}/api/auth.test", headers=HEADERS).json()
        socket = http.post(f"{url}/api/apps.connections.open", headers={"Authorization": "Bearer xapp-sandbox-app"})
        css = http.get(f"{url}/static/page.css")

    assert 'href="/slack/static/page.css"' in page
    assert answer["ok"] is True
    assert socket.json()["url"].startswith(url.replace("http", "ws") + "/link/?ticket=")
    assert css.status_code == 200
