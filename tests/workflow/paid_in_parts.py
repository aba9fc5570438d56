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


def pays(form: str, *, version: str = "2", more: str = "", inputs: str = "") -> Draft:
    """Return the shipped policy as a later version that pays so; `more` are further sections."""
    written = SHIPPED.replace("version: 1", f"version: {version}").replace(
        "2025-01-01T00:00:00Z", "2026-11-01T00:00:00Z"
    )
    written = written.replace("pay form: cash\n", form).replace("inputs:\n", f"inputs:\n{inputs}", 1)
    return draft(written + more, f"{NAME}.yaml", people=None)
