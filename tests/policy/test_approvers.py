"""Every cell of the matrix reaches enough distinct people, up to their limits, with one to spare."""

import pytest

from cases.money import Money
from cases.people import Authority, Delegation, People, Person
from cases.proposal import PersonId
from policy.analysis import findings
from policy.loading import BadPolicy, load_policy
from policy.mistakes import Finding
from tests.policy.conftest import NOW

LARGE = "1000000 USDT"


def person(name: str, *, lent: Delegation | None = None, **roles: str) -> Person:
    return Person(
        id=PersonId(name),
        name=name,
        locale="en",
        slack_id=None,
        helpdesk_ids=(),
        authorities=tuple(
            Authority(role=role, limits=(Money.exactly(*limit.split()),)) for role, limit in roles.items()
        ),
        delegations=(lent,) if lent else (),
        notified=False,
    )


AMELIA, WEI, YUKI = (person(name, compensation_lead=LARGE) for name in ("amelia", "wei", "yuki"))
NOAH, SOFIA = (person(name, finance=LARGE) for name in ("noah", "sofia"))
PRIYA, TARIQ = (person(name, fraud_analyst=LARGE) for name in ("priya", "tariq"))
HEAD = person("hana", head_of_support=LARGE)
ENOUGH = (AMELIA, WEI, YUKI, NOAH, SOFIA, PRIYA, TARIQ, HEAD)


def found(text: str, *people: Person) -> list[Finding]:
    everyone = People(everyone=people)
    return list(findings(load_policy(text, "delayed.yaml", people=everyone), everyone))


def test_with_one_to_spare_everywhere_nothing_is_found(withdrawal_text: str) -> None:
    assert found(withdrawal_text, *ENOUGH) == []


def test_the_only_person_who_may_agree_could_be_the_one_who_asked(withdrawal_text: str) -> None:
    (only,) = found(withdrawal_text, *(each for each in ENOUGH if each is not TARIQ))

    assert (only.key, only.waivable) == ("no-spare-approver: USDT, fraud_analyst", True)
    assert only.place.line == withdrawal_text[: withdrawal_text.index("classification: fraud review,")].count("\n") + 1
    assert "fraud review, over 0 USDT: 1 person must agree as fraud_analyst, and priya alone can" in only.what


def test_two_roles_of_one_person_fill_one_stage(withdrawal_text: str) -> None:
    both = person("noah", finance=LARGE, compensation_lead=LARGE)

    with pytest.raises(BadPolicy) as refused:
        load_policy(withdrawal_text, "delayed.yaml", people=People(everyone=(both, HEAD, PRIYA, TARIQ)))

    said = "2 people must agree as compensation_lead, finance, but only 1 can agree to 500 (noah)"
    assert f"goodwill, over 1000 USDT: {said}" in str(refused.value)


def test_a_limit_in_another_asset_lets_nobody_agree(withdrawal_text: str) -> None:
    elsewhere = [person(name, compensation_lead="1000000 EUR") for name in ("amelia", "wei", "yuki")]

    with pytest.raises(BadPolicy, match=r"goodwill, over 0 USDT: 1 person must agree as compensation_lead, but only 0"):
        load_policy(withdrawal_text, "delayed.yaml", people=People(everyone=(*elsewhere, *ENOUGH[3:])))


def test_limits_below_what_the_policy_pays_at_most_leave_a_dead_end(withdrawal_text: str) -> None:
    low = [person(name, compensation_lead="400 USDT") for name in ("amelia", "wei", "yuki")]
    deputies = [person(name, head_of_support=LARGE) for name in ("hana", "ines", "omar")]

    told = found(withdrawal_text, *low, *ENOUGH[3:7], *deputies)

    ends = [each for each in told if each.code == "dead-end" and "goodwill, over 400 USDT" in each.what]
    assert [(each.about, each.waivable) for each in ends] == [("USDT, compensation_lead", True)]
    assert "1 person must agree as compensation_lead, but only 0 can agree to over 400" in ends[0].what


def test_what_is_lent_adds_nobody(withdrawal_text: str) -> None:
    lent = Delegation(giver=PRIYA.id, authority=PRIYA.authorities[0], starts_at=NOW, ends_at=NOW.replace(year=2030))
    borrower = person("omar", lent=lent)

    told = found(withdrawal_text, *(each for each in ENOUGH if each is not TARIQ), borrower)

    assert [each.code for each in told] == ["no-spare-approver"]


def test_amounts_that_nothing_caps_outgrow_everybody(duplicate_text: str) -> None:
    limits = tuple(Money.exactly("1000000", code) for code in ("USDT", "EUR"))
    everyone = People(
        everyone=tuple(
            Person(
                id=each.id,
                name=each.name,
                locale="en",
                slack_id=None,
                helpdesk_ids=(),
                authorities=(Authority(role=each.authorities[0].role, limits=limits),),
                delegations=(),
                notified=False,
            )
            for each in ENOUGH
        )
    )

    told = findings(load_policy(duplicate_text, "dup.yaml", people=everyone), everyone)

    assert [each.code for each in told] == ["beyond-everybody"] * 2
    assert not any(each.waivable for each in told)
    assert "above 1000000 EUR" in told[0].what
