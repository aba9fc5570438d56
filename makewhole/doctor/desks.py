"""Checks of the helpdesks: whom they take us for, what may be read and written there, and whether they call us."""

from collections.abc import Callable, Iterator

from cases.ticket import Vendor
from config.helpdesks import Helpdesk as HelpdeskSettings
from connectors.contract import AccessRefused, BudgetLeft, Helpdesk, TryLater, UnexpectedReply
from connectors.transport import Exchange
from makewhole.doctor import hooks
from makewhole.doctor.check import Check, Examined, Group, fail, ok, warn
from makewhole.helpdesks import connect, hurried

LITTLE_LEFT = 0.1
ERRORS = (TryLater, AccessRefused, UnexpectedReply)


def of_vendor(vendor: Vendor) -> Group:
    """Return the group that examines this vendor's accounts; it finds nothing where none is set."""

    def group(seen: Examined) -> Iterator[Check]:
        for given in seen.settings.helpdesks.values():
            if given.vendor == vendor:
                yield from _examine(seen, given)

    return group


def _examine(seen: Examined, given: HelpdeskSettings) -> Iterator[Check]:
    """Try credentials, identity, fields and reading, read one ticket whole, look for our webhook and ping our door."""
    vendor = given.vendor

    def on_response(exchange: Exchange) -> None:
        seen.hear(vendor.capitalize(), exchange.told_at)

    source = f"{vendor}:{given.account}"
    desk = connect(hurried(seen.settings).helpdesks[source], on_response=on_response)
    for each in desk.checks(today=seen.clock().date()):
        name = f"{vendor}.{each.name}"
        if each.fix is None:
            yield ok(name, each.tried, each.found)
        else:
            yield (fail if each.urgent else warn)(name, each.tried, each.found, fix=each.fix)
    yield _one_ticket(desk, given)
    yield from hooks.registered(seen, desk, given)
    yield hooks.arrives(seen, desk, given)
    left = desk.budget()
    if left is not None:
        yield _headroom(vendor, left)


def _one_ticket(desk: Helpdesk, given: HelpdeskSettings) -> Check:
    name, tried = f"{desk.vendor}.ticket", f"read one ticket changed since {given.start:%Y-%m-%d} whole"
    try:
        page = desk.changed_since(None, start=given.start)
        for ticket in page.tickets:
            whole = desk.read(ticket.ref)
            if whole is not None:
                return ok(name, tried, f"{ticket.ref}, comments: {len(whole[0].comments)}")
    except ERRORS as error:
        return fail(name, tried, str(error), fix="as above; else this needs a look at the connector")
    if page.unreadable:
        return fail(name, tried, "none was understood", fix="this needs a look at the connector")
    return ok(name, tried, "there is none yet")


def _headroom(vendor: Vendor, left: BudgetLeft) -> Check:
    name, tried = f"{vendor}.limit", "read the limit of the last answer"
    found = f"{left.remaining} of {left.limit} {left.name} left"
    if left.remaining < left.limit * LITTLE_LEFT:
        return warn(name, tried, found, fix=f"set {vendor}.calls_per_minute lower, or let the plan be raised")
    return ok(name, tried, found)


GROUPS: dict[str, Callable[[Examined], Iterator[Check]]] = {
    vendor: of_vendor(vendor) for vendor in ("zendesk", "salesforce", "jira")
}
