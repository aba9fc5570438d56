"""Modals and App Homes: trigger ids that open them once within three seconds, stacks of three, updates by hash."""

import secrets
from dataclasses import dataclass, replace

from sandbox.slack.records import Json, SlackError, View
from sandbox.slack.workspace import Workspace

TRIGGER_SECONDS = 3
MOST_ON_STACK = 3
MOST_TRIGGERS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A person's act that allows one window.

    expires_at: Seconds since 1970.
    view_id: The view it was done in; None for a message or command.
    used: True once it opened something.
    """

    user: str
    expires_at: float
    view_id: str | None = None
    used: bool = False


class Windows:
    """What each person has open, and the triggers that may open more."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.triggers: dict[str, Trigger] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, tuple[str, ...]] = {}
        self.homes: dict[str, str] = {}

    def new_trigger(self, user_id: str, *, view_id: str | None = None) -> str:
        """Return a trigger id for what this person just did, good once and for 3 seconds."""
        now = self.workspace.clock()
        if len(self.triggers) >= MOST_TRIGGERS:
            del self.triggers[next(iter(self.triggers))]
        trigger_id = f"{int(now * 1000)}.{self.workspace.next_number()}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user=user_id, expires_at=now + TRIGGER_SECONDS, view_id=view_id)
        return trigger_id

    def open(self, trigger_id: str, body: Json) -> View:
        """Open a modal as the bottom of the person's stack; raises the trigger errors."""
        trigger = self._live_trigger(trigger_id)
        self._check_external_id(body, but=None)
        view = self._new_view(trigger.user, body, below=None)
        self._exchange(trigger_id)
        for view_id in self.stacks.get(trigger.user, ()):
            del self.views[view_id]
        self.stacks[trigger.user] = (view.id,)
        self.workspace.touch()
        return view

    def push(self, trigger_id: str, body: Json) -> View:
        """Put a modal on top of the stack it was triggered from; raises `push_limit_reached` at three."""
        trigger = self._live_trigger(trigger_id)
        if trigger.view_id is None or not self.stacks.get(trigger.user):
            raise SlackError("not_found")
        self._check_external_id(body, but=None)
        view = self.push_for(trigger.user, body)
        self._exchange(trigger_id)
        return view

    def push_for(self, user_id: str, body: Json) -> View:
        """Put a modal on top of this person's stack; raises `push_limit_reached` at three."""
        stack = self.stacks.get(user_id, ())
        if len(stack) >= MOST_ON_STACK:
            raise SlackError("push_limit_reached")
        view = self._new_view(user_id, body, below=self.views[stack[-1]] if stack else None)
        self.stacks[user_id] = (*stack, view.id)
        self.workspace.touch()
        return view

    def update(self, view: View, body: Json, *, expected_hash: str | None) -> View:
        """Replace what a view shows; raises `hash_conflict` when it changed since this hash was read."""
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        self._check_external_id(body, but=view.id)
        changed = replace(view, body=body, hash=self._new_hash())
        self.views[view.id] = changed
        self.workspace.touch()
        return changed

    def publish(self, user_id: str, body: Json, *, expected_hash: str | None) -> View:
        """Set a person's App Home."""
        known = self.homes.get(user_id)
        if known is not None:
            return self.update(self.views[known], body, expected_hash=expected_hash)
        self._check_external_id(body, but=None)
        view = self._new_view(user_id, body, below=None)
        self.homes[user_id] = view.id
        self.workspace.touch()
        return view

    def find(self, *, view_id: str | None, external_id: str | None) -> View:
        """Return a view that is open by its id or the app's own id; raises `not_found`."""
        if view_id and view_id in self.views:
            return self.views[view_id]
        for view in self.views.values():
            if external_id and view.external_id == external_id:
                return view
        raise SlackError("not_found")

    def top(self, user_id: str) -> View | None:
        """Return the modal this person sees; None when none is open."""
        stack = self.stacks.get(user_id, ())
        return self.views[stack[-1]] if stack else None

    def home(self, user_id: str) -> View | None:
        """Return this person's App Home; None when the app never published one."""
        known = self.homes.get(user_id)
        return self.views[known] if known else None

    def close(self, view: View, *, everything: bool = False) -> tuple[View, ...]:
        """Take a modal off its person's stack and return what was closed, top first.

        everything: Close the whole stack.
        """
        stack = self.stacks.get(view.user, ())
        keep = 0 if everything or view.id not in stack else stack.index(view.id)
        closed = tuple(self.views.pop(view_id) for view_id in reversed(stack[keep:]))
        self.stacks[view.user] = stack[:keep]
        self.workspace.touch()
        return closed

    def _live_trigger(self, trigger_id: str) -> Trigger:
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.workspace.clock() > trigger.expires_at:
            raise SlackError("expired_trigger_id")
        return trigger

    def _exchange(self, trigger_id: str) -> None:
        self.triggers[trigger_id] = replace(self.triggers[trigger_id], used=True)

    def _check_external_id(self, body: Json, *, but: str | None) -> None:
        wanted = body.get("external_id")
        if wanted and any(view.external_id == wanted and view.id != but for view in self.views.values()):
            raise SlackError("duplicate_external_id")

    def _new_view(self, user_id: str, body: Json, *, below: View | None) -> View:
        view_id = f"V{self.workspace.next_number():010d}"
        view = View(
            id=view_id,
            user=user_id,
            body=body,
            hash=self._new_hash(),
            root_id=below.root_id if below else view_id,
            previous_id=below.id if below else None,
        )
        self.views[view_id] = view
        return view

    def _new_hash(self) -> str:
        return f"{int(self.workspace.clock())}.{secrets.token_hex(4)}"
