"""What a refused Case means: some fields, by our names, or something else. Pure.

Salesforce names the fields it refuses, in its own names; an unknown column in its words only (INVALID_FIELD), and a
validation rule may name none. Then all fields of the update are refused: without them the note can still be written.
"""

from connectors.contract import AccessRefused, FieldsRefused, TicketUpdate, UnexpectedReply
from connectors.salesforce.refusals import VendorError, describe, part_meaning
from connectors.salesforce.settings import SalesforceSettings

STATE = "mw_state"
STATUS = "Status"
MOST_WORDS = 200
ROLLED_BACK = frozenset({"PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK"})


class CaseRefused(UnexpectedReply):
    """The Case itself takes no change of ours, whatever the fields: a validation rule, a lock, our mark's field."""


def only_rolled_back(errors: tuple[VendorError, ...]) -> bool:
    """Whether it failed because something else did."""
    return bool(errors) and all(error.code in ROLLED_BACK for error in errors)


def case_refusal(
    update: TicketUpdate, settings: SalesforceSettings, errors: tuple[VendorError, ...], *, status: int
) -> Exception:
    """Return what a refused change of a Case means: FieldsRefused, CaseRefused, or what else it is."""
    asked = f"update of {update.ref}"
    error = part_meaning(status, errors, asked)
    if not isinstance(error, AccessRefused | UnexpectedReply):
        return error
    ours = {theirs: name for name, theirs in settings.fields}
    sent = {name for name, _ in update.fields}
    named: dict[str, str] = {}
    for each in errors:
        for theirs in each.fields:
            name = STATE if theirs == STATUS else ours.get(theirs)
            if name in sent:
                named.setdefault(str(name), _words(each, update))
    said = f"{asked}: {describe(errors) or status}"
    if named:
        return FieldsRefused(said, fields=tuple(sorted(named.items())))
    if sent and not all(each.fields == (settings.mark_field,) for each in errors):
        words = _words(errors[0], update) if errors else str(status)
        return FieldsRefused(said, fields=tuple((name, words) for name in sorted(sent)))
    return CaseRefused(said)


def _words(error: VendorError, update: TicketUpdate) -> str:
    """Return the vendor's words without what we sent: that may have come from a customer."""
    words = error.message
    for _, value in update.fields:
        if value:
            words = words.replace(value, "…")
    return f"{error.code}: {words}"[:MOST_WORDS]
