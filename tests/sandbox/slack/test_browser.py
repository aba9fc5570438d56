"""A newcomer at the page in a real Chromium. Needs one on the machine: Debian's package `chromium` will do."""

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.browser

CHANNEL = "C0COMPENSA1"
AMELIA = "U0AMELIA001"
HEADERS = {"Authorization": "Bearer xoxb-sandbox-bot"}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def card(customer_words: str) -> list[dict[str, Any]]:
    confirm = {
        "title": plain("Pay 180.50 USDT?"),
        "text": plain("To C-100023."),
        "confirm": plain("Pay"),
        "deny": plain("Back"),
    }
    return [
        {"type": "header", "text": plain("Goodwill 180.50 USDT")},
        {"type": "section", "text": {"type": "mrkdwn", "text": customer_words}},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "action_id": "approve", "text": plain("Approve 180.50 USDT"), "confirm": confirm},
                {"type": "button", "action_id": "reject", "text": plain("Reject…")},
            ],
        },
    ]


@pytest.fixture
def page(chromium: Any, slack: Any) -> Iterator[Any]:
    opened = chromium.new_page(base_url=slack.url)
    opened.set_default_timeout(8_000)
    opened.troubles = []
    opened.on("pageerror", lambda error: opened.troubles.append(str(error)))
    opened.on("console", lambda line: opened.troubles.append(line.text) if line.type == "error" else None)
    opened.on("dialog", lambda dialog: opened.troubles.append(dialog.message))
    yield opened
    opened.close()


def post(slack: Any, **body: Any) -> str:
    answer = slack.http.post("/api/chat.postMessage", json={"channel": CHANNEL, **body}, headers=HEADERS).json()
    return str(answer["ts"])


def test_a_newcomer_approves_after_being_asked_again(slack: Any, make_bot: Any, page: Any) -> None:
    bot = make_bot(slack)
    page.goto(f"/?as={AMELIA}")
    post(slack, text="Goodwill", blocks=card("The withdrawal was 26 hours late."))

    page.get_by_role("button", name="Approve 180.50 USDT").click()
    page.locator("#confirm").get_by_role("button", name="Back").click()
    asked_only = len(bot.bodies("approve"))
    page.get_by_role("button", name="Approve 180.50 USDT").click()
    page.locator("#confirm").get_by_role("button", name="Pay").click()
    page.get_by_text("Only visible to you").wait_for()

    assert asked_only == 0
    assert [body["user"]["id"] for body in bot.bodies("approve")] == [AMELIA]
    assert page.locator("article").first.get_by_text("Approved").count() == 1
    assert page.get_by_role("button", name="Approve 180.50 USDT").count() == 0
    assert page.troubles == []


def test_a_rejection_is_asked_for_its_reason(slack: Any, make_bot: Any, page: Any) -> None:
    bot = make_bot(slack)
    post(slack, text="Goodwill", blocks=card("The withdrawal was 26 hours late."))
    page.goto(f"/?as={AMELIA}")

    page.get_by_role("button", name="Reject…").click()
    modal = page.get_by_role("dialog")
    modal.get_by_role("button", name="Reject").click()
    modal.get_by_text("Please complete this required field.").wait_for()
    modal.locator("select").select_option("other")
    modal.get_by_role("button", name="Reject").click()
    modal.get_by_text("Say why").wait_for()
    modal.locator("textarea").fill("<img src=x onerror=alert(1)>")
    modal.get_by_role("button", name="Reject").click()
    modal.wait_for(state="detached")

    values = bot.bodies("submitted")[-1]["view"]["state"]["values"]
    assert values["note"]["words"]["value"] == "<img src=x onerror=alert(1)>"
    assert values["reason"]["code"]["selected_option"]["value"] == "other"
    assert page.troubles == []


def test_what_is_typed_into_a_modal_survives_news_behind_it(slack: Any, make_bot: Any, page: Any) -> None:
    make_bot(slack)
    post(slack, text="Goodwill", blocks=card("x"))
    page.goto(f"/?as={AMELIA}")
    page.get_by_role("button", name="Reject…").click()
    page.get_by_role("dialog").locator("textarea").fill("half a thought")

    post(slack, text="Something else happened")
    page.get_by_text("Something else happened").wait_for()

    assert page.get_by_role("dialog").locator("textarea").input_value() == "half a thought"


def test_a_customers_script_never_runs(slack: Any, page: Any) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)> *<svg onload=alert(3)>*"
    post(slack, text=evil, blocks=card(evil))
    slack.act("message", user=AMELIA, channel=CHANNEL, text=evil)

    page.goto(f"/?as={AMELIA}")
    page.get_by_text("<script>alert(1)</script>").first.wait_for()

    assert page.evaluate("document.querySelectorAll('main script, main img, main svg').length") == 0
    assert page.troubles == []


def test_a_person_writes_replies_and_becomes_someone_else(slack: Any, make_bot: Any, page: Any) -> None:
    bot = make_bot(slack)
    page.goto(f"/?as={AMELIA}")

    page.get_by_label("Message").fill("@makewhole what waits?")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("what waits?").wait_for()
    page.get_by_label("Message").fill("/makewhole queue")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Two cases wait").wait_for()
    page.get_by_text("Reply in thread").click()
    page.get_by_label("Reply", exact=True).fill("in the thread")
    page.locator("#thread").get_by_role("button", name="Send").click()
    page.locator("#thread").get_by_text("in the thread").wait_for()
    page.get_by_label("Act as").select_option("U0NOAH00001")
    page.get_by_placeholder("Write as Noah Fischer").wait_for()

    assert len(bot.bodies("app_mention")) == 1
    assert bot.bodies("message")[-1]["event"]["text"] == "in the thread"
    assert page.get_by_text("Two cases wait").count() == 0
    assert page.troubles == []


def test_the_app_home_is_filled_when_it_is_opened(slack: Any, make_bot: Any, page: Any) -> None:
    make_bot(slack)
    page.goto(f"/?as={AMELIA}")

    page.get_by_text("Makewhole Home").click()

    page.get_by_text("Your queue").wait_for()
    assert page.troubles == []
