"""Agents and customers at three desks, who do whatever they like. What they did is kept in the folders."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from cases.ticket import TicketRef, Vendor
from tests.chaos.desks import Seen, plain
from tests.chaos.folders import OUR_FIELDS, OWNERS, Folder, Words, is_one_case
from tests.chaos.losses import FIELDS, Loss, email_of, loads, user_of
from tests.crash.town import Town

#: The first one writes: whoever reported an issue counts as a customer once it is moved to a service project.
AGENTS: dict[Vendor, tuple[Any, ...]] = {
    "zendesk": (1_001, 1_002),
    "salesforce": ("ana.silva@harbor.example", "tom.baker@harbor.example"),
    "jira": ("lena.vogel@harbor.example", "hiro.sato@harbor.example"),
}
STEPS_IN_JIRA = ("Start progress", "Done", "Reopen", "In progress", "Resolve this issue", "Respond to customer")
OPEN = {"zendesk": "open", "salesforce": "Working"}
SOLVED = {"zendesk": ("pending", "hold", "solved"), "salesforce": ("Closed", "On Hold", "Escalated")}
#: What is done how often.
WEIGHTS = {
    "edit": 16,
    "edit the same field at once": 8,
    "edit one of ours": 8,
    "comment": 20,
    "comment everywhere at once": 3,
    "reply": 10,
    "change the status": 10,
    "remove our tags and marks": 5,
    "move": 4,
    "merge": 3,
    "delete": 1,
    "close": 1,
}


@dataclass(slots=True, kw_only=True)
class Desks:
    """The people at the three desks.

    Fields:
        made: Changes so far, new tickets included.
        done: How often each kind of thing was done.
    """

    town: Town
    seed: int
    made: int = 0
    done: Counter[str] = field(default_factory=Counter)
    folders: dict[int, Folder] = field(default_factory=dict)
    _chance: random.Random = field(init=False)
    _serial: int = 0
    _started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  # Repeatable on purpose.

    # --- Losses are told of -----------------------------------------------------------------------------------

    def tell(self, loss: Loss) -> None:
        """Let a loss be told of at every desk, in its order or at once."""
        folder = self.folders[loss.number] = Folder(loss=loss)
        posts = [list(loads(loss, each)) for each in loss.reports]
        if loss.at_once:
            self._at_once([partial(self._post_all, each) for each in posts])
        else:
            for each in posts:
                self._post_all(each)
        for report in loss.reports:
            folder.live.append(report.ref)
            named = f", names {report.named}" if report.named else ""
            self._did(folder, f"{report.ref} is made ({report.how}{named})")

    def look(self, seen: Mapping[TicketRef, Seen]) -> None:
        """Note which losses have come to be one case on all their tickets."""
        for folder in self.folders.values():
            if not folder.settled and is_one_case(folder, seen):
                folder.settled = True
                folder.acts.append(f"{self._now()} --- every ticket shows one case")

    @property
    def unsettled(self) -> int:
        """How many losses are not known to be one case yet."""
        return sum(not each.settled for each in self.folders.values())

    # --- Anything may happen ----------------------------------------------------------------------------------

    def act(self) -> None:
        """Do something somewhere; where a loss is not one case yet, only write and reply."""
        folder = self._chance.choice(tuple(self.folders.values()))
        name = self._chance.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        if not folder.settled and name not in {"comment", "reply", "change the status"}:
            return
        do: dict[str, Callable[[Folder], object]] = {
            "edit": self._edit_one,
            "edit the same field at once": self._edit_at_once,
            "edit one of ours": self._edit_ours,
            "comment": self._comment_one,
            "comment everywhere at once": self._comment_at_once,
            "reply": self._reply,
            "change the status": self._change_status,
            "remove our tags and marks": self._remove_marks,
            "move": self._move,
            "merge": self._merge,
            "delete": self._delete,
            "close": self._close,
        }
        before = self.made
        do[name](folder)
        self.done[name] += self.made - before

    def _edit_one(self, folder: Folder) -> None:
        ref, name = self._any(folder.writable), self._any(tuple(OWNERS))
        self.edit(folder, ref, name, self._value(name))

    def _edit_at_once(self, folder: Folder) -> None:
        name = self._any(tuple(OWNERS))
        edits = [(ref, self._value(name)) for ref in folder.writable]
        self._at_once([partial(self._post_edit, ref, name, value) for ref, value in edits])
        for ref, value in edits:
            self._edited(folder, ref, name, value)

    def _edit_ours(self, folder: Folder) -> None:
        name, ref = self._any(OUR_FIELDS), self._any(folder.writable)
        value = self._any(("", "approved", f"x{self._next()}"))
        self._post_edit(ref, name, value)
        self._did(folder, f"{ref}: agent sets {name} = {value!r}")

    def edit(self, folder: Folder, ref: TicketRef, name: str, value: str) -> None:
        """Let an agent change a field."""
        self._post_edit(ref, name, value)
        self._edited(folder, ref, name, value)

    def last_word(self, folder: Folder, name: str) -> None:
        """Let the owner of a field say what it is; of two the first, and of one that is nobody's any ticket."""
        spokesmen = [ref for ref in folder.writable if OWNERS[name] in {ref.vendor, "newest"}]
        if spokesmen:
            value = self._value(name)
            self.edit(folder, spokesmen[0], name, value)
            folder.final[name] = spokesmen[0], plain(value)

    def _edited(self, folder: Folder, ref: TicketRef, name: str, value: str) -> None:
        folder.values.setdefault(name, []).append((ref, plain(value)))
        self._did(folder, f"{ref}: agent sets {name} = {value!r}")

    def _comment_one(self, folder: Folder) -> None:
        ref = self._any(folder.live if folder.loss.number % 2 else folder.writable)
        if ref in folder.writable:
            self.comment(folder, ref)

    def _comment_at_once(self, folder: Folder) -> None:
        texts = [(ref, f"Everybody writes, {self._next()}.") for ref in folder.writable]
        self._at_once([partial(self._post_comment, ref, text, public=False) for ref, text in texts])
        for ref, text in texts:
            self._wrote(folder, ref, text, public=False)

    def comment(self, folder: Folder, ref: TicketRef) -> None:
        """Let an agent write a comment."""
        text, public = f"An agent writes, {self._next()}.", self._chance.random() < 0.4
        self._post_comment(ref, text, public=public)
        self._wrote(folder, ref, text, public=public)

    def _wrote(self, folder: Folder, ref: TicketRef, text: str, *, public: bool) -> None:
        others = tuple(each for each in folder.writable if each != ref) if folder.settled else ()
        folder.words.append(Words(ref=ref, text=text, others=others, by_agent=True))
        self._did(folder, f"{ref}: agent writes {text!r}{' (public)' if public else ''}")

    def _reply(self, folder: Folder) -> None:
        ref, text = self._any(folder.writable), f"A customer replies, {self._next()}."
        match ref.vendor:
            case "zendesk":
                ticket = {"comment": {"body": text, "public": True}}
                body = {"ticket_id": int(ref.key), "agent_id": user_of(folder.loss), "ticket": ticket}
                self._post("/zendesk/_sandbox/agents/edit", body)
            case "salesforce":
                body = {"act": "email", "by": email_of(folder.loss), "case": ref.key, "body": text}
                self._post("/salesforce/_sandbox/acts", body)
            case "jira":
                if not self._is_care(ref):
                    return
                body = {"issue": ref.key, "agent": f"customer-{folder.loss.number}", "comment": {"body": text}}
                self._post("/jira/_sandbox/agents/act", body)
        folder.words.append(Words(ref=ref, text=text, others=(), by_agent=False))
        self._did(folder, f"{ref}: customer writes {text!r}")

    def _change_status(self, folder: Folder) -> None:
        ref = self._any(folder.writable)
        if ref.vendor == "jira":
            step = self._any(STEPS_IN_JIRA)
            if self._post("/jira/_sandbox/agents/act", {"issue": ref.key, "transition": step}, may_fail=True):
                self._did(folder, f"{ref}: agent makes the step {step!r}")
            return
        status = self._any((OPEN[ref.vendor], *SOLVED[ref.vendor]))
        if ref.vendor == "zendesk":
            self._post("/zendesk/_sandbox/agents/edit", {"ticket_id": int(ref.key), "ticket": {"status": status}})
        else:
            self._post("/salesforce/_sandbox/acts", {"act": "edit", "id": ref.key, "values": {"Status": status}})
        self._did(folder, f"{ref}: agent sets the status {status!r}")

    def _remove_marks(self, folder: Folder) -> None:
        ref = self._any(folder.writable)
        match ref.vendor:
            case "zendesk":
                self._post("/zendesk/_sandbox/agents/edit", {"ticket_id": int(ref.key), "ticket": {"tags": []}})
            case "salesforce":
                values = {"MW_Mark__c": None}
                self._post("/salesforce/_sandbox/acts", {"act": "edit", "id": ref.key, "values": values})
            case "jira":
                state = self.town.sandbox.get(f"/jira/_sandbox/state?issues={ref.key}&deliveries=no")
                for key in state["issues"][0]["properties"]:  # type: ignore[index]  # JSON.
                    body = {"issue": ref.key, "property": {"key": key, "value": {}}}
                    self._post("/jira/_sandbox/agents/act", body)
        self._did(folder, f"{ref}: agent removes our tags and marks")

    def _move(self, folder: Folder) -> None:
        for ref in folder.of("jira"):
            to = "ENG" if self._is_care(ref) else "CARE"
            self._post("/jira/_sandbox/agents/act", {"issue": ref.key, "move_to": to})
            self._did(folder, f"{ref}: agent moves it to {to}")

    def _merge(self, folder: Folder) -> None:
        vendors: tuple[Vendor, ...] = ("zendesk", "salesforce")
        for vendor in vendors:
            both = folder.of(vendor)
            if len(both) < 2:
                continue
            kept, lost = both[0], both[1]
            if vendor == "zendesk":
                self._post("/zendesk/_sandbox/agents/edit", {"ticket_id": int(lost.key), "merge_into": int(kept.key)})
            else:
                self._post("/salesforce/_sandbox/acts", {"act": "merge", "master": kept.key, "losers": [lost.key]})
            folder.live.remove(lost)
            folder.swallowed[kept] = folder.swallowed.get(kept, 0) + 1
            self._did(folder, f"{lost}: agent merges it into {kept}")
            return

    def _delete(self, folder: Folder) -> None:
        ref = self._any(folder.writable)
        others = [each for each in folder.claims() if each != ref]
        if len(others) < 2:
            return
        match ref.vendor:
            case "zendesk":
                self._post("/zendesk/_sandbox/agents/edit", {"ticket_id": int(ref.key), "delete": True})
            case "salesforce":
                self._post("/salesforce/_sandbox/acts", {"act": "delete", "id": ref.key})
            case "jira":
                self._post("/jira/_sandbox/agents/act", {"issue": ref.key, "delete": True})
        folder.live.remove(ref)
        self._did(folder, f"{ref}: agent deletes it")

    def _close(self, folder: Folder) -> None:
        """Close a ticket for ever; only Zendesk does that."""
        both = folder.of("zendesk")
        if len(folder.claims()) < 2 or not both:
            return
        ref = both[-1]
        self._post("/zendesk/_sandbox/agents/edit", {"ticket_id": int(ref.key), "ticket": {"status": "closed"}})
        folder.closed.add(ref)
        self._did(folder, f"{ref}: agent closes it for ever")

    # --- How it is done ---------------------------------------------------------------------------------------

    def _post_edit(self, ref: TicketRef, name: str, value: str) -> None:
        theirs = FIELDS[ref.vendor][name]
        number = name == "claimed_amount" and ref.vendor != "zendesk"
        sent: Any = (float(value) if number else value) if value else None
        agent = self._chance.choice(AGENTS[ref.vendor])
        match ref.vendor:
            case "zendesk":
                ticket = {"custom_fields": [{"id": int(theirs), "value": sent}]}
                body = {"ticket_id": int(ref.key), "agent_id": agent, "ticket": ticket}
                self._post("/zendesk/_sandbox/agents/edit", body)
            case "salesforce":
                body = {"act": "edit", "by": agent, "id": ref.key, "values": {theirs: sent}}
                self._post("/salesforce/_sandbox/acts", body)
            case "jira":
                self._post("/jira/_sandbox/agents/act", {"issue": ref.key, "agent": agent, "fields": {theirs: sent}})

    def _post_comment(self, ref: TicketRef, text: str, *, public: bool) -> None:
        agent = AGENTS[ref.vendor][0]
        match ref.vendor:
            case "zendesk":
                ticket = {"comment": {"body": text, "public": public}}
                body = {"ticket_id": int(ref.key), "agent_id": agent, "ticket": ticket}
                self._post("/zendesk/_sandbox/agents/edit", body)
            case "salesforce":
                body = {"act": "comment", "by": agent, "case": ref.key, "body": text, "public": public}
                self._post("/salesforce/_sandbox/acts", body)
            case "jira":
                how = {} if public else {"internal": True} if self._is_care(ref) else _restricted()
                body = {"issue": ref.key, "agent": agent, "comment": {"body": text, **how}}
                self._post("/jira/_sandbox/agents/act", body)

    def _is_care(self, ref: TicketRef) -> bool:
        state = self.town.sandbox.get(f"/jira/_sandbox/state?issues={ref.key}&deliveries=no")
        return str(state["issues"][0]["key"]).startswith("CARE-")  # type: ignore[index]  # JSON.

    def _post_all(self, posts: Sequence[tuple[str, dict[str, Any]]]) -> None:
        for path, body in posts:
            self._post(path, body)

    def _post(self, path: str, body: dict[str, Any], *, may_fail: bool = False) -> bool:
        try:
            self.town.sandbox.post(path, body)
        except httpx.HTTPStatusError as error:
            if may_fail:
                return False
            raise AssertionError(f"{path} {body}: {error.response.text}") from error
        return True

    def _at_once(self, works: Sequence[Callable[[], object]]) -> None:
        with ThreadPoolExecutor(max(1, len(works))) as threads:
            for done in [threads.submit(each) for each in works]:
                done.result()

    def _did(self, folder: Folder, what: str) -> None:
        self.made += 1
        folder.acts.append(f"{self._now()} {what}")

    def _now(self) -> str:
        return f"{time.strftime('%H:%M:%S', time.gmtime())} (+{time.monotonic() - self._started:.1f} s)"

    def _value(self, name: str) -> str:
        number = self._next()
        return f"{number}.50" if name == "claimed_amount" else f"{name[:3].upper()}-{number}"

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _any(self, among: Sequence[Any]) -> Any:
        return self._chance.choice(tuple(among))


def _restricted() -> dict[str, Any]:
    return {"visibility": {"type": "role", "value": "Service Desk Team"}}
