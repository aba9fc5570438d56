"""A person says on the command line what belongs together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cases.case import Stage
from cases.ticket import Ticket
from makewhole.assembly import House
from store import naming, tickets
from store.tickets import Reading
from tests.makewhole.conftest import Told, World, house_of
from tests.workflow.three_desks import cause, salesforce, unsaid, zendesk
from workflow import claims, hearing

SECOND = zendesk("902").ref


@pytest.fixture
def settings(world: World, tmp_path: Path) -> Path:
    """Return settings with a database in which one question waits, about two claims of one customer."""
    path = world.settings(tmp_path)
    with house_of(path) as house:
        told = (
            zendesk("901", loss="WD-901", customer="C-901", links=("jira:harbor:ENG-901",)),
            zendesk("902", **unsaid(customer="C-901")),
            cause("10901", "ENG-901"),
            salesforce(loss="WD-903", customer="C-903"),
        )
        for each in told:
            hear(house, each)
    return path


def hear(house: House, told: Ticket) -> None:
    with house.database.begin() as tx:
        tickets.keep(tx, (Reading(ticket=told, raw=b"{}", topic=claims.topic_of(told)),))
        naming.keep(tx, {told.ref: house.desk.naming(told)})
        hearing.hear(house.desk, tx, told, before=None, now=house.clock())


def case_of(settings: Path, told: Ticket) -> str:
    with house_of(settings) as house, house.database.read() as connection:
        return str(tickets.case_of(connection, told.ref))


def the_question(settings: Path, cli: Callable[..., Told]) -> dict[str, object]:
    listed = cli("links", "list", "--settings", settings, "--json").json["questions"]
    (mine,) = (each for each in listed if each["ticket"] == str(SECOND))
    return dict(mine)


def test_questions_are_listed_with_ticket_case_and_reason(settings: Path, cli: Callable[..., Told]) -> None:
    question = the_question(settings, cli)
    shown = cli("links", "list", "--settings", settings)

    assert question["case"] == case_of(settings, zendesk("901"))
    assert str(question["reason"]).endswith("are one customer's and ask for the same, and one names no reference.")
    assert (question["answer"], question["answered_by"]) == (None, None)
    assert shown.code == 0
    assert str(SECOND) in shown.out


def test_one_loss_becomes_one_case_and_a_second_answer_changes_nothing(
    settings: Path, cli: Callable[..., Told]
) -> None:
    number = the_question(settings, cli)["question"]

    told = cli("links", "same", number, "--by", "amelia", "--settings", settings, "--json")
    late = cli("links", "apart", number, "--by", "noah", "--settings", settings, "--json")
    later = cli("links", "apart", number, "--by", "noah", "--settings", settings)

    assert (told.code, told.json["outcome"], told.json["question"]["answer"]) == (0, "taken", "same")
    assert (late.code, late.json["outcome"], late.json["question"]["answered_by"]) == (1, "taken_before", "amelia")
    assert later.out.startswith("amelia answered same on ")
    assert case_of(settings, zendesk("901")) == case_of(settings, zendesk("902"))


@pytest.mark.parametrize(
    ("number", "person", "code", "words"),
    [
        (None, "mallory", 2, "mallory is not in the people file.\n"),
        (None, "luca", 2, "luca holds no role and handles neither the ticket nor the case.\n"),
        (99_999, "amelia", 1, "There is no question 99999; `makewhole links list` shows them.\n"),
    ],
)
def test_who_has_no_say_and_what_is_no_question_changes_nothing(
    settings: Path, cli: Callable[..., Told], *, number: int | None, person: str, code: int, words: str
) -> None:
    asked = the_question(settings, cli)

    told = cli("links", "same", number or asked["question"], "--by", person, "--settings", settings)

    assert (told.code, told.out) == (code, words)
    assert the_question(settings, cli) == asked


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999"])
def test_what_can_be_no_number_of_a_question_is_wrong_usage(
    settings: Path, cli: Callable[..., Told], number: str
) -> None:
    assert cli("links", "same", "--by", "amelia", "--settings", settings, "--", number).code == 2


def test_a_case_is_joined_and_split_off_again(settings: Path, cli: Callable[..., Told]) -> None:
    one, other = case_of(settings, zendesk("901")), case_of(settings, salesforce())

    joined = cli("case", "join", one, other, "--by", "amelia", "--settings", settings, "--json")
    assert case_of(settings, salesforce()) == one
    apart = cli("case", "split", one, other, "--by", "amelia", "--settings", settings)

    assert (joined.code, joined.json["done"]) == (0, True)
    assert (apart.code, apart.out) == (0, f"{other} is apart from {one} now.\n")
    assert case_of(settings, salesforce()) == other
    with house_of(settings) as house, house.database.read() as connection:
        assert house.desk.cases.find(connection, other).case.stage is Stage.OPENED


def test_an_issue_is_split_off_and_joined_by_what_people_call_it(settings: Path, cli: Callable[..., Told]) -> None:
    one = case_of(settings, zendesk("901"))
    assert case_of(settings, cause("10901", "ENG-901")) == one

    apart = cli("case", "split", one, "jira:harbor:ENG-901", "--by", "amelia", "--settings", settings, "--json")
    assert case_of(settings, cause("10901", "ENG-901")) == "None"
    joined = cli("case", "join", one, "jira:harbor:ENG-901", "--by", "amelia", "--settings", settings)

    assert (apart.code, joined.code) == (0, 0)
    assert case_of(settings, cause("10901", "ENG-901")) == one


@pytest.mark.parametrize("what", ["join", "split"])
@pytest.mark.parametrize(
    ("case_id", "other", "person", "code", "words"),
    [
        ("CASE-999999", "zendesk:harbor:901", "amelia", 1, "there is no case CASE-999999\n"),
        ("first", "zendesk:harbor:404", "amelia", 1, "zendesk:harbor:404 has not been read yet.\n"),
        ("first", "ENG-901", "amelia", 1, "'ENG-901' names no ticket like zendesk:harbor:17\n"),
        ("first", "zendesk:harbor:902", "mallory", 2, "mallory is not in the people file.\n"),
        ("first", "zendesk:harbor:902", "mei", 2, "mei holds no role and handles neither the ticket nor the case.\n"),
    ],
)
def test_what_cannot_be_joined_or_split_is_said(
    settings: Path, cli: Callable[..., Told], *, what: str, case_id: str, other: str, person: str, code: int, words: str
) -> None:
    meant = case_of(settings, zendesk("901")) if case_id == "first" else case_id

    told = cli("case", what, meant, other, "--by", person, "--settings", settings)

    assert (told.code, told.out) == (code, words)
    assert "Traceback" not in told.err


def test_nobody_is_asked_where_nothing_is_in_doubt(settings: Path, cli: Callable[..., Told]) -> None:
    for each in cli("links", "list", "--settings", settings, "--json").json["questions"]:
        cli("links", "apart", each["question"], "--by", "amelia", "--settings", settings)

    assert cli("links", "list", "--settings", settings).out == "No question about a link waits for a person.\n"
