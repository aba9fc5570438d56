"""What agents and we said on a case's tickets stands on its page; what customers said stays where it is."""

from dataclasses import replace
from datetime import timedelta

from cases.case import About
from cases.proposal import CaseId
from cases.ticket import Author, Comment
from store import tickets
from store.audit import Change
from store.tickets import Reading
from tests.web.conftest import LINK_KEY, NOW, House
from tests.workflow.played_vendors import ref, ticket
from web.keys import case_key


def comment(number: int, words: str, by: Author, *, public: bool = False) -> Comment:
    return Comment(
        id=str(number),
        author_id="7001",
        public=public,
        body=words,
        written_at=NOW + timedelta(minutes=number),
        written_by=by,
        author_name="Ana Silva",
    )


def page_of(house: House, *comments: Comment) -> str:
    about = About(id=CaseId(""), topic=None, loss=None, customer_id=None, tickets=(ref("17"),), opened_at=NOW)
    told = replace(ticket("17"), comments=comments)
    with house.database.begin() as tx:
        opened = house.doors.cases.open(tx, about, Change(at=NOW, actor="sync", event="opened", detail=()))
        assert opened is not None
        tickets.belongs_to(tx, ref("17"), opened.number)
        tickets.keep(tx, (Reading(ticket=told, raw=b"{}", topic=None),))
    case_id = opened.case.about.id
    return house.http.get(f"/cases/{case_id}?key={case_key(LINK_KEY, case_id)}").text


def test_agents_words_stand_on_the_page_in_the_order_of_time(house: House) -> None:
    page = page_of(
        house,
        comment(1, "The node was down.", Author.AGENT),
        comment(2, "Dear Ann, <b>sorry</b>.", Author.AGENT, public=True),
    )

    assert page.index("opened") < page.index("The node was down.") < page.index("Dear Ann")
    assert "&lt;b&gt;sorry" in page
    assert page.count("Ana Silva") == 2


def test_a_customers_words_do_not(house: House) -> None:
    page = page_of(
        house,
        comment(1, "My passport is 123.", Author.CUSTOMER, public=True),
        comment(2, "Who am I?", Author.UNKNOWN),
    )

    assert "passport" not in page
    assert "Who am I?" not in page
    assert page.count("words stay on the ticket") == 2


def test_a_comment_that_we_brought_stands_there_once(house: House) -> None:
    copy = "Comment from Jira 5 · Ana Silva · CASE-1\n> We are on it.\n\n[makewhole CASE-1/c/jira.harbor.9]"
    ours = "Compensation PROPOSED · 15.00 USDT · CASE-1\n\n[makewhole CASE-1/3]"

    page = page_of(house, comment(1, copy, Author.US), comment(2, ours, Author.US))

    assert "We are on it." not in page
    assert "Compensation PROPOSED" in page
