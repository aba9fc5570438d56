"""What an approver must not overlook, as lines of a card in the channel's language; pure."""

from bot.content import Caution, Contradiction, DecidedOtherwise, FraudScore, OtherTickets, SanctionsHit
from bot.foreign import marked
from bot.precedents import decided
from bot.words import Words

_LONGEST_NAME = 80
_LONGEST_FACT = 40
_MOST_SHOWN = 6
_MOST_NAMED = 4


def caution_lines(cautions: tuple[Caution, ...], say: Words) -> tuple[str, ...]:
    """Return a line of mrkdwn for each of the first few; empty when there is none."""
    lines = [f":warning: {_caution(each, say)}" for each in cautions[:_MOST_SHOWN]]
    if len(cautions) > _MOST_SHOWN:
        lines.append(say("And {count} more, see the case.", count=len(cautions) - _MOST_SHOWN))
    return tuple(lines)


def _caution(warning: Caution, say: Words) -> str:
    match warning:
        case FraudScore():
            return say("Fraud score {score}", score=marked(warning.score, _LONGEST_FACT))
        case SanctionsHit():
            return say("Possible hit on a sanctions list")
        case OtherTickets():
            named = ", ".join(marked(str(each), _LONGEST_NAME) for each in warning.tickets[:_MOST_NAMED])
            return say(
                "More tickets about this loss ({count}): {tickets}",
                count=len(warning.tickets),
                tickets=named + (" …" if len(warning.tickets) > _MOST_NAMED else ""),
            )
        case Contradiction():
            said = " · ".join(
                f"{marked(who, _LONGEST_FACT)}: {marked(what, _LONGEST_FACT)}"
                for who, what in warning.said[:_MOST_NAMED]
            )
            return say("Sources disagree on {fact}: {said}", fact=marked(warning.fact, _LONGEST_FACT), said=said)
        case DecidedOtherwise(precedent=there):
            return say(
                "Decided otherwise with the same facts: {case}, {decided}, policy version {version}",
                case=there.case_id,
                decided=decided(there, say),
                version=marked(there.policy_version, _LONGEST_FACT),
            )
