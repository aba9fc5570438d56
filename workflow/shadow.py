"""What shadow mode held back goes on once the account is live."""

from cases.case import Stage
from store.database import Transaction
from workflow.desk import Desk
from workflow.one_case import PROPOSE

MOST_HELD_BACK = 100_000


def lead_on(desk: Desk, tx: Transaction) -> int:
    """Propose anew every case that was held back in shadow mode and is no longer, and return how many."""
    held = desk.cases.list(tx.connection, stage=Stage.PROPOSED, limit=MOST_HELD_BACK)
    live = [each for each in held if not desk.is_shadow(each.case.about)]
    for each in live:
        tx.enqueue(PROPOSE, f"{each.case.about.id}/{each.version}/live")
    return len(live)
