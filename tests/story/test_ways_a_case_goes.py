"""The whole way of one ticket, and the other ways it may go: real doors, real clients, every book at the end."""

from datetime import UTC, datetime, timedelta

from bot.cards import APPROVE, ASK, REJECT
from bot.views import COMMENT_INPUT, QUESTION_INPUT, REASON_INPUT
from cases.case import AwaitingApproval, Closed, Declined, NeedsAttention, Paid, Stage
from payouts.ledger import sum_per_asset, trial_balance
from tests.story.working_day import (
    AMELIA,
    CHARGED,
    COMPENSATION,
    FRAUD,
    LATE,
    NOAH,
    PRIYA,
    Day,
    plain_times,
    until,
)
from workflow import one_case

ENGLISH = "Your withdrawal was 7.5 hours late because of us. We are sorry and credit 15.00 USDT to your account."
CHINESE = "由于我们的原因，您的提币延迟了 7.5 小时。我们深表歉意，并将向您的账户发放 15.00 USDT。"
TWICE = {"asset": "EUR", "charge_amount": "2500.00", "charged_times": "2", "refunded_amount": "0", "fee": "0"}


def test_a_late_withdrawal_is_compensated_from_the_ticket_to_the_last_note(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)

    ticket = ada.complains()
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    case_id, url = asked.about.id, day.house.desk.case_url(asked.about.id)
    assert day.card(asked)["channel"] == COMPENSATION
    day.click(AMELIA, asked, APPROVE)
    closed = day.await_stage(ticket, Stage.CLOSED)
    card = day.card_says(closed, "has been paid")
    until(lambda: len(day.thread(closed)) == 3)

    assert isinstance(closed, Closed)
    assert isinstance(closed.settled, Paid)
    reference = closed.settled.reference
    assert day.payments(closed) == [(ada.id, "15.00", "USDT", "confirmed")]
    assert [plain_times(note).splitlines() for note in day.notes(ticket)] == [
        [
            f"Compensation PROPOSED · 15.00 USDT · {case_id}",
            "goodwill: six to twenty-four hours late",
            "Policy delayed-withdrawal version 1, revision 1",
            "Waiting for approval by 1 × compensation_lead",
            f"Case: {url}",
        ],
        [
            f"Compensation APPROVED · 15.00 USDT · {case_id}",
            "goodwill: six to twenty-four hours late",
            "Policy delayed-withdrawal version 1, revision 1",
            "Approved by amelia (compensation_lead) NOW",
            "The payout is under way.",
            f"Case: {url}",
        ],
        [
            f"Compensation PAID · 15.00 USDT · {case_id}",
            "goodwill: six to twenty-four hours late",
            "Policy delayed-withdrawal version 1, revision 1",
            "Approved by amelia (compensation_lead) NOW",
            f"Paid NOW, provider reference {reference}",
            f"For the customer (en): {ENGLISH}",
            f"For the customer (zh): {CHINESE}",
            f"Case: {url}",
        ],
    ]
    assert day.fields(ticket) == {
        "mw_state": "paid",
        "mw_amount": "15.00",
        "mw_currency": "USDT",
        "mw_reason": "six to twenty-four hours late",
        "mw_case_url": url,
    }
    assert day.ticket(ticket)["tags"] == ["delayed_withdrawal", "makewhole", "mw_state_paid"]
    assert card["text"] == f"This was approved and has been paid: Goodwill 15.00 USDT · Transaction {ada.reference}."
    assert "actions" not in [block["type"] for block in card["blocks"]]
    assert [plain_times(line) for line in day.thread(closed)] == [
        "Revision 1 proposes 15.00 USDT: six to twenty-four hours late.",
        "Approved by Amelia Chen (Compensation lead), NOW: 1 of 1.",
        f"Paid 15.00 USDT on NOW, reference {reference}.",
    ]
    assert (
        day.whispers(AMELIA)[-1] == f"You approved {case_id}. It has every approval it needs; the payout is under way."
    )
    assert day.history(closed) == [
        ("opened", "sync"),
        ("proposed", "policy"),
        ("asked", "policy"),
        ("approved", "amelia"),
        ("paid", "provider"),
        ("closed", "sync"),
    ]


def test_the_books_of_a_payment_balance_and_name_every_step(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)

    ticket = ada.complains()
    day.click(AMELIA, day.await_stage(ticket, Stage.AWAITING_APPROVAL), APPROVE)
    closed = day.await_stage(ticket, Stage.CLOSED)

    entries = day.ledger(closed)
    assert [each.memo for each in entries] == [
        f"Compensation {closed.about.id} approved",
        f"Compensation {closed.about.id} sent",
        f"Compensation {closed.about.id} paid",
    ]
    assert {code: total.minor for code, total in sum_per_asset(entries).items()} == {"USDT": 0}
    assert {account: str(money) for (account, _), money in trial_balance(entries).items()} == {
        "asset:payout-provider:balance": "-15.00 USDT",
        "asset:payout-provider:clearing": "0.00 USDT",
        "expense:compensation:goodwill": "15.00 USDT",
        f"liability:customer:{ada.id}": "0.00 USDT",
    }
    assert day.audit_holds()


def test_what_no_webhook_told_is_found_by_polling(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)

    ticket = ada.complains(notify=False)
    until(lambda: day.finds(ticket))

    assert day.await_stage(ticket, Stage.AWAITING_APPROVAL).about.customer_id == ada.id


def test_a_rejection_is_told_with_its_reason_and_nothing_is_paid(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)
    ticket = ada.complains()
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)

    day.click(AMELIA, asked, REJECT)
    written = {REASON_INPUT: {REASON_INPUT: "not_our_fault"}, COMMENT_INPUT: {COMMENT_INPUT: "The chain was slow."}}
    day.submit(AMELIA, written)
    closed = day.await_stage(ticket, Stage.CLOSED)
    card = day.card_says(closed, "was declined and nothing is paid")

    assert isinstance(closed, Closed)
    assert isinstance(closed.settled, Declined)
    assert closed.settled.decision is not None
    assert (closed.settled.decision.person, closed.settled.decision.reason_code) == ("amelia", "not_our_fault")
    assert day.payments(closed) == []
    assert day.ledger(closed) == ()
    note = day.notes(ticket)[-1].splitlines()
    assert note[0] == f"Compensation DECLINED · no amount · {closed.about.id}"
    assert "Declined by amelia (compensation_lead), reason not_our_fault: The chain was slow." in note
    assert day.fields(ticket)["mw_state"] == "declined"
    assert day.fields(ticket)["mw_amount"] is None
    assert "Rejected by Amelia Chen" in str(card["blocks"])
    assert day.history(closed)[-2:] == [("declined", "amelia"), ("closed", "sync")]
    assert day.whispers(AMELIA)[-1] == f"You rejected {closed.about.id}. Nothing is paid."


def test_a_claim_that_the_policy_does_not_cover_is_declined_without_asking_anybody(day: Day) -> None:
    ada = day.customer()
    ada.knows({**LATE, "delay_cause": "chain"})

    ticket = ada.complains()
    closed = day.await_stage(ticket, Stage.CLOSED)
    day.card_says(closed, "was declined")

    assert isinstance(closed, Closed)
    assert isinstance(closed.settled, Declined)
    assert closed.settled.decision is None
    assert day.payments(closed) == []
    notes = day.notes(ticket)
    assert len(notes) == 1
    assert "ineligible: the delay was not ours" in notes[0]
    assert "Declined by the policy; no person was asked." in notes[0]
    assert [event for event, _ in day.history(closed)] == ["opened", "proposed", "declined", "closed"]


def test_goodwill_that_is_used_up_pays_nothing_and_says_so(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE, goodwill_paid_12_months="600.00")

    ticket = ada.complains()
    closed = day.await_stage(ticket, Stage.CLOSED)

    assert isinstance(closed, Closed)
    assert isinstance(closed.settled, Declined)
    assert closed.settled.proposal.amount is not None
    assert closed.settled.proposal.amount.minor == 0
    assert day.payments(closed) == []
    assert "the goodwill of twelve months is used up" in day.notes(ticket)[-1]


def test_missing_evidence_is_named_and_a_case_goes_on_once_it_is_there(day: Day) -> None:
    ada = day.customer()
    ada.knows({name: value for name, value in LATE.items() if name != "hours_late"})
    ticket = ada.complains()
    waiting = day.await_stage(ticket, Stage.NEEDS_ATTENTION)
    assert isinstance(waiting, NeedsAttention)
    assert waiting.missing == ("hours_late",)
    until(lambda: len(day.notes(ticket)) == 1)
    assert day.notes(ticket)[0].splitlines()[:3] == [
        f"Compensation NEEDS ATTENTION · no amount · {waiting.about.id}",
        "The policy needs facts that nobody has given.",
        "Missing: hours_late",
    ]

    ada.knows(LATE)
    with day.house.database.begin() as tx:
        assert one_case.look_again(day.house.desk, tx, waiting.about.id, "amelia", now=datetime.now(UTC))
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    day.card_says(asked, "Your decision is asked for")
    day.click(AMELIA, asked, APPROVE)
    closed = day.await_stage(ticket, Stage.CLOSED)

    assert day.payments(closed) == [(ada.id, "15.00", "USDT", "confirmed")]
    assert [event for event, _ in day.history(closed)][:5] == [
        "opened",
        "needs attention",
        "looked again",
        "proposed",
        "asked",
    ]


def test_a_ticket_that_names_no_transaction_waits_until_an_agent_fills_it_in(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)
    ticket = ada.complains(transaction_id=None)
    waiting = day.await_stage(ticket, Stage.NEEDS_ATTENTION)
    assert isinstance(waiting, NeedsAttention)
    assert waiting.missing == ("transaction_id",)

    day.edit(ticket, transaction_id=ada.reference)
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)

    assert asked.about.id == waiting.about.id
    assert asked.about.loss == ada.loss


def test_two_tickets_of_one_loss_are_one_case_and_one_payment(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)

    first = ada.complains()
    asked = day.await_stage(first, Stage.AWAITING_APPROVAL)
    second = ada.complains(number=2, transaction_id=f" {ada.reference.lower()} ")
    until(lambda: len(day.notes(second)) == 1)
    day.click(AMELIA, asked, APPROVE)
    closed = day.await_stage(second, Stage.CLOSED)

    assert day.case_of(first) == day.case_of(second)
    assert len(day.payments(closed)) == 1
    for ticket in (first, second):
        assert day.fields(ticket)["mw_state"] == "paid"
        assert [note.split(" · ")[0] for note in day.notes(ticket)] == [
            "Compensation PROPOSED",
            "Compensation APPROVED",
            "Compensation PAID",
        ]


def test_a_loss_that_was_paid_before_is_not_paid_again(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)
    first = ada.complains()
    day.click(AMELIA, day.await_stage(first, Stage.AWAITING_APPROVAL), APPROVE)
    closed = day.await_stage(first, Stage.CLOSED)

    later = ada.complains(number=2)
    until(lambda: day.fields(later)["mw_state"] == "paid")

    assert day.case_of(later) == day.case_of(first)
    assert [note.split(" · ")[0] for note in day.notes(later)] == ["Compensation PAID"]
    assert len(day.payments(closed)) == 1
    assert ("linked", "sync") in day.history(closed)
    assert ("paid", "provider") in day.history(closed)


def test_a_changed_claim_voids_the_approvals_given_so_far(day: Day) -> None:
    ada, other = day.customer(), day.customer()
    ada.knows(TWICE)
    ada.knows({**TWICE, "charge_amount": "1800.00"}, reference=other.reference)
    ticket = ada.complains(CHARGED)
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    day.click(AMELIA, asked, APPROVE)
    until(lambda: day.approvals(ticket) == 1)
    seen = day.card(asked)["blocks"][-1]["elements"][0]["value"]

    day.edit(ticket, transaction_id=other.reference)
    until(lambda: "1800.00 EUR" in day.card(asked)["text"])
    day.click(NOAH, asked, APPROVE, value=seen)
    until(lambda: len(day.whispers(NOAH)) > 0)

    changed = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    assert isinstance(changed, AwaitingApproval)
    assert changed.approvals == ()
    assert changed.proposal.revision == 2
    assert str(changed.proposal.amount) == "1800.00 EUR"
    assert day.payments(changed) == []
    assert "it is now 1800.00 EUR (revision 2)" in day.whispers(NOAH)[-1]
    assert "claim changed" in [event for event, _ in day.history(changed)]


def test_what_looks_like_fraud_takes_an_analyst_and_then_a_lead(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE, fraud_score="95")

    ticket = ada.complains()
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    card = day.card(asked)
    assert card["channel"] == FRAUD
    assert ":warning: Fraud score 95" in str(card["blocks"])
    day.click(AMELIA, asked, APPROVE)
    until(lambda: f"You do not hold a role that may decide {asked.about.id} now" in " ".join(day.whispers(AMELIA)))
    day.click(PRIYA, asked, APPROVE)
    until(lambda: day.approvals(ticket) == 1)
    assert day.payments(asked) == []
    day.click(AMELIA, asked, APPROVE)
    closed = day.await_stage(ticket, Stage.CLOSED)

    assert isinstance(closed, Closed)
    assert isinstance(closed.settled, Paid)
    assert [(each.person, each.stage) for each in closed.settled.approvals] == [("priya", 0), ("amelia", 1)]
    assert day.payments(closed) == [(ada.id, "15.00", "USDT", "confirmed")]
    assert f"Your approval of {closed.about.id} counts. It still takes 1 of: Compensation lead." in day.whispers(PRIYA)


def test_a_payout_whose_answer_is_lost_is_paid_once(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)
    ticket = ada.complains()
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)

    day.town.trouble("payouts", "dropped_after_write", "POST /v1/payouts", times=1)
    day.click(AMELIA, asked, APPROVE)
    closed = day.await_stage(ticket, Stage.CLOSED)

    assert day.payments(closed) == [(ada.id, "15.00", "USDT", "confirmed")]
    sent = [each for each in day.requests_to_provider(closed) if each["method"] == "POST"]
    assert len(sent) == 1
    assert len(day.ledger(closed)) == 3


def test_a_payee_whom_the_provider_does_not_know_needs_a_person_and_leaves_the_books_even(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)
    day.town.send("/payouts/_sandbox/payees", {"unknown": [ada.id]})
    ticket = ada.complains()

    day.click(AMELIA, day.await_stage(ticket, Stage.AWAITING_APPROVAL), APPROVE)
    stopped = day.await_stage(ticket, Stage.NEEDS_ATTENTION)
    until(lambda: day.fields(ticket)["mw_state"] == "needs_attention")

    assert isinstance(stopped, NeedsAttention)
    assert stopped.reason == "The payout needs a person: the payout failed: unknown_payee"
    assert day.payments(stopped) == [(ada.id, "15.00", "USDT", "failed")]
    steps = [each.memo.rpartition(" ")[2] for each in day.ledger(stopped)]
    assert steps == ["approved", "sent", "paid", "withdrawn"]  # "not paid", and the promise taken back.
    assert {money.minor for money in trial_balance(day.ledger(stopped)).values()} == {0}
    assert day.card_says(stopped, "Somebody must look at this")


def test_nobody_deciding_in_time_is_said_in_the_thread_and_approves_nothing(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)
    ticket = ada.complains()
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    assert isinstance(asked, AwaitingApproval)
    assert asked.decide_by - asked.asked_at == timedelta(hours=24)

    key = f"{asked.about.id}/{asked.proposal.fingerprint}"
    one_case.escalate(day.house.desk, key, now=asked.decide_by)
    until(lambda: [line for line in day.thread(asked) if line.startswith("Nobody has decided by")])

    assert day.await_stage(ticket, Stage.AWAITING_APPROVAL) == asked
    assert day.payments(asked) == []
    assert day.history(asked)[-1] == ("escalated", "policy")


def test_a_question_goes_to_the_ticket_and_the_thread(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)
    ticket = ada.complains()
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)

    day.click(AMELIA, asked, ASK)
    day.submit(AMELIA, {QUESTION_INPUT: {QUESTION_INPUT: "Did <!channel> see the receipt?"}})
    until(lambda: len(day.notes(ticket)) == 2)

    assert day.notes(ticket)[-1].splitlines() == [
        f"Compensation QUESTION · {asked.about.id}",
        "amelia asks: Did <!channel> see the receipt?",
        "Answer with an internal note on this ticket.",
    ]
    until(lambda: [line for line in day.thread(asked) if line.startswith("Amelia Chen asks the agent:")])
    assert not [line for line in day.thread(asked) if "<!channel>" in line]
    assert day.await_stage(ticket, Stage.AWAITING_APPROVAL) == asked
