"""Earlier decisions beside a proposal, in words; pure."""

from bot.foreign import marked
from bot.words import Words
from cases.money import Money
from cases.precedents import Consistency, Precedent

_LONGEST_FACT = 40
_MOST_NAMED = 2


def consistency_line(compared: Consistency, say: Words) -> str:
    """Return how earlier cases of the line were decided, and the nearest one, as mrkdwn."""
    counted = say(
        "Earlier decisions on this line: {count}, agreed to: {agreed}", count=compared.compared, agreed=compared.agreed
    )
    return " · ".join((counted, *(precedent_line(each, say) for each in compared.nearest[:1])))


def precedent_line(precedent: Precedent, say: Words, *, most: int = _MOST_NAMED) -> str:
    """Return how one earlier case was decided and what differs: "CASE-9: 40 USDT, here +5 (hours late 5, here 7)"."""
    facts = ", ".join(
        say(
            "{fact} {there}, here {here}",
            fact=marked(name.replace("_", " "), _LONGEST_FACT),
            there=marked(there, _LONGEST_FACT),
            here=marked(here, _LONGEST_FACT),
        )
        for name, there, here in precedent.differs[:most]
    )
    alike = say("the same facts")
    said = [f"{precedent.case_id}: {decided(precedent, say)}"]
    if precedent.more_here is not None:
        said.append(say("here {change}", change=signed(precedent.more_here)))
    if precedent.band is not None:
        said.append(say("agreed by {band}", band=marked(precedent.band or "–", _LONGEST_FACT)))
    return f"{', '.join(said)} ({facts or alike})"


def signed(change: Money) -> str:
    """Return a difference with its sign: "+5.00", "-12.50"."""
    return f"+{change.text()}" if change.minor > 0 else change.text()


def decided(precedent: Precedent, say: Words) -> str:
    """Return how it was decided: "40.00 USDT", "declined"."""
    if not precedent.agreed:
        return say("declined")
    return str(precedent.amount) if precedent.amount is not None else say("agreed without payment")
