"""A first people.yaml, and the policies that serve any company: to be filled in and changed."""

from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "policies"
#: The shipped policies that are about no particular incident of somebody else's.
POLICIES = ("delayed-withdrawal.yaml", "duplicate-charge.yaml")
PEOPLE = """\
# Who may decide, in which role, and up to how much of each asset. An asset that is not listed may not be approved.
# Replace these people: each needs their Slack user id (U…), or they cannot be asked. Who asked for a case or handles it
# never decides it, so each role has one person more than the policies need.
#
# <our id>:
#   name:      as cards and history show it
#   locale:    language of private answers: en, zh
#   slack:     their Slack user id
#   helpdesk:  their ids at helpdesks, so that nobody decides a case they handle: ["zendesk:harbor:1003"]
#   notified:  mentioned on cards they could decide (usual: true)
#   roles:     what they may agree to

people:
  first_lead:
    name: First compensation lead
    # slack: U…
    roles:
      compensation_lead: [100_000 USDT, 100_000 EUR]
  second_lead:
    name: Second compensation lead
    # slack: U…
    roles:
      compensation_lead: [100_000 USDT, 100_000 EUR]
  head_of_support:
    name: Head of support
    # slack: U…
    roles:
      head_of_support: [100_000 USDT, 100_000 EUR]
      policy_approver: [] # releases policies that somebody else wrote; pays nothing, so it has no limits
  finance:
    name: Finance
    # slack: U…
    roles:
      finance: [100_000 USDT, 100_000 EUR]
      policy_approver: []
  second_finance:
    name: Second person in finance
    # slack: U…
    roles:
      finance: [100_000 USDT, 100_000 EUR]
  fraud_analyst:
    name: Fraud analyst
    # slack: U…
    roles:
      fraud_analyst: [100_000 USDT, 100_000 EUR]
  second_fraud_analyst:
    name: Second fraud analyst
    # slack: U…
    roles:
      fraud_analyst: [100_000 USDT, 100_000 EUR]

# A role lent for a time: {from: first_lead, to: second_lead, role: compensation_lead, limits: [500 USDT],
#   starts_at: 2026-12-20T00:00:00Z, ends_at: 2027-01-04T00:00:00Z}
delegations: []
"""


def first_policies() -> dict[str, str]:
    """Return the text of each policy to start from, by its file's name."""
    return {name: (SHIPPED / name).read_text(encoding="utf-8") for name in POLICIES}
