"""What a ticket names: links and words in every form that people paste, and nothing that only looks like one."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.links import Place
from cases.ticket import Author, Comment
from sync.links import MOST_IN_TEXT, MOST_LINKED, account_of, named_by, salesforce_id
from tests.workflow.played_vendors import NOON, ticket
from tests.workflow.three_desks import ACCOUNTS, jira

CASE_15, CASE_18 = "500Ak00000A1b2C", "500Ak00000A1b2CIAR"


def named(*, links: tuple[str, ...] = (), text: str = "") -> list[tuple[str, str]]:
    """Return what a ticket with these links and words names, and where."""
    told = replace(ticket("1"), links=links, description=text)
    return [(str(each), str(each.where)) for each in named_by(told, ACCOUNTS)]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://harbor.zendesk.com/agent/tickets/35436", "zendesk:harbor:35436"),
        ("https://harbor.zendesk.com/tickets/35436", "zendesk:harbor:35436"),
        ("https://harbor.zendesk.com/requests/35436", "zendesk:harbor:35436"),
        ("https://harbor.zendesk.com/hc/en-us/requests/35436", "zendesk:harbor:35436"),
        ("https://HARBOR.Zendesk.com:443/hc/zh-cn/requests/35436?x=1#c", "zendesk:harbor:35436"),
        (f"https://harbor.lightning.force.com/lightning/r/Case/{CASE_18}/view", f"salesforce:harbor:{CASE_18}"),
        (f"https://harbor.lightning.force.com/lightning/r/{CASE_15}/view", f"salesforce:harbor:{CASE_18}"),
        (f"https://harbor.my.salesforce.com/{CASE_15}", f"salesforce:harbor:{CASE_18}"),
        (f"https://harbor.my.salesforce.com/{CASE_18}?srPos=0", f"salesforce:harbor:{CASE_18}"),
        ("https://harbor.atlassian.net/browse/ENG-5", "jira:harbor:ENG-5"),
        ("https://harbor.atlassian.net/browse/eng-5?focusedCommentId=1", "jira:harbor:ENG-5"),
        ("https://harbor.atlassian.net/jira/software/c/projects/ENG/boards/1?selectedIssue=ENG-5", "jira:harbor:ENG-5"),
        ("https://harbor.atlassian.net/jira/software/c/projects/ENG/issues/ENG-5", "jira:harbor:ENG-5"),
        ("https://harbor.atlassian.net/jira/servicedesk/projects/CARE/queues/custom/1/CARE-17", "jira:harbor:CARE-17"),
        ("https://harbor.atlassian.net/servicedesk/customer/portal/1/CARE-17", "jira:harbor:CARE-17"),
        ("https://harbor.atlassian.net/browse/OPS2-900", "jira:harbor:OPS2-900"),
    ],
)
def test_an_address_names_its_ticket_in_a_link_and_in_words(address: str, name: str) -> None:
    assert named(links=(address,)) == [(name, Place.LINK)]
    for words in (address, f"See {address}.", f"({address})", f"“{address}”，谢谢", f"<{address}>", f"[x|{address}]"):
        assert named(text=words) == [(name, Place.TEXT)], words


@pytest.mark.parametrize(
    "address",
    [
        "https://harbor.zendesk.com@evil.example/agent/tickets/35436",
        "https://harbor.zendesk.com.evil.example/agent/tickets/35436",
        "https://evil.example/https/harbor.zendesk.com/agent/tickets/35436",
        "https://other.zendesk.com/agent/tickets/35436",
        "https://harbor.zendesk.com/agent/tickets/35436abc",
        "https://harbor.zendesk.com/agent/tickets/0",
        "https://harbor.zendesk.com/agent/tickets/" + "9" * 21,
        "https://harbor.zendesk.com/agent/users/35436",
        "https://harbor.zendesk.com/agent/search?q=/tickets/35436",
        "https://harbor.zendesk.com:8443/agent/tickets/35436",
        "https://harbor.my.salesforce.com/003Ak00000A1b2CIAR",
        f"https://harbor.my.salesforce.com/{CASE_15}x",
        "https://harbor.atlassian.net/browse/ENG-5-6",
        "https://harbor.atlassian.net/browse/ENG-05",
        "https://harbor.atlassian.net/wiki/spaces/ENG",
        "ftp://harbor.atlassian.net/browse/ENG-5",
    ],
)
def test_what_only_looks_like_an_address_of_ours_names_nothing(address: str) -> None:
    assert named(links=(address,)) == named(text=f"See {address} now") == []


def test_a_reference_in_a_link_names_its_ticket() -> None:
    links = ("zendesk:harbor:7", f"salesforce:harbor:{CASE_15}", "jira:harbor:ENG-5", "jira:harbor:10042", " CARE-17 ")

    assert [name for name, _ in named(links=links)] == [
        "zendesk:harbor:7",
        f"salesforce:harbor:{CASE_18}",
        "jira:harbor:ENG-5",
        "jira:harbor:10042",
        "jira:harbor:CARE-17",
    ]


@pytest.mark.parametrize(
    "link",
    ["", "35436", "zendesk", "zendesk:harbor", "zendesk:other:7", "zendesk:harbor:7x", "salesforce:harbor:5", "OPS-1",
     "jira:harbor:", "jira:harbor:eng", "hubspot:harbor:1", "jira:harbor:ENG-5\n", "\0"],
)  # fmt: skip  # One list of odd words.
def test_a_link_that_names_no_ticket_of_ours_names_nothing(link: str) -> None:
    assert named(links=(link,)) == ([("jira:harbor:ENG-5", Place.LINK)] if link.endswith("5\n") else [])


@pytest.mark.parametrize("words", ["ENG-5", "It is ENG-5.", "因为ENG-5", "ENG-5/CARE", "(ENG-5)", "ENG-5,ENG-5"])
def test_a_bare_key_of_a_project_that_we_read_counts_in_words(words: str) -> None:
    assert named(text=words) == [("jira:harbor:ENG-5", Place.TEXT)]


@pytest.mark.parametrize(
    "words", ["ENG-", "ENG-0", "XENG-5", "ENG-5-1", "OPS-5", "eng-5", "a/ENG-5", "x=ENG-5", "ENG-5a"]
)
def test_what_only_looks_like_a_key_of_ours_names_nothing(words: str) -> None:
    assert named(text=words) == []


def test_a_link_is_surer_than_words_and_nothing_is_named_twice() -> None:
    address = "https://harbor.atlassian.net/browse/ENG-5"

    assert named(links=("jira:harbor:ENG-5", address), text=f"{address} ENG-5 CARE-1") == [
        ("jira:harbor:ENG-5", Place.LINK),
        ("jira:harbor:CARE-1", Place.TEXT),
    ]


def test_a_ticket_does_not_name_itself_by_id_or_by_key() -> None:
    told = replace(jira(), links=("jira:harbor:10042", "jira:harbor:ENG-5"), description="ENG-5 and ENG-6")

    assert [str(each) for each in named_by(told, ACCOUNTS)] == ["jira:harbor:ENG-6"]


def test_what_we_wrote_names_nothing_and_what_others_wrote_does() -> None:
    def said(number: int, by: Author) -> Comment:
        return Comment(
            id=str(number), author_id="1", public=False, body=f"ENG-{number}", written_at=NOON, written_by=by
        )

    told = replace(ticket("1"), comments=tuple(said(number, by) for number, by in enumerate(Author, start=1)))

    assert Author.US not in (Author.AGENT, Author.CUSTOMER)
    names = {str(each) for each in named_by(told, ACCOUNTS)}
    ours = list(Author).index(Author.US) + 1
    assert names == {f"jira:harbor:ENG-{number}" for number in range(1, len(Author) + 1) if number != ours}


def test_a_ticket_names_a_limited_number_of_others() -> None:
    many = tuple(f"jira:harbor:ENG-{number}" for number in range(1, 200))
    words = " ".join(f"CARE-{number}" for number in range(1, 5000))

    found = named(links=many, text=words)

    assert [place for _, place in found] == [Place.LINK] * MOST_LINKED + [Place.TEXT] * MOST_IN_TEXT


def test_an_operators_own_domain_is_an_address_too() -> None:
    accounts = (account_of("zendesk", "harbor", hosts=("Help.Harbor.example",)),)
    told = replace(ticket("1"), description="https://help.harbor.example/hc/en-us/requests/9")

    assert [str(each) for each in named_by(told, accounts)] == ["zendesk:harbor:9"]


@pytest.mark.parametrize("key", ["", "500", "001Ak00000A1b2C", "500Ak00000A1b2", "500Ak00000A1b2CI", "500Ak00000A1b2é"])
def test_what_is_no_id_of_a_case_has_no_longer_form(key: str) -> None:
    assert salesforce_id(key) is None


def test_an_id_of_fifteen_signs_becomes_the_one_of_eighteen() -> None:
    assert salesforce_id(CASE_15) == salesforce_id(CASE_18) == CASE_18


@pytest.mark.parametrize(
    "piece",
    [
        "https://",
        "https://harbor.zendesk.com/",
        "ENG-",
        "https://" + "a." * 200,
        "/" * 600,
        "ENG-1",
        "500A",
        "https://h" * 9,
    ],
)
def test_hostile_words_take_no_time(piece: str) -> None:
    words = (piece * 1_000_000)[:1_000_000]

    begun = time.process_time()
    found = named(text=words, links=(words,) * 100)

    assert time.process_time() - begun < 1.0
    assert len(found) <= MOST_LINKED + MOST_IN_TEXT


@settings(max_examples=300, deadline=None, database=None)
@given(st.text(max_size=300), st.lists(st.text(max_size=80), max_size=4))
def test_no_words_break_it(text: str, links: list[str]) -> None:
    for name, _ in named(text=text, links=tuple(links)):
        vendor, account, key = name.split(":")
        assert (vendor, account) in {(each.vendor, each.account) for each in ACCOUNTS}
        assert key
