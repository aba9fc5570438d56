"""The parts of a case on its card, in the channel's language; pure."""

from bot.foreign import marked
from bot.words import Words
from cases.case import Case, proposal_of
from cases.parts import Form, Part, PartStanding, PartState, Standing
from cases.parts_told import standing_in

MOST_SHOWN = 12
_LONGEST_NAME = 60
_LONGEST_WHY = 100


def part_lines(case: Case, say: Words) -> tuple[str, ...]:
    """Return a line of mrkdwn for each part of what is proposed; empty where all is paid at once in cash."""
    proposal = proposal_of(case)
    parts, standing = (proposal.parts if proposal else ()), standing_in(case)
    lines = [
        f"• {marked(part.name, _LONGEST_NAME)}: {_what(part, say)}, {_stands(part, standing[place : place + 1], say)}"
        for place, part in enumerate(parts)
    ]
    more = len(lines) - MOST_SHOWN
    return (*lines[:MOST_SHOWN], say("And {count} more, see the case.", count=more)) if more > 0 else tuple(lines)


def _what(part: Part, say: Words) -> str:
    said = _form(part, say)
    if part.valid_for is not None:
        said = say("{what}, valid for {time}", what=said, time=part.valid_for)
    if part.instalments > 1:
        said = say("{what}, instalment {number} of {of}", what=said, number=part.instalment, of=part.instalments)
    return said


def _form(part: Part, say: Words) -> str:
    amount = marked(str(part.pays), _LONGEST_NAME)
    match part.form:
        case Form.CASH:
            return amount
        case Form.CREDIT:
            return say("{amount} as credit", amount=amount)
        case Form.VOUCHER:
            return say("{amount} as a voucher", amount=amount)
        case Form.IN_KIND:
            return say("{amount} in kind for {money}", amount=amount, money=part.stands_for)
        case Form.BENEFIT:
            return say("{amount} beside it", amount=amount)


def _stands(part: Part, standing: tuple[PartStanding, ...], say: Words) -> str:
    if not standing:
        match part.state:
            case PartState.DUE:
                return say("at once") if part.instalment == 1 else say("later")
            case PartState.WAITING:
                return say("waits")
            case PartState.LAPSED:
                return say("not paid any more")
    return _now(standing[0], say)


def _now(stands: PartStanding, say: Words) -> str:  # One word for each.
    match stands.state:
        case Standing.WAITING:
            return say("waits")
        case Standing.LATER:
            return say("comes on {day}", day=f"{stands.due_at:%Y-%m-%d}")
        case Standing.UNDER_WAY:
            return say("under way")
        case Standing.PAID:
            return say("paid, reference {reference}", reference=marked(stands.reference, _LONGEST_WHY))
        case Standing.FAILED:
            return say("not paid: {why}", why=marked(stands.why, _LONGEST_WHY))
        case Standing.HELD:
            return say("perhaps paid: {why}", why=marked(stands.why, _LONGEST_WHY))
        case Standing.LAPSED | Standing.GIVEN_UP:
            return say("not paid any more")
