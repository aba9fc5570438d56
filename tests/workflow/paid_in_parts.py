"""The shipped policy as it would be if it paid in parts: fifteen USDT for a withdrawal that is six hours late."""

from tests.workflow.desk_at_work import ROOT
from workflow.submitting import Draft, draft

NAME = "delayed-withdrawal"
SHIPPED = (ROOT / "config" / "policies" / f"{NAME}.yaml").read_text(encoding="utf-8")

AT_ONCE = """pay form:
  - name: in coins
    takes: 20% of amount
    as: in kind
    asset: OKB
    at: 50 USDT per OKB
  - name: for the next trades
    takes: 4 USDT
    as: credit
  - name: thanks
    takes: 3 USDT
    as: voucher
    valid for: 90 days
  - name: the rest
    takes: rest
    as: cash
"""


IN_INSTALMENTS = """pay form:
  - name: now
    takes: 40% of amount
    as: cash
  - name: month after month
    takes: rest
    as: cash
    instalments: 3
    every: 30 days
    remainder: last
"""

#: Two thirds wait until somebody is verified, and lapse when that comes too late.
AFTER_VERIFICATION = """pay form:
  - name: now
    takes: 5 USDT
    as: cash
  - name: after verification
    takes: rest
    as: voucher
    valid for: 90 days
    waits for: verified
    lapses when: gave_up
"""
VERIFIED = "  verified: yes/no\n  gave_up: yes/no\n"

POINTS = """
benefits:
  - name: points
    when: hours_late is at least 2 hours
    gives: 2 POINTS per hour * hours_late
"""


def text_of(form: str, *, version: str = "2", more: str = "", inputs: str = "") -> str:
    """Return the shipped policy as a later version that pays so; `more` are further sections."""
    text = SHIPPED.replace("version: 1", f"version: {version}").replace("2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z")
    text = text.replace("pay form: cash\n", f"units: [POINTS]\n{form}").replace("inputs:\n", f"inputs:\n{inputs}", 1)
    if inputs:
        usual = "".join(f"  {line.split(':')[0].strip()}: no\n" for line in inputs.splitlines())
        text = text.replace("usual inputs:\n", f"usual inputs:\n{usual}", 1)
    if more:  # Somebody agrees to what is given beside nothing.
        text = text.replace("  - when: {amount: 0}\n    stages: none\n", "")
        text = text.replace("is used up, approvals: none}", "is used up}")
    return text + more


def pays(form: str, *, version: str = "2", more: str = "", inputs: str = "") -> Draft:
    """Return the same, ready to be submitted."""
    return draft(text_of(form, version=version, more=more, inputs=inputs), f"{NAME}.yaml", people=None)
