"""What `doctor` tries on a Jira site, and the fields of its issues.

GET /rest/api/3/myself, mypermissions, field, project/{key}/role, groups/picker; one search and editmeta a project.
Surprise: a comment can be restricted only to a role or group that the account itself is in, and a role says nothing of
that; the write says it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import msgspec

from connectors.contract import AccessRefused, ByHand, Check, FieldFound, TryLater, UnexpectedReply
from connectors.jira.calls import Calls
from connectors.jira.kinds import WireField, kind_of, listed
from connectors.jira.permissions import missing
from connectors.jira.polling import changed_since
from connectors.jira.reading import Account, WireIssue, decoded, field_text, read_issue
from connectors.jira.refusals import NoSuchRecord
from connectors.jira.settings import LONGEST_TOKEN_DAYS, ApiToken, JiraSettings
from connectors.wire_json import Unreadable, members, read_object, records

#: Kinds of fields that hold what we write.
TEXT_KINDS = frozenset({"string", "textarea", "any"})
WARNED_DAYS = 30
ISSUES_SAMPLED = 25
LONGEST_SAMPLE = 60
_ISSUE: msgspec.json.Decoder[WireIssue] = msgspec.json.Decoder(WireIssue)
Look = Callable[[], tuple[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """How the site is looked at."""

    calls: Calls
    account: Account
    settings: JiraSettings

    def all(self, *, today: date) -> tuple[Check, ...]:
        """Return every check, in the order in which a person should mend them; never raises."""
        settings = self.settings
        tried: tuple[tuple[str, str, Look], ...] = (
            ("identity", f"who we are at {settings.host}", self._identity),
            ("permissions", f"permissions in {', '.join(settings.projects)}", self._permissions),
            ("fields", "mapped custom fields, and whether issues show them", self._fields),
            ("audience", "who may read our notes", self._audience),
            ("reading", "one issue of each project", self._reading),
        )
        webhooks = _tried("webhooks", "permission to manage webhooks", self._webhooks)
        return (
            self._credentials(today),
            *(_tried(name, what, look) for name, what, look in tried),
            replace(webhooks, urgent=False),
        )

    def fields_found(self) -> tuple[FieldFound, ...]:
        """Return every custom field of the site, with a sample of the newest issues; raises the three errors."""
        fields = [field for field in listed(self.calls) if field.custom]
        newest = [self._newest(project, ISSUES_SAMPLED, ("*all",)) for project in self.settings.projects]
        samples = _samples(issue for issues in newest for issue in issues)
        shown = frozenset().union(*(self._on_screen(next(iter(issues), None)) for issues in newest))
        found = [_found(field, self.account.names.get(field.id)) for field in fields]
        looked = (replace(each, active=each.id in shown, sample=samples.get(each.id)) for each in found)
        return tuple(sorted(looked, key=lambda each: (each.name is None, each.title, each.id)))

    def _credentials(self, today: date) -> Check:
        auth, tried = self.settings.auth, "kind of credentials"
        if not isinstance(auth, ApiToken):
            return Check(name="credentials", tried=tried, found="a service account's OAuth credentials", fix=None)
        if auth.ends_on is None:
            found = f"an API token; Atlassian ends each within {LONGEST_TOKEN_DAYS} days and tells no program when"
            fix = "write the day that id.atlassian.com shows for it into ends_on, or use a service account"
            return Check(name="credentials", tried=tried, found=found, fix=fix, urgent=False)
        days = (auth.ends_on - today).days
        return Check(
            name="credentials",
            tried=tried,
            found=f"an API token until {auth.ends_on.isoformat()} ({days} days from now)",
            fix="make a new token at id.atlassian.com and set it with its day" if days <= WARNED_DAYS else None,
            urgent=days <= 0,
        )

    def _identity(self) -> tuple[str, str | None]:
        me = self._asked(lambda: self.calls.ask(lambda client: client.myself(), asked="who we are"))
        if not isinstance(me, dict) or not isinstance(me.get("accountId"), str):
            raise UnexpectedReply("who we are: the answer names no account")
        fix = None if me.get("active") is not False else "activate the account, or use another one"
        return f"{me.get('displayName')} ({me['accountId']}), time zone {me.get('timeZone')}", fix

    def _permissions(self) -> tuple[str, str | None]:
        wanted = ["BROWSE_PROJECTS", "EDIT_ISSUES", "ADD_COMMENTS", "LINK_ISSUES"]
        wanted += ["TRANSITION_ISSUES"] if self.settings.transitions else []
        lacking = [
            f"{project}: {', '.join(names)}"
            for project in self.settings.projects
            if (names := missing(self.calls, wanted, project=project))
        ]
        if lacking:
            return f"missing in {'; '.join(lacking)}", "add the account to a project role that has these permissions"
        return f"all of {', '.join(wanted)}", None

    def _fields(self) -> tuple[str, str | None]:
        known = {field.id: field for field in self._asked(lambda: listed(self.calls))}
        mapped = dict(self.account.names) | {each: each for each in (self.account.customer_field,) if each}
        absent = sorted(f"{name} ({field_id})" for field_id, name in mapped.items() if field_id not in known)
        if absent:
            return f"missing: {', '.join(absent)}", "make these fields, or correct their ids in the mapping"
        found = (_found(known[field_id], name) for field_id, name in self.account.names.items())
        unfit = [f"{each.title} ({each.id}) {each.problem}" for each in found if each.problem]
        if unfit:
            return "; ".join(unfit), "map these names to text fields"
        hidden = self._hidden(
            {field_id: name for field_id, name in self.account.names.items() if name.startswith("mw_")}
        )
        if hidden:
            return f"not on the edit screen: {', '.join(hidden)}", "add these fields to the projects' edit screens"
        return f"all {len(mapped)} are there", None

    def _hidden(self, ours: Mapping[str, str]) -> list[str]:
        """Return which of our own fields the newest issue of a project does not let us set."""
        hidden: list[str] = []
        for project in self.settings.projects:
            issue = next(iter(self._newest(project, 1, ("key",))), None)
            shown = self._on_screen(issue)
            off = (field_id for field_id in ours if issue is not None and field_id not in shown)
            hidden += [f"{ours[field_id]} ({field_id}) in {project}" for field_id in off]
        return hidden

    def _audience(self) -> tuple[str, str | None]:
        audience = self.settings.audience
        if audience is None:
            return "none is set; only service projects can be written", "set the role or group that may read our notes"
        known = self._roles() if audience.kind == "role" else self._groups(audience.name)
        if audience.name not in known:
            return f"there is no {audience.kind} {audience.name!r}", f"make the {audience.kind}, or set another"
        return f"the {audience.kind} {audience.name!r} is there; the account must be in it to write for it", None

    def _roles(self) -> frozenset[str]:
        """Return the roles that every project has."""
        return frozenset.intersection(*map(self._roles_of, self.settings.projects))

    def _roles_of(self, project: str) -> frozenset[str]:
        asked = f"roles of {project}"
        return frozenset(self._asked(lambda: self.calls.ask(lambda client: client.project_roles(project), asked=asked)))

    def _groups(self, name: str) -> frozenset[str]:
        body = self._asked(lambda: self.calls.get("groups/picker", asked="groups", query={"query": name}))
        groups = read_object(body).get("groups")
        listed_groups = groups if isinstance(groups, list) else []
        return frozenset(str(each.get("name")) for each in listed_groups if isinstance(each, dict))

    def _reading(self) -> tuple[str, str | None]:
        read: list[str] = []
        for issue in (each for project in self.settings.projects for each in self._newest(project, 1, ("key",))):
            try:
                read.append(read_issue(self._record(issue.id), self.account).name)
            except Unreadable as error:
                return f"{issue.key}: {error}", "this needs a look at the connector"
        return f"read {', '.join(read)}" if read else "no issue is there yet to look at", None

    def _record(self, issue_id: str) -> bytes:
        query = {"fields": ",".join(self.account.wanted)}
        return bytes(self._asked(lambda: self.calls.get(f"issue/{issue_id}", asked="an issue", query=query)))

    def _webhooks(self) -> tuple[str, str | None]:
        if self.settings.webhook_kind == "dynamic":
            return "an OAuth app's own, renewed by us", None
        if not isinstance(self.settings.auth, ApiToken):
            return "a service account cannot manage admin webhooks", "let an administrator install it by hand"
        if missing(self.calls, ("ADMINISTER",), project=None):
            return "the account is no administrator", "install the webhook with an administrator's token, or by hand"
        return "the account may install webhooks", None

    def _newest(self, project: str, most: int, fields: Iterable[str]) -> list[WireIssue]:
        jql = changed_since((project,), 0).replace("updated ASC, key ASC", "updated DESC")
        body = {"jql": jql, "maxResults": most, "fields": list(fields)}
        answer, _ = self._asked(lambda: self.calls.search(body, asked=f"issues of {project}"))
        found = records(members(answer), "issues")
        try:
            return [decoded(_ISSUE, bytes(each), "issue") for each in found or ()]
        except Unreadable as error:
            raise UnexpectedReply(f"issues of {project}: {error}") from None

    def _on_screen(self, issue: WireIssue | None) -> frozenset[str]:
        """Return the fields on an issue's edit screen; none where there is no issue to ask."""
        if issue is None:
            return frozenset()
        said = self._asked(lambda: self.calls.ask(lambda client: client.editmeta(issue.id), asked="an edit screen"))
        fields = said.get("fields") if isinstance(said, dict) else None
        return frozenset(fields) if isinstance(fields, dict) else frozenset()

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except NoSuchRecord as error:
            raise UnexpectedReply(f"{error}; is it the right site, and is the project shown to us?") from None


def _tried(name: str, what: str, look: Look) -> Check:
    fix: str | None
    try:
        found, fix = look()
    except TryLater as error:
        found, fix = str(error), f"try again in {error.wait_seconds:.0f} s; is the host right?"
    except AccessRefused as error:
        found, fix = str(error), "change the credentials, the permissions or the scopes"
    except ByHand as error:
        found, fix = str(error), error.steps[-1]
    except UnexpectedReply as error:
        found, fix = str(error), "check the site and the projects; else this needs a look at the connector"
    return Check(name=name, tried=what, found=found, fix=fix)


def _found(field: WireField, name: str | None) -> FieldFound:
    kind = kind_of(field)
    ours = name is not None and name.startswith("mw_")
    problem = f"is of kind {kind}, {name} needs text" if ours and kind not in TEXT_KINDS else None
    return FieldFound(id=field.id, title=field.name, type=kind, active=True, name=name, problem=problem)


def _samples(issues: Iterable[WireIssue]) -> Mapping[str, str]:
    samples: dict[str, str] = {}
    for issue in issues:
        for field_id, raw in issue.fields.items():
            if field_id in samples or not field_id.startswith("customfield_"):
                continue
            try:
                text = field_text(bytes(raw), field_id)
            except Unreadable:
                continue
            if text:
                samples[field_id] = text[:LONGEST_SAMPLE]
    return samples
