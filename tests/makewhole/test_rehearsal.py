"""What is shown of a call that was not made: all of it but secrets and the customer's words."""

import json

from connectors.contract import Rehearsed
from makewhole.admin.rehearsal import HIDDEN_SECRET, HIDDEN_WORDS, Call, Mask, call_lines

MASK = Mask(secrets=("hunter2-and-more", "hunter2"), words=("I asked for 500 USDT yesterday",))


def rehearsed(body: object, url: str = "https://harbor.zendesk.com/api/v2/tickets/7.json") -> Rehearsed:
    return Rehearsed(method="PUT", url=url, body=json.dumps(body).encode())


def test_secrets_are_hidden_by_their_value_and_by_their_name() -> None:
    body = {"webhook": {"url": "https://x/hunter2-and-more/y", "secret": "new"}, "tokens": ["hunter2"], "count": 3}

    (shown,) = MASK.over(rehearsed(body, url="https://x/hunter2"))

    assert shown.url == f"https://x/{HIDDEN_SECRET}"
    assert shown.body == {
        "webhook": {"url": f"https://x/{HIDDEN_SECRET}/y", "secret": HIDDEN_SECRET},
        "tokens": [HIDDEN_SECRET],
        "count": 3,
    }


def test_the_customers_words_are_hidden_wherever_they_are_quoted() -> None:
    (shown,) = MASK.over(rehearsed({"ticket": {"comment": {"body": "They say: I asked for 500 USDT yesterday."}}}))

    assert shown.body == {"ticket": {"comment": {"body": f"They say: {HIDDEN_WORDS}."}}}


def test_a_body_that_is_no_json_is_masked_as_text_and_none_is_none() -> None:
    text = Rehearsed(method="POST", url="https://x", body=b"secret=hunter2")
    nothing = Rehearsed(method="DELETE", url="https://x", body=b"")

    assert [call.body for each in (text, nothing) for call in MASK.over(each)] == [f"secret={HIDDEN_SECRET}", None]


def test_calls_that_follow_are_shown_behind_the_first() -> None:
    first, second = rehearsed({"a": "hunter2"}), Rehearsed(method="DELETE", url="https://x", body=b"")
    first.later = (second,)

    assert [call.method for call in MASK.over(first)] == ["PUT", "DELETE"]


def test_people_read_method_address_and_body() -> None:
    assert call_lines(Call(method="PUT", url="https://x", body={"a": "补偿"})) == 'PUT https://x\n{\n  "a": "补偿"\n}'
