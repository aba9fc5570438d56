"""Like cases are decided alike: which earlier decisions are nearest, and what differs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cases.money import Money
from cases.precedents import EarlierDecision
from cases.proposal import CaseId, Proposal
from cases.ticket import CustomerId
from policy.consistency import band_of, consistency, line_of
from policy.loading import load_policy
from policy.proposing import Claim, propose

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FILE = Path(__file__).resolve().parents[2] / "config" / "policies" / "delayed-withdrawal.yaml"
POLICY = load_policy(FILE.read_text("utf-8"), FILE.name)
FACTS = {
    "delay_cause": "platform",
    "hours_late": "7.5",
    "value_usdt": "1000",
    "fraud_score": "12",
    "sanctions_hit": "no",
    "goodwill_paid_12_months": "0",
}


def proposal(**facts: str) -> Proposal:
    claim = Claim(
        case_id=CaseId("CASE-9"),
        revision=1,
        payee=CustomerId("C-1"),
        inputs=tuple(sorted((FACTS | facts).items())),
    )
    proposed = propose(POLICY, claim)
    assert isinstance(proposed, Proposal)
    return proposed


def earlier(number: int, *, agreed: bool = True, amount: str | None = None, **facts: str) -> EarlierDecision:
    """Return how a case was decided, so many days ago: as the policy proposed, unless said otherwise."""
    then = proposal(**facts)
    return EarlierDecision(
        case_id=f"CASE-{number}",
        decided_at=NOON - timedelta(days=number),
        agreed=agreed,
        amount=(Money.exactly(amount, "USDT") if amount else then.amount) if agreed else None,
        policy_version="1",
        band=band_of(then.approvals),
        inputs=then.inputs,
    )


def test_the_most_similar_decisions_come_first_with_what_differs() -> None:
    found = consistency(
        POLICY,
        proposal(),
        [earlier(1, hours_late="70"), earlier(2, hours_late="8"), earlier(3, hours_late="8", fraud_score="50")],
    )

    assert [each.case_id for each in found.nearest] == ["CASE-2", "CASE-3", "CASE-1"]
    assert found.nearest[0].differs == (("hours_late", "8", "7.5"),)
    assert found.nearest[1].differs == (("fraud_score", "50", "12"), ("hours_late", "8", "7.5"))
    assert (found.compared, found.agreed, found.unlike) == (3, 3, None)


def test_the_same_facts_with_another_amount_are_told() -> None:
    found = consistency(POLICY, proposal(), [earlier(1), earlier(2, amount="40")])

    assert found.unlike is not None
    assert (found.unlike.case_id, str(found.unlike.amount), found.unlike.differs) == ("CASE-2", "40.00 USDT", ())


def test_the_same_facts_that_were_declined_are_told() -> None:
    found = consistency(POLICY, proposal(), [earlier(1, agreed=False)])

    assert found.unlike is not None
    assert not found.unlike.agreed
    assert (found.compared, found.agreed) == (1, 0)


def test_numbers_are_alike_however_they_are_written() -> None:
    found = consistency(POLICY, proposal(), [earlier(1, hours_late="7.50", fraud_score="12.0")])

    assert found.nearest[0].differs == ()
    assert found.unlike is None


def test_decisions_of_the_same_band_come_before_nearer_ones_of_another() -> None:
    same_band, other = earlier(1, hours_late="20"), earlier(2, hours_late="7.6")

    found = consistency(POLICY, proposal(), [same_band, replace(other, band="2 finance")])

    assert [each.case_id for each in found.nearest] == ["CASE-1", "CASE-2"]


def test_who_agreed_then_and_how_much_more_is_paid_now_is_told() -> None:
    found = consistency(
        POLICY, proposal(), [replace(earlier(1, amount="12.5"), band="2 finance"), earlier(2), earlier(3, agreed=False)]
    )

    told = {each.case_id: (each.more_here, each.band) for each in found.nearest}
    assert told == {
        "CASE-1": (Money.exactly("2.5", "USDT"), "2 finance"),
        "CASE-2": (None, None),
        "CASE-3": (None, None),
    }


def test_nothing_and_a_little_are_near_each_other_where_others_have_much() -> None:
    usual = [earlier(number, goodwill_paid_12_months=str(number * 40)) for number in range(1, 11)]
    little = earlier(20, goodwill_paid_12_months="15")
    another = earlier(21, fraud_score="30")

    found = consistency(POLICY, proposal(), [*usual, little, another])

    assert found.nearest[0].case_id == "CASE-20"


def test_what_the_line_asks_for_counts_more_than_what_it_does_not() -> None:
    found = consistency(POLICY, proposal(), [earlier(1, hours_late="11.25"), earlier(2, value_usdt="2000")])

    assert [each.case_id for each in found.nearest] == ["CASE-2", "CASE-1"]


def test_what_an_earlier_version_did_not_ask_for_is_unknown_there() -> None:
    then = earlier(1)
    then = replace(then, inputs=tuple(each for each in then.inputs if each[0] != "fraud_score"))

    assert consistency(POLICY, proposal(), [then]).nearest[0].differs == (("fraud_score", "unknown", "12"),)


def test_without_earlier_decisions_nothing_is_said() -> None:
    found = consistency(POLICY, proposal(), [])

    assert (found.compared, found.nearest, found.unlike) == (0, (), None)


def test_a_line_is_the_same_over_all_versions() -> None:
    now = proposal()

    assert line_of(now) == line_of(replace(now, policy_version="2"))
    assert line_of(now).startswith("delayed-withdrawal / ")
