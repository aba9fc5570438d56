"""The Jira site: all records in memory, the search index behind them, and who wants to know what happens."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sandbox.jira.index import Index
from sandbox.jira.records import (
    Approval,
    Comment,
    Field,
    History,
    Issue,
    IssueType,
    Link,
    LinkType,
    Person,
    Project,
    RemoteLink,
    Status,
)
from sandbox.jira.refusals import no_comment, no_issue, no_project, refused
from sandbox.jira.world import FIELDS, LINK_TYPES, PEOPLE, PROJECTS, STATUSES, TYPES

FIRST_ISSUE_ID = 10_001
FIRST_RECORD_ID = 10_001
"""Where ids of comments, histories and links start."""

MOST_UNSEARCHABLE = 10_000
"""Writes the search index may lag behind; older ones are let in whatever the lag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to an issue, for the webhooks.

    kind: The vendor's event: "jira:issue_updated", "comment_created", "issue_property_set", ...
    issue: As it is afterwards; for a deletion as it was. history: What changed, for updates.
    key: Of the property. value: Of the property.
    """

    kind: str
    issue: Issue
    actor: Person
    at: datetime
    history: History | None = None
    comment: Comment | None = None
    key: str | None = None
    value: Any = None


class Site:
    """Records by id, kept consistent: keys, links and the search index follow each write."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {person.account_id: person for person in PEOPLE}
        self.projects: dict[str, Project] = {project.id: project for project in PROJECTS}
        self.statuses: dict[str, Status] = {status.id: status for status in STATUSES}
        self.types: dict[str, IssueType] = {kind.id: kind for kind in TYPES}
        self.fields: dict[str, Field] = {known.id: known for known in FIELDS}
        self.link_types: dict[str, LinkType] = {kind.id: kind for kind in LINK_TYPES}
        self.screens: dict[str, set[str]] = {
            project.id: {known.id for known in FIELDS if known.editable} for project in PROJECTS
        }
        self.issues: dict[int, Issue] = {}
        self.comments: dict[int, dict[int, Comment]] = {}
        self.properties: dict[int, dict[str, Any]] = {}
        self.histories: dict[int, list[History]] = {}
        self.remote_links: dict[int, dict[int, RemoteLink]] = {}
        self.approvals: dict[int, dict[int, Approval]] = {}
        self.links: dict[int, Link] = {}
        self.children: dict[int, set[int]] = {}
        self.index = Index()
        self.listeners: list[Callable[[Happening], None]] = []
        self._ids_by_key: dict[str, int] = {}
        self._issue_of_comment: dict[int, int] = {}
        self._links_of: dict[int, list[int]] = {}
        self._unsearchable: deque[tuple[datetime, Issue]] = deque()
        self._record_ids = count(FIRST_RECORD_ID)
        self._next_issue_id = FIRST_ISSUE_ID
        self._highest_number: dict[str, int] = {}

    def new_record_id(self) -> int:
        """Return an id for a comment, history or link that was never given before."""
        return next(self._record_ids)

    def new_issue_id(self) -> int:
        """Return the id after the highest one there was."""
        return self._next_issue_id

    def new_key(self, project: Project) -> str:
        """Return the key after the highest one the project ever gave: "ENG-8"."""
        return f"{project.key}-{self._highest_number.get(project.key, 0) + 1}"

    def keep_issue(self, issue: Issue, *, searchable_at_once: bool = False) -> None:
        """Insert or replace an issue. Search finds the new version later, unless `searchable_at_once`."""
        before = self.issues.get(issue.id)
        if before is not None and before.parent_id != issue.parent_id and before.parent_id is not None:
            self.children.get(before.parent_id, set()).discard(issue.id)
        if issue.parent_id is not None:
            self.children.setdefault(issue.parent_id, set()).add(issue.id)
        self.issues[issue.id] = issue
        self._ids_by_key[issue.key] = issue.id
        self._next_issue_id = max(self._next_issue_id, issue.id + 1)
        project_key, _, number = issue.key.rpartition("-")
        self._highest_number[project_key] = max(self._highest_number.get(project_key, 0), int(number))
        if searchable_at_once:
            if before is not None:
                self._unsearchable = deque(entry for entry in self._unsearchable if entry[1].id != issue.id)
            self.index.keep(issue)
        else:
            self._unsearchable.append((issue.updated_at, issue))
            if len(self._unsearchable) > MOST_UNSEARCHABLE:
                self._let_in(self._unsearchable.popleft()[1])

    def remove_issue(self, issue: Issue) -> None:
        """Forget an issue and all that hangs on it. Search forgets it at once, its keys are never given again."""
        for link in self.links_of(issue.id):
            self.remove_link(link)
        for child_id in self.children.pop(issue.id, set()):
            child = self.issues.get(child_id)
            if child is not None:
                self.keep_issue(replace(child, parent_id=None))
        if issue.parent_id is not None:
            self.children.get(issue.parent_id, set()).discard(issue.id)
        for comment_id in self.comments.pop(issue.id, {}):
            self._issue_of_comment.pop(comment_id, None)
        for held in (self.properties, self.histories, self.remote_links, self.approvals):
            held.pop(issue.id, None)
        del self.issues[issue.id]
        self.index.drop(issue.id)

    def find_issue(self, reference: str) -> Issue | None:
        """Return the issue with this id or key, present or former, whatever its case; None when there is none."""
        if reference.isascii() and reference.isdigit():
            return self.issues.get(int(reference))
        issue_id = self._ids_by_key.get(reference.upper())
        return None if issue_id is None else self.issues.get(issue_id)

    def issue(self, reference: str) -> Issue:
        """Return the issue with this id or key; raises `Refused` (404)."""
        issue = self.find_issue(reference)
        if issue is None:
            raise no_issue()
        return issue

    def find_project(self, reference: str) -> Project | None:
        """Return the project with this id, key or name; None when there is none."""
        found = self.projects.get(reference)
        lowered = reference.lower()
        return found or next((p for p in self.projects.values() if lowered in (p.key.lower(), p.name.lower())), None)

    def project(self, reference: str) -> Project:
        """Return the project with this id or key; raises `Refused` (404)."""
        project = self.find_project(reference)
        if project is None:
            raise no_project(reference)
        return project

    def keep_comment(self, comment: Comment) -> None:
        """Insert or replace a comment."""
        self.comments.setdefault(comment.issue_id, {})[comment.id] = comment
        self._issue_of_comment[comment.id] = comment.issue_id

    def remove_comment(self, comment: Comment) -> None:
        """Forget a comment."""
        self.comments[comment.issue_id].pop(comment.id, None)
        self._issue_of_comment.pop(comment.id, None)

    def comment(self, reference: str, *, issue_id: int | None = None) -> Comment:
        """Return the comment with this id (of this issue, where given); raises `Refused` (404)."""
        comment_id = int(reference) if reference.isascii() and reference.isdigit() else -1
        owner = self._issue_of_comment.get(comment_id)
        if owner is None or issue_id not in (None, owner):
            raise no_comment(reference)
        return self.comments[owner][comment_id]

    def change_comment_properties(self, comment: Comment, properties: Mapping[str, Any]) -> None:
        """Replace the properties of a comment; nothing else of it moves."""
        self.keep_comment(replace(comment, properties=dict(properties)))

    def link(self, reference: str) -> Link:
        """Return the link between issues with this id; raises `Refused` (404)."""
        link = self.links.get(int(reference) if reference.isascii() and reference.isdigit() else -1)
        if link is None:
            raise refused(404, f"No issue link with id '{reference}' exists.")
        return link

    def keep_link(self, link: Link) -> None:
        """Insert a link between issues."""
        self.links[link.id] = link
        for end in (link.source_id, link.target_id):
            self._links_of.setdefault(end, []).append(link.id)

    def remove_link(self, link: Link) -> None:
        """Forget a link between issues."""
        self.links.pop(link.id, None)
        for end in (link.source_id, link.target_id):
            self._links_of[end].remove(link.id)

    def links_of(self, issue_id: int) -> list[Link]:
        """Return the links that begin or end at an issue, oldest first."""
        return [self.links[link_id] for link_id in self._links_of.get(issue_id, ())]

    def person_by_email(self, email: str) -> Person | None:
        """Return the person with this address, whatever its case; None when there is none."""
        return next((p for p in self.people.values() if p.email.lower() == email.lower()), None)

    def searchable(self, *, now: datetime, lag_seconds: float) -> Index:
        """Return the search index: writes younger than the lag are not in it yet."""
        due = now - timedelta(seconds=lag_seconds)
        while self._unsearchable and self._unsearchable[0][0] <= due:
            self._let_in(self._unsearchable.popleft()[1])
        return self.index

    def add_history(self, issue_id: int, history: History) -> None:
        """Add an entry to the change log of an issue."""
        self.histories.setdefault(issue_id, []).append(history)

    def tell(self, happening: Happening) -> None:
        """Pass a happening on to everyone who listens."""
        for listener in self.listeners:
            listener(happening)

    def options(self) -> Mapping[str, Any]:
        """Return the options of all select fields by id."""
        return {option.id: option for known in self.fields.values() for option in known.options}

    def _let_in(self, issue: Issue) -> None:
        if issue.id in self.issues:
            self.index.keep(issue)
