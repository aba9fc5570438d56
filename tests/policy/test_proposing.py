"""What is proposed for a claim, with its reasons, or what is missing."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.money import Money
from cases.proposal import ApprovalStage, CaseId, Classification, DerivationLine, Proposal
from cases.ticket import CustomerId
from policy import proposing
from policy.book import PolicyBook
from policy.explaining import explain
from policy.proposing import Claim, Missing, PathsDiffer, propose
from policy.reasons import Reasoned

LATE = {
    "delay_cause": "platform",
    "hours_late": "73",
    "value_usdt": "20000",
    "fraud_score": "12",
    "sanctions_hit": "no",
    "goodwill_paid_12_months": "550",
}


def _claim(given: dict[str, str], *counted_before: Money) -> Claim:
    return Claim(
        case_id=CaseId("CASE-1"),
        revision=1,
        payee=CustomerId("C-100023"),
        inputs=tuple(given.items()),
        counted_before=counted_before,
    )


def _propose(book: PolicyBook, given: dict[str, str], *counted_before: Money) -> Proposal | Missing:
    policy = book.policy("delayed-withdrawal", "1")
    assert policy is not None
    return propose(policy, _claim(given, *counted_before))


def _proposed(book: PolicyBook, given: dict[str, str], *counted_before: Money) -> Proposal:
    result = _propose(book, given, *counted_before)
    assert isinstance(result, Proposal)
    return result


def test_every_step_to_the_amount_is_told(book: PolicyBook) -> None:
    proposal = _proposed(book, LATE)

    assert proposal.amount == Money.exactly("50", "USDT")
    assert [(line.name, line.filled, line.value) for line in proposal.derivation] == [
        ("three days late or more", "otherwise", "yes"),
        ("value share", "0.5% of 20000", "100.00 USDT"),
        ("amount before limits", "min(max(100, 40 USDT), 500 USDT)", "100.00 USDT"),
        ("left of the limit: goodwill in twelve months", "600 USDT - 550", "50.00 USDT"),
        ("amount", "least of 100, 50", "50.00 USDT"),
        ("approvals", "50 is up to 1000 USDT", "1 compensation_lead"),
    ]


def test_a_step_says_where_in_the_policy_it_stands(book: PolicyBook, withdrawal_text: str) -> None:
    proposal = _proposed(book, LATE)

    line = 1 + withdrawal_text[: withdrawal_text.index("value share: ")].count("\n")
    assert proposal.derivation[1] == DerivationLine(
        name="value share",
        expression="0.5% of value_usdt",
        filled="0.5% of 20000",
        value="100.00 USDT",
        place=f"delayed-withdrawal.yaml:{line}",
    )


def test_a_proposal_says_which_policy_and_inputs_it_rests_on(book: PolicyBook) -> None:
    proposal = _proposed(book, LATE | {"country": "DE"})

    assert (proposal.policy_id, proposal.policy_version, len(proposal.policy_hash)) == ("delayed-withdrawal", "1", 64)
    assert proposal.inputs == tuple(sorted(LATE.items()))
    assert (proposal.case_id, proposal.revision, proposal.payee) == ("CASE-1", 1, "C-100023")
    assert (proposal.proposed_by, proposal.decide_within_hours) == ("policy", 24)


def test_the_customer_reads_values_and_no_expressions(book: PolicyBook) -> None:
    proposal = _proposed(book, LATE)

    assert dict(proposal.customer_text) == {
        "en": "Your withdrawal was 73 hours late because of us. We are sorry and credit 50.00 USDT to your account.",
        "zh": "由于我们的原因，您的提币延迟了 73 小时。我们深表歉意，并将向您的账户发放 50.00 USDT。",
    }


def test_a_sign_of_fraud_refuses_nothing_and_proposes_the_amount_to_a_fraud_analyst(book: PolicyBook) -> None:
    proposal = _proposed(book, LATE | {"fraud_score": "80", "sanctions_hit": "yes"})

    assert proposal.classification is Classification.FRAUD_REVIEW
    assert proposal.amount == Money.exactly("50", "USDT")
    assert proposal.reason == "fraud score of 80 or more"
    assert [line.filled for line in proposal.derivation if line.name == "on a sanctions list"] == ["yes"]
    assert proposal.approvals == (
        ApprovalStage(roles=("fraud_analyst",), quorum=1),
        ApprovalStage(roles=("compensation_lead",), quorum=1),
    )


def test_the_customer_is_not_told_of_the_suspicion(book: PolicyBook) -> None:
    proposal = _proposed(book, LATE | {"fraud_score": "99"})

    assert all("fraud" not in text.lower() and "50" not in text for _, text in proposal.customer_text)


def test_a_refused_claim_has_no_amount_and_needs_nobody(book: PolicyBook) -> None:
    proposal = _proposed(book, {"delay_cause": "chain"})

    assert (proposal.classification, proposal.amount, proposal.approvals) == (Classification.INELIGIBLE, None, ())
    assert proposal.reason == "the delay was not ours"


def test_only_what_the_decision_needs_is_missing(book: PolicyBook) -> None:
    assert _propose(book, {}) == Missing(
        names=("delay_cause",),
        problems=(),
        perhaps=("fraud_score", "goodwill_paid_12_months", "hours_late", "sanctions_hit", "value_usdt"),
    )
    assert isinstance(_propose(book, {"delay_cause": "compliance_hold"}), Proposal)


def test_all_that_an_amount_needs_is_named_at_once(book: PolicyBook) -> None:
    result = _propose(book, {"delay_cause": "platform", "hours_late": "73"})

    assert isinstance(result, Missing)
    assert result.names == ("fraud_score", "goodwill_paid_12_months", "sanctions_hit", "value_usdt")


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("value_usdt", "20000 EUR", 'is in "EUR", USDT is needed'),
        ("value_usdt", "twenty", 'is "twenty", a plain number is needed'),
        (
            "fraud_score",
            "2.3%",
            'is "2.3%", a plain number is needed: write 0.023 for "2.3%", or declare the input as "share"',
        ),
        ("value_usdt", "1e5", 'is "1e5", a plain number is needed'),
        ("value_usdt", "1,000", 'is "1,000", a plain number is needed'),
        ("value_usdt", "٣", 'is "٣", a plain number is needed'),
        ("value_usdt", "NaN", 'is "NaN", a plain number is needed'),
        ("value_usdt", "-1", "is below zero"),
        ("value_usdt", "1" * 61, "has more than 60 digits"),
        ("value_usdt", "", 'is "", a plain number is needed'),
        ("hours_late", "73 days", 'is in "days", hours is needed'),
        ("sanctions_hit", "no idea", 'is "no idea", yes or no is needed'),
        ("sanctions_hit", "NO", 'is "NO", yes or no is needed'),
        ("delay_cause", "weather", 'is "weather", one of platform, chain, customer, compliance_hold is needed'),
    ],
)
def test_an_input_that_cannot_be_read_is_said_and_never_guessed(
    name: str, text: str, why: str, book: PolicyBook
) -> None:
    result = _propose(book, LATE | {name: text})

    assert isinstance(result, Missing)
    assert (result.names, result.problems) == ((), ((name, why),))


def test_an_unreadable_input_that_is_not_needed_does_not_matter(book: PolicyBook) -> None:
    assert isinstance(_propose(book, LATE | {"hours_late": "10", "value_usdt": "twenty"}), Proposal)


def test_an_input_given_twice_with_different_values_is_not_chosen_from(book: PolicyBook) -> None:
    policy = book.policy("delayed-withdrawal", "1")
    assert policy is not None
    claim = _claim(LATE)

    result = propose(policy, replace(claim, inputs=(*claim.inputs, ("hours_late", "80"))))

    assert isinstance(result, Missing)
    assert result.problems == (("hours_late", "is given twice with different values"),)


def test_a_unit_that_is_written_out_and_right_is_read(book: PolicyBook) -> None:
    assert _proposed(book, LATE | {"value_usdt": "20000 USDT"}).amount == Money.exactly("50", "USDT")


def test_splitting_a_loss_needs_as_many_people_as_the_whole(book: PolicyBook) -> None:
    proposal = _proposed(book, LATE, Money.exactly("960", "USDT"))

    assert [stage.roles for stage in proposal.approvals] == [("compensation_lead",), ("finance",)]
    assert proposal.amount == Money.exactly("50", "USDT")


def test_an_earlier_amount_in_another_asset_counts_as_if_it_were_large(book: PolicyBook) -> None:
    proposal = _proposed(book, LATE, Money.exactly("1", "EUR"))

    assert [stage.quorum for stage in proposal.approvals] == [2, 1]


def test_a_result_that_cannot_be_held_exactly_is_not_proposed(book: PolicyBook) -> None:
    result = _propose(book, LATE | {"value_usdt": "7" * 58 + ".77"})

    assert isinstance(result, Missing)
    assert result.problems == (("amount", "a result has more than 60 digits: it cannot be worked out exactly"),)


@settings(max_examples=200, deadline=None)
@given(told=st.dictionaries(st.sampled_from(sorted(LATE)), st.text(max_size=80)))
def test_whatever_is_told_there_is_a_proposal_or_a_plain_answer(told: dict[str, str], book: PolicyBook) -> None:
    result = _propose(book, LATE | told)

    if isinstance(result, Missing):
        assert result.names == ()
        assert {name for name, _ in result.problems} <= {*told, "amount"}


def test_what_is_missing_reads_as_a_sentence() -> None:
    missing = Missing(names=("fee",), problems=(("quantity", "is below zero"),))

    assert str(missing) == "missing: fee; quantity is below zero"


def test_two_ways_that_disagree_propose_nothing(book: PolicyBook) -> None:
    policy = book.policy("delayed-withdrawal", "1")
    assert policy is not None
    reasoned = explain(policy, LATE.items())
    assert isinstance(reasoned, Reasoned)

    with pytest.raises(PathsDiffer, match="delayed-withdrawal 1: CASE-1"):
        proposing._agreed(policy, _claim(LATE), replace(reasoned, amount=Money.exactly("51", "USDT")))
