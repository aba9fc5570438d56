"""Every outcome in the seed, worked out once more from the tickets and the facts, by code that shares nothing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext

import pytest

from sandbox.accounts.records import Kind, NotKnown, OtherCustomer, Records
from sandbox.seed import Expected, Seed, load_expected, load_seed

Facts = Mapping[str, str]
Judged = tuple[str, Decimal | None]

SEED = load_seed()
EXPECTED = {each.ticket_id: each for each in load_expected()}
TICKETS = {ticket["id"]: ticket for ticket in SEED.tickets}
CUSTOMERS = {user["id"]: user["external_id"] for user in SEED.users}
PLACES = {"USDT": 6, "EUR": 2, "JPY": 0}
TOPIC, FIELD_OF_KIND = 900_001, {"order": 900_002, "position": 900_003, "transaction": 900_004, "incident": 900_005}
NEEDED_OF_ALL = ("fraud_score", "sanctions_hit")


def okb(facts: Facts, _: Facts) -> Judged:
    at = datetime.fromisoformat(facts["liquidated_at"]).astimezone(UTC)
    covered = facts["product"] in {"margin_spot", "flexible_loan", "cross_margin"} and facts["side"] == "long"
    if not covered or not datetime(2024, 1, 23, 9, 7, tzinfo=UTC) <= at <= datetime(2024, 1, 23, 9, 9, 59, tzinfo=UTC):
        return "ineligible", Decimal(0)
    gap = max(Decimal("48.36") - Decimal(facts["liquidation_price"]), Decimal(0))
    extra = sum(Decimal(facts[name]) for name in ("liquidation_penalty", "fee", "other_collateral_costs"))
    loss = gap * Decimal(facts["quantity"]) + extra - Decimal(facts["insurance_fund_loss"])
    return "valid_claim", max(loss, Decimal(0)).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def nem(facts: Facts, _: Facts) -> Judged:
    if datetime.fromisoformat(facts["snapshot_at"]) != datetime.fromisoformat("2018-01-26T23:59:59+09:00"):
        return "individual_review", None
    return "valid_claim", (Decimal("88.549") * Decimal(facts["holding"])).quantize(Decimal(1), ROUND_HALF_UP)


def lever(facts: Facts, _: Facts) -> Judged:
    net = Decimal(facts["window_losses"]) - Decimal(facts["window_profits"])
    if net < 0:
        return "ineligible", Decimal(0)
    return "goodwill", (net * Decimal("0.3")).quantize(Decimal("0.000001"), ROUND_DOWN)


def late(facts: Facts, customer: Facts) -> Judged:
    if facts["delay_cause"] == "compliance_hold":
        return "individual_review", None
    hours = Decimal(facts["hours_late"])
    if facts["delay_cause"] != "platform" or hours < 2:
        return "ineligible", Decimal(0)
    amount = Decimal(5 if hours < 6 else 15 if hours < 24 else 40)
    if hours >= 72:
        amount = min(max(Decimal(facts["value_usdt"]) * Decimal("0.005"), Decimal(40)), Decimal(500))
    return "goodwill", max(min(amount, 600 - Decimal(customer["goodwill_paid_12_months"])), Decimal(0))


def twice(facts: Facts, _: Facts) -> Judged:
    times = int(facts["charged_times"])
    loss = Decimal(facts["charge_amount"]) * (times - 1) - Decimal(facts["refunded_amount"]) + Decimal(facts["fee"])
    return ("valid_claim", loss) if times >= 2 and loss > 0 else ("ineligible", Decimal(0))


RULES: dict[str, tuple[Kind, Callable[[Facts, Facts], Judged]]] = {
    "okb_volatility_2024_01": ("position", okb),
    "nem_incident_2018": ("incident", nem),
    "lever_perpetual_2025_10": ("incident", lever),
    "delayed_withdrawal": ("transaction", late),
    "duplicate_charge": ("transaction", twice),
}
NEEDED = {
    "okb_volatility_2024_01": (
        *("product", "side", "quantity", "liquidation_price", "liquidation_penalty", "fee"),
        *("other_collateral_costs", "insurance_fund_loss", "liquidated_at"),
    ),
    "nem_incident_2018": ("holding", "snapshot_at"),
    "lever_perpetual_2025_10": ("window_losses", "window_profits"),
    "delayed_withdrawal": ("value_usdt", "completed_at", "hours_late", "delay_cause", "goodwill_paid_12_months"),
    "duplicate_charge": ("asset", "charge_amount", "charged_times", "refunded_amount", "fee"),
}
ASSET = {"nem_incident_2018": "JPY"}


def outcome(seed: Seed, ticket_id: int) -> tuple[object, ...]:
    """Return what a ticket comes to, in the fields of `summary`, but for repeats of one loss."""
    ticket = TICKETS[ticket_id]
    if ticket["status"] == "deleted":
        return ("deleted",)
    if "merged_into" in ticket:
        return ("merged", ticket["merged_into"])
    fields = {each["id"]: each["value"] for each in ticket["custom_fields"]}
    if fields[TOPIC] is None:
        return ("no_case",)
    kind, rule = RULES[fields[TOPIC]]
    customer_id, reference = CUSTOMERS[ticket["requester_id"]], fields[FIELD_OF_KIND[kind]]
    if customer_id is None or reference is None:
        return ("needs_attention", None, "missing_input", ("customer_id" if customer_id is None else f"{kind}_id",))
    loss = f"{kind}/{reference}"
    try:
        record = Records(seed.records).find(kind, reference, customer_id=customer_id)
    except (NotKnown, OtherCustomer) as error:
        reason = "customer_mismatch" if isinstance(error, OtherCustomer) else "reference_not_found"
        return ("needs_attention", loss, reason, ())
    facts = {name: fact for name, fact in record.facts.items() if isinstance(fact, str)}
    known = {**facts, **record.customer}
    if missing := sorted({*NEEDED[fields[TOPIC]], *NEEDED_OF_ALL} - set(known)):
        return ("needs_attention", loss, "missing_input", tuple(missing))
    asset = known["asset"] if fields[TOPIC] == "duplicate_charge" else ASSET.get(fields[TOPIC], "USDT")
    with localcontext(prec=60):
        classification, amount = rule(facts, record.customer)
    if int(known["fraud_score"]) >= 80 or known["sanctions_hit"] == "yes":
        classification = "fraud_review"
    return ("proposal", loss, classification, None if amount is None else f"{amount:.{PLACES[asset]}f}", asset)


def summary(expected: Expected) -> tuple[object, ...]:
    if expected.outcome == "proposal":
        return ("proposal", expected.loss, expected.classification, expected.amount, expected.asset)
    if expected.outcome == "needs_attention":
        return ("needs_attention", expected.loss, expected.reason, expected.missing)
    return ("merged", expected.same_as) if expected.outcome == "merged" else (expected.outcome,)


@pytest.mark.parametrize("ticket_id", [each for each in EXPECTED if EXPECTED[each].outcome != "same_case"])
def test_the_outcome_written_by_hand_is_what_the_rules_give(ticket_id: int) -> None:
    assert outcome(SEED, ticket_id) == summary(EXPECTED[ticket_id])


@pytest.mark.parametrize("ticket_id", [each for each in EXPECTED if EXPECTED[each].outcome == "same_case"])
def test_a_repeat_is_about_the_loss_of_an_earlier_ticket_of_the_same_customer(ticket_id: int) -> None:
    first = EXPECTED[ticket_id].same_as
    assert first is not None

    assert outcome(SEED, ticket_id) == outcome(SEED, first) == summary(EXPECTED[first])
    assert TICKETS[ticket_id]["requester_id"] == TICKETS[first]["requester_id"]
    assert TICKETS[ticket_id]["created_at"] > TICKETS[first]["created_at"]


def test_no_loss_opens_two_cases() -> None:
    opened = [
        (each.loss, CUSTOMERS[TICKETS[each.ticket_id]["requester_id"]])
        for each in EXPECTED.values()
        if each.outcome in ("proposal", "needs_attention") and each.loss is not None
    ]

    assert len(opened) == len(set(opened))


def test_what_is_paid_at_once_is_what_a_claim_is_worth_unless_the_payee_is_unknown() -> None:
    for each in EXPECTED.values():
        worth = (
            each.classification in ("valid_claim", "goodwill") and each.amount is not None and Decimal(each.amount) > 0
        )
        unknown = CUSTOMERS[TICKETS[each.ticket_id]["requester_id"]] in SEED.unknown_payees
        assert each.payout == (("unknown_payee" if unknown else "confirmed") if worth else None)
