"""The page of a policy's version: what somebody reads before they release it, for whoever has the link of that text."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from policy.loading import read_policy
from store.audit import Change
from store.policies import Noted, State, Version
from tests.pages.in_browser import wrong_with
from tests.web.conftest import ATTACK, LINK_KEY, NOW, House, assert_loads_nothing_but_its_style
from web.keys import policy_key, policy_path

#: What the databases differ in is tried where policies are kept.
pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
SHIPPED = Path(__file__).parents[2] / "config/policies/delayed-withdrawal.yaml"


def put(house: House, text: str, **changes: object) -> Version:
    """Keep a text as a version that Amelia submitted, changed as said, and return it."""
    policy = read_policy(text, SHIPPED.name)
    made = Version(
        name=policy.name,
        version=policy.version,
        file=policy.file,
        text_hash=policy.text_hash,
        state=State.SUBMITTED,
        starts_at=policy.effective.start,
        ends_at=policy.effective.end,
        findings=(),
        submitted_by="amelia",
        submitted_at=NOW,
    )
    version = replace(made, **changes)  # type: ignore[arg-type]  # The keywords are the fields.
    change = Change(at=NOW, actor="amelia", event=str(version.state), detail=(("version", version.version),))
    with house.database.begin() as tx:
        house.doors.policies.put(tx, version, text, change)
    return version


def first(house: House) -> Version:
    """Let the shipped policy be released."""
    return put(house, SHIPPED.read_text(encoding="utf-8"), state=State.RELEASED, decided_by="yuki", decided_at=NOW)


def second_text(pays: str = "20 USDT") -> str:
    """Return the shipped policy as version 2 from next year on, with other amounts."""
    text = SHIPPED.read_text(encoding="utf-8").replace("version: 1", "version: 2")
    return text.replace("from: 2025-01-01", "from: 2027-01-01").replace("15 USDT", pays)


def read(house: House, version: Version, language: str = "en") -> httpx.Response:
    return house.http.get(policy_path(LINK_KEY, version, language=language))


def seen(html: str) -> str:
    """Return the text of a page without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_whoever_may_release_it_reads_what_it_changes_and_on_which_cases(house: House) -> None:
    first(house)
    waived = Noted(key="never-binds: per case", place="delay.yaml:31:5", what="it never binds", waived="a second lock")
    waiting = put(house, second_text(), findings=(waived,))

    answer = read(house, waiting)
    text = seen(answer.text)

    assert answer.status_code == 200
    assert "Waits for its release" in text
    assert "Amelia &lt;Chen&gt;, 2026-11-22 12:00 UTC" in text
    assert f"makewhole policy approve delayed-withdrawal 2 --hash {waiting.fingerprint[:12]} --by …" in text
    assert "rules › six to twenty-four hours late › pay delayed-withdrawal.yaml:50 changed 15 USDT 20 USDT" in text
    assert "example: six hours Amount 15.00 USDT 20.00 USDT" in text
    assert "On the newest cases here 0 of 0 decided otherwise." in text
    assert "it never binds a second lock delay.yaml:31:5" in text
    assert "two to six hours late 2 to under 6 hours goodwill 5 USDT" in text
    assert "2 2026-11-22 12:00 UTC Amelia &lt;Chen&gt; submitted version: 2" in text


def test_a_first_version_has_nothing_to_be_compared_with(house: House) -> None:
    answer = read(house, first(house))

    assert "Decides now" in seen(answer.text)
    assert "It is the first version of this policy: there is nothing to compare it with." in seen(answer.text)


def test_it_is_in_chinese_where_the_channel_is_and_leads_to_english(house: House) -> None:
    version = first(house)

    page = read(house, version, "zh").text
    link = re.search(r'href="(/policies/[^"]+)"', page)

    assert '<html lang="zh-Hans">' in page
    assert "发布状态" in page
    assert link is not None
    assert house.http.get(link[1].replace("&amp;", "&")).text.startswith('<!doctype html>\n<html lang="en">')


def test_the_version_before_is_one_click_away(house: House) -> None:
    before, waiting = first(house), put(house, second_text())

    links = re.findall(r'href="(/policies/[^"]+)"', read(house, waiting).text)

    assert policy_path(LINK_KEY, before) in [each.replace("&amp;", "&") for each in links]


def test_the_link_opens_only_the_text_it_was_made_for(house: House) -> None:
    seen_before = put(house, second_text())
    newer = put(house, second_text("21 USDT"))

    old, new = read(house, seen_before), read(house, newer)

    assert (old.status_code, new.status_code) == (410, 200)
    assert "another one was submitted in its place" in seen(old.text)
    assert "21 USDT" not in old.text
    assert newer.text_hash[:8] not in old.text


def test_without_the_key_of_this_very_text_there_is_no_such_page(house: House) -> None:
    one, other = first(house), put(house, second_text())
    path, _, key = policy_path(LINK_KEY, one).partition("?")
    elsewhere = policy_path(b"another", one).partition("?")[2]
    never = policy_key(LINK_KEY, "nothing", "9", "0" * 16)
    asked = [
        *(f"{path}?{each}" for each in ("", "key=x", f"key={'0' * 32}", "key=%C3%A9", elsewhere)),
        f"{policy_path(LINK_KEY, other).partition('?')[0]}?{key}",
        f"/policies/nothing/9/{'0' * 16}?key={never}",
    ]

    answers = [house.http.get(each) for each in asked]

    assert {(each.status_code, each.text) for each in answers} == {(404, '{"error":"not_found"}')}


def test_what_policies_and_people_say_cannot_run_on_the_page(house: House) -> None:
    text = second_text().replace("two to six hours late", f'"{ATTACK}"'.replace("'\"", "'"))
    noted = Noted(key=ATTACK, place=ATTACK, what=ATTACK, waived=ATTACK)
    first(house)
    version = put(
        house, text, state=State.REJECTED, reason=ATTACK, decided_by=ATTACK, findings=(noted,), decided_at=NOW
    )

    html = read(house, version).text

    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6


def test_a_text_that_is_not_understood_any_more_is_shown_as_it_is(house: House) -> None:
    version = first(house)
    with house.database.begin() as tx:
        tx.connection.exec_driver_sql("UPDATE policy_versions SET text = replace(text, 'rules:', 'ruling:')")

    answer = read(house, version)

    assert answer.status_code == 200
    assert "This Makewhole does not understand the text any more" in seen(answer.text)
    assert "ruling:" in answer.text


def test_the_page_may_load_nothing_but_its_own_style(house: House) -> None:
    answer = read(house, first(house))

    assert_loads_nothing_but_its_style(answer)
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")


def test_the_log_holds_the_version_and_not_the_key(
    open_house: Callable[..., House], capsys: pytest.CaptureFixture[str]
) -> None:
    house = open_house()
    version = first(house)

    read(house, version)

    logged = capsys.readouterr().out
    path, _, query = policy_path(LINK_KEY, version).partition("?")
    assert path in logged
    assert query[4:20] not in logged


@pytest.mark.browser
def test_it_can_be_read_by_everyone_in_a_real_browser(house: House, chromium: Any) -> None:
    first(house)
    noted = Noted(key="never-binds: cap", place="delay.yaml:31:5", what="it never binds", waived="a second lock")
    version = put(house, second_text(), findings=(noted,))

    for language in ("en", "zh"):
        address = f"{house.http.base_url}{policy_path(LINK_KEY, version, language=language)}"
        assert wrong_with(chromium, address) == []
