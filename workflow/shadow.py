"""What shadow mode holds back goes on once the account is live; and what was asked before is held back."""

from datetime import datetime

from cases.case import Stage
from store import cards
from store.database import Transaction
from workflow.desk import Desk
from workflow.one_case import PROPOSE
from workflow.telling import tell_card

MOST_HELD_BACK = 100_000


def lead_on(desk: Desk, tx: Transaction, *, now: datetime) -> int:
    """Propose anew every case that was held back in shadow mode and is no longer, and return how many.

    Cards in Slack that can be decided, and should not be any more, or the other way round, are brought up to date.
    """
    held = desk.cases.list(tx.connection, stage=Stage.PROPOSED, limit=MOST_HELD_BACK)
    live = [each for each in held if not desk.is_shadow(each.case.about)]
    for each in live:
        tx.enqueue(PROPOSE, f"{each.case.about.id}/{each.version}/live")
    standing = cards.standing(tx.connection)
    for each in desk.cases.list(tx.connection, stage=Stage.AWAITING_APPROVAL, limit=MOST_HELD_BACK):
        says_held_back = standing.get(each.number) == 0
        if each.number in standing and says_held_back is not desk.is_shadow(each.case.about):
            tell_card(tx, each, now=now)
    return len(live)
