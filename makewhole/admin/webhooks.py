"""`makewhole webhooks`: make what is missing, look whether it works, change its secret without losing one."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.helpdesks import Helpdesk as HelpdeskSettings
from config.settings import Settings
from connectors.contract import (
    AccessRefused,
    ByHand,
    Helpdesk,
    Rehearsed,
    TryLater,
    UnexpectedReply,
    WebhookFound,
    WebhookInstalled,
)
from makewhole.admin.handing_over import Paper, paper
from makewhole.admin.rehearsal import Call, Mask, call_json, call_lines, mask_of
from makewhole.assembly import utc_now
from makewhole.doctor import hooks
from makewhole.doctor.check import Check, Examined, State
from makewhole.doctor.shown import print_checks
from makewhole.helpdesks import connect, webhook_url
from makewhole.opening import looked_into, read_settings, set_up_log
from makewhole.printing import print_json, to_people
from makewhole.trouble import WrongUsage

SECRET_BYTES = 32
#: These vendors make the secret themselves: one of ours is of no use to them.
CHOOSE_THEMSELVES = frozenset({"zendesk"})
ERRORS = (TryLater, AccessRefused, UnexpectedReply)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it for one account.

    Fields:
        source: "zendesk:harbor".
        result: "installed", "there", "prepared", "switched", "by_hand", "rehearsed" or "failed".
        said: In a sentence.
        steps: What a person does next, in this order.
        calls: The calls that a rehearsal did not make.
    """

    source: str
    result: str
    said: str
    steps: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account, and what is needed to look after its webhook."""

    settings: Settings
    given: HelpdeskSettings
    desk: Helpdesk
    mask: Mask

    @property
    def source(self) -> str:
        """The account's name: "zendesk:harbor"."""
        return f"{self.given.vendor}:{self.given.account}"

    @property
    def url(self) -> str:
        """Where its webhook shall point."""
        return webhook_url(self.settings, self.given)

    @property
    def known(self) -> tuple[str, ...]:
        """The secrets that the settings hold, the new one first."""
        return tuple(each.reveal() for each in self.given.webhook_secrets)

    def ours(self) -> WebhookFound | None:
        """Return the active webhook that points at us; None when there is none, or no program may look."""
        try:
            found = self.desk.webhooks()
        except ByHand:
            return None
        return next((each for each in found if each.url == self.url and each.active), None)

    def is_seen(self) -> bool:
        """Whether a program may look at the vendor's webhooks at all."""
        try:
            self.desk.webhooks()
        except ByHand:
            return False
        return True

    def knows(self, webhook: WebhookFound) -> bool:
        """Whether the settings have its secret, as far as the vendor tells it."""
        return bool(self.known) if webhook.secret is None else webhook.secret in self.known


def install(settings: Path, vendor: str | None, *, secret_file: Path | None, dry_run: bool, as_json: bool) -> int:
    """Make the webhooks that are missing; returns 1 when one could not be made."""
    with paper(secret_file, rehearsal=dry_run) as lent:
        accounts = _accounts(settings, vendor, rehearse=dry_run)
        if secret_file and len(accounts) > 1:
            raise WrongUsage("One file holds one secret: name the vendor, too.")
        return _print([_settled(each, _installed, lent) for each in accounts], as_json=as_json)


def rotate(
    settings: Path,
    vendor: str,
    *,
    secret_file: Path | None,
    switch: bool,
    without_ping: bool,
    dry_run: bool,
    as_json: bool,
    clock: Callable[[], datetime] = utc_now,
) -> int:
    """Prepare a new secret, or with `switch` let the vendor sign with it; returns 1 when that cannot be done yet."""

    def work(account: Account, lent: Paper) -> Outcome:
        if not switch:
            return _prepared(account, lent)
        return _switched(account, ping=not without_ping, clock=clock)

    with paper(secret_file, rehearsal=dry_run) as lent:
        accounts = _accounts(settings, vendor, rehearse=dry_run)
        return _print([_settled(each, work, lent) for each in accounts], as_json=as_json)


def verify(
    settings: Path, vendor: str | None, *, dry_run: bool, as_json: bool, clock: Callable[[], datetime] = utc_now
) -> int:
    """Look whether the webhooks are there, ours, and heard; returns 1 when anything is not as it should be."""
    found: list[Check] = []
    calls: list[Call] = []
    with looked_into(settings) as house, house.database.read() as connection:
        seen = Examined(settings=house.settings, clock=clock)
        for account in _accounts(settings, vendor, rehearse=dry_run):
            found += hooks.registered(seen, account.desk, account.given)
            found.append(hooks.arrives(seen, account.desk, account.given))
            try:
                found += hooks.delivered_by_vendor(seen, account.desk, account.given)
            except Rehearsed as rehearsed:
                calls += account.mask.over(rehearsed)
            found.append(hooks.last_arrival(seen, connection, account.desk))
    print_checks(found, as_json=as_json, more={"calls": [call_json(each) for each in calls]})
    if not as_json:
        for call in calls:
            to_people().print(f"Not made:\n{call_lines(call)}", markup=False)
    return 1 if any(each.state is not State.OK and not each.name.endswith(".last_delivery") for each in found) else 0


def _accounts(settings: Path, vendor: str | None, *, rehearse: bool) -> list[Account]:
    """Return the accounts that are meant; raises WrongUsage when the settings have none."""
    read = read_settings(settings)
    set_up_log(read)
    mask = mask_of(read)
    found = [
        Account(settings=read, given=given, desk=connect(given, rehearse=rehearse), mask=mask)
        for given in read.helpdesks.values()
        if vendor in {None, given.vendor}
    ]
    if not found:
        raise WrongUsage(f"The settings have no {vendor}: they have {', '.join(read.helpdesks)}.")
    return found


def _settled(account: Account, work: Callable[[Account, Paper], Outcome], lent: Paper) -> Outcome:
    """Return what came of the work, whatever a vendor says to it."""
    try:
        return work(account, lent)
    except ByHand as problem:
        return _by_hand(account, problem.steps)
    except Rehearsed as rehearsed:
        made = account.mask.over(rehearsed)
        return Outcome(source=account.source, result="rehearsed", said="nothing was changed; this would be", calls=made)
    except ERRORS as problem:
        return Outcome(source=account.source, result="failed", said=str(problem))


def _by_hand(account: Account, steps: tuple[str, ...], *, hide: str = "") -> Outcome:
    """Return the steps of a person, without the secret that belongs into one of them."""
    hidden = (hide, *account.known)
    shown = tuple(Mask(secrets=hidden).text(step) for step in steps)
    said = "no program may do this there; a person does it so"
    return Outcome(source=account.source, result="by_hand", said=said, steps=shown)


def _installed(account: Account, lent: Paper) -> Outcome:
    given = account.given
    there = account.ours()
    if there is not None and account.knows(there):
        said = f"{there.id} is there already and points at {account.url}"
        return Outcome(source=account.source, result="there", said=said)
    if not account.known or given.vendor in CHOOSE_THEMSELVES:
        lent.make_ready()
    wanted = account.known[0] if account.known else secrets.token_hex(SECRET_BYTES)
    try:
        made = account.desk.install_webhook(account.url, secret=wanted)
    except ByHand as problem:
        new = WebhookInstalled(id="", secret=wanted)
        return _by_hand(account, (*problem.steps, *_keep_it(account, new, lent)), hide=wanted)
    said = f"{made.id} points at {account.url}"
    result = "installed" if there is None else "there"
    return Outcome(source=account.source, result=result, said=said, steps=_keep_it(account, made, lent))


def _keep_it(account: Account, made: WebhookInstalled, lent: Paper) -> tuple[str, ...]:
    """Write the secret down, unless the settings have it already, and return what to do with it."""
    if made.secret is None or made.secret in account.known:
        return ()
    vendor = account.given.vendor
    where = lent.write(made.secret)
    listed = ", ".join([_reference(account, lent), *(each.reference for each in account.given.webhook_secrets[:1])])
    return (
        f"keep its signing secret ({where}) where the settings can read it: {_reference(account, lent)}",
        f"set {vendor}.webhook_secrets: [{listed}]",
        "restart `makewhole run`",
        f"`makewhole webhooks verify {vendor}`",
    )


def _prepared(account: Account, lent: Paper) -> Outcome:
    """Get a new secret with which nothing is signed yet."""
    vendor = account.given.vendor
    there = account.ours()
    if there is None and account.is_seen():
        said = f"no active webhook points at {account.url}: `makewhole webhooks install {vendor}` first"
        return Outcome(source=account.source, result="failed", said=said)
    if len(account.known) > 1:
        said = f"{vendor}.webhook_secrets holds two already: finish with --switch, or take one out"
        return Outcome(source=account.source, result="failed", said=said)
    lent.make_ready()
    secret = account.desk.prepare_secret(there.id if there else "")
    where = lent.write(secret)
    new = _reference(account, lent)
    listed = ", ".join([new, *(each.reference for each in account.given.webhook_secrets)])
    steps = (
        f"keep the new secret ({where}) where the settings can read it: {new}",
        f"set {vendor}.webhook_secrets: [{listed}], the new one first",
        "restart `makewhole run`: from then on deliveries signed with either are taken",
        f"`makewhole webhooks rotate {vendor} --switch`: {vendor} signs with the new one",
        "after a day, when nothing signed with the old one is tried again: take it out of the settings, restart",
    )
    said = f"a new secret is ready; {vendor} still uses the old one"
    return Outcome(source=account.source, result="prepared", said=said, steps=steps)


def _switched(account: Account, *, ping: bool, clock: Callable[[], datetime]) -> Outcome:
    """Let the vendor sign with the first of two secrets, once the door takes deliveries signed with either."""
    vendor = account.given.vendor
    if len(account.known) < 2:  # noqa: PLR2004  # The old and the new.
        said = f"{vendor}.webhook_secrets must hold the new secret and the old: `makewhole webhooks rotate {vendor}`"
        return Outcome(source=account.source, result="failed", said=said)
    there = account.ours()
    if there is None and account.is_seen():
        said = f"no active webhook points at {account.url}: `makewhole webhooks install {vendor}` first"
        return Outcome(source=account.source, result="failed", said=said)
    last = ("take the old secret out of the settings after a day, and restart",)
    if there is not None and there.secret == account.known[0]:
        said = f"{there.id} signs with the first of the two already"
        return Outcome(source=account.source, result="there", said=said, steps=last)
    if ping:
        heard = hooks.arrives(Examined(settings=account.settings, clock=clock), account.desk, account.given)
        if heard.state is not State.OK:
            said = f"nothing was changed: {heard.found}"
            return Outcome(source=account.source, result="failed", said=said, steps=(str(heard.fix),))
    made = account.desk.rotate_webhook(there.id if there else "", secret=account.known[0])
    said = f"{made.id} signs with the new secret from now on"
    return Outcome(source=account.source, result="switched", said=said, steps=last)


def _reference(account: Account, lent: Paper) -> str:
    if lent.file is not None:
        return f"secret://file/{lent.file.resolve()}"
    taken = {each.reference for each in account.given.webhook_secrets}
    usual = f"secret://env/MAKEWHOLE_{account.given.vendor.upper()}_WEBHOOK_SECRET"
    return usual if usual not in taken else f"{usual}_NEXT"


def _print(found: list[Outcome], *, as_json: bool) -> int:
    if as_json:
        print_json({"webhooks": [_outcome_json(each) for each in found]})
    else:
        for each in found:
            to_people().print("\n".join(_lines(each)), markup=False, soft_wrap=True)
    return 1 if any(each.result == "failed" for each in found) else 0


def _lines(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.source}: {outcome.said}"
    for number, step in enumerate(outcome.steps, start=1):
        yield f"  {number}. {step}"
    yield from map(call_lines, outcome.calls)


def _outcome_json(outcome: Outcome) -> dict[str, object]:
    return {
        "source": outcome.source,
        "result": outcome.result,
        "said": outcome.said,
        "steps": list(outcome.steps),
        "calls": [call_json(each) for each in outcome.calls],
    }
