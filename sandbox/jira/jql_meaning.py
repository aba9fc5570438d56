"""A JQL tree to a question about issues: which fields and values there are, and what each operator asks.

Errors for unknown fields, values and keys and for operators a field does not take are those of authenticated callers;
anonymous ones get no hits instead (both seen in public threads and recordings of others).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.jira.adf import text_of
from sandbox.jira.jql_reading import Call, Clause, Empty, Joined, Node, Not, Operand, Several, Text
from sandbox.jira.jql_values import called_moment, moment_of, text_finder
from sandbox.jira.records import Field, Issue, Person
from sandbox.jira.site import Site
from sandbox.jira.world import CATEGORIES, PRIORITIES, RESOLUTIONS

Test = Callable[[Issue], bool]
EQUALITY = ("=", "!=", "IN", "NOT IN", "IS", "IS NOT")
ORDERING = ("<", ">", "<=", ">=")
CONTAINS = ("~", "!~", "IS", "IS NOT")
NEGATIVE = ("!=", "NOT IN", "!~", "IS NOT")
COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
    "=": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
}


@dataclass(slots=True, kw_only=True)
class Asking:
    """Who asks and when; `complaints` collects what is wrong with the query."""

    site: Site
    person: Person | None
    now: datetime
    zone: ZoneInfo
    indexed: frozenset[str] = frozenset()
    complaints: list[str] = field(default_factory=list)


def test_of(node: Node, asking: Asking) -> Test:
    """Return the question a condition asks of an issue; what is wrong with it stands in `asking.complaints`."""
    match node:
        case Not(part=part):
            inner = test_of(part, asking)
            return lambda issue: not inner(issue)
        case Joined(word=word, parts=parts):
            tests = [test_of(part, asking) for part in parts]
            if word == "AND":
                return lambda issue: all(test(issue) for test in tests)
            return lambda issue: any(test(issue) for test in tests)
        case _:
            return _clause_test(node, asking)


def changed_since(node: Node | None, asking: Asking) -> datetime | None:
    """Return the earliest change an issue may have to be a hit: from `updated >= x` joined by AND; None = any."""
    match node:
        case Joined(word="AND", parts=parts):
            bounds = [bound for part in parts if (bound := changed_since(part, asking)) is not None]
            return max(bounds, default=None)
        case Clause(field=name, operator=">" | ">=" | "=", operand=operand):
            known = find_field(asking.site, name)
            if known is None or known.id != "updated" or isinstance(operand, Several):
                return None
            return _moment(operand, asking)
        case _:
            return None


def find_field(site: Site, name: str) -> Field | None:
    """Return the field a query names: by id, name, cf[10102] or another name of it, whatever its case."""
    lowered = name.lower()
    for known in site.fields.values():
        if lowered in (known.id.lower(), known.name.lower()) or lowered in (clause.lower() for clause in known.clauses):
            return known
    return None


def _clause_test(clause: Clause, asking: Asking) -> Test:
    name = clause.field.lower()
    if name.startswith("issue.property["):
        return _property_test(clause, asking)
    if name == "text":
        return _text_test(clause, asking, "text")
    known = find_field(asking.site, clause.field)
    if known is None:
        return _complain(asking, f"Field '{clause.field}' does not exist or you do not have permission to view it.")
    if known.kind in ("string", "textfield", "textarea", "comments-page"):
        return _text_test(clause, asking, known.id)
    if known.kind in ("datetime", "date"):
        return _ordered_test(clause, asking, _moment_reader(clause, asking), _DATES[known.id])
    if known.kind == "float":
        return _ordered_test(clause, asking, _number_reader(clause, asking), lambda issue: issue.custom.get(known.id))
    if known.id == "issuekey":
        return _key_test(clause, asking)
    return _equality_test(clause, asking, known)


def _complain(asking: Asking, message: str) -> Test:
    if message not in asking.complaints:
        asking.complaints.append(message)
    return lambda _: False


def _takes(clause: Clause, asking: Asking, operators: Iterable[str]) -> bool:
    """Tell whether the field takes the operator and the operator the operand, complaining if not."""
    if clause.operator not in operators:
        _complain(asking, f"The operator '{clause.operator.lower()}' is not supported by the '{clause.field}' field.")
        return False
    if clause.operator in ("IS", "IS NOT") and not isinstance(clause.operand, Empty):
        _complain(asking, f"The operator '{clause.operator.lower()}' only supports the values EMPTY and NULL.")
        return False
    return True


def _operands(operand: Operand) -> tuple[Text | Call | Empty, ...]:
    return operand.operands if isinstance(operand, Several) else (operand,)


def _text_test(clause: Clause, asking: Asking, field_id: str) -> Test:
    if not _takes(clause, asking, CONTAINS):
        return lambda _: False
    texts = _texts_reader(asking.site, field_id)
    if isinstance(clause.operand, Empty):
        wants_empty = clause.operator in ("IS", "~")
        return lambda issue: wants_empty != any(texts(issue))
    sought = clause.operand.text if isinstance(clause.operand, Text) else ""
    finds = text_finder(sought)
    if clause.operator == "~":
        return lambda issue: finds(texts(issue))
    return lambda issue: any(texts(issue)) and not finds(texts(issue))


def _texts_reader(site: Site, field_id: str) -> Callable[[Issue], list[str]]:
    def comments(issue: Issue) -> list[str]:
        return [text_of(comment.body) or "" for comment in site.comments.get(issue.id, {}).values()]

    def everything(issue: Issue) -> list[str]:
        customs = [value for value in issue.custom.values() if isinstance(value, str)]
        return [issue.summary, text_of(issue.description) or "", *customs, *comments(issue)]

    readers: dict[str, Callable[[Issue], list[str]]] = {
        "summary": lambda issue: [issue.summary],
        "description": lambda issue: [text_of(issue.description) or ""],
        "comment": comments,
        "text": everything,
    }

    def custom(issue: Issue) -> list[str]:
        value = issue.custom.get(field_id)
        return [] if value is None or isinstance(value, float) else [text_of(value) or ""]

    return readers.get(field_id, custom)


_DATES: dict[str, Callable[[Issue], Any]] = {
    "created": lambda issue: issue.created_at,
    "updated": lambda issue: issue.updated_at,
    "resolutiondate": lambda issue: issue.resolved_at,
    "statuscategorychangedate": lambda issue: issue.status_changed_at,
    "duedate": lambda _: None,
}


def _ordered_test(clause: Clause, asking: Asking, read: Callable[[Any], Any], value: Callable[[Issue], Any]) -> Test:
    if not _takes(clause, asking, (*EQUALITY, *ORDERING)):
        return lambda _: False
    operator = clause.operator
    if isinstance(clause.operand, Empty):
        wants_empty = operator in ("IS", "=")
        return lambda issue: (value(issue) is None) == wants_empty
    wanted = [read(one) for one in _operands(clause.operand)]
    if None in wanted:
        return lambda _: False
    if operator in ("IN", "NOT IN"):
        return lambda issue: value(issue) is not None and (value(issue) in wanted) == (operator == "IN")
    compares, limit = COMPARES[operator], wanted[0]
    return lambda issue: (held := value(issue)) is not None and compares(held, limit)


def _moment(operand: Text | Call | Empty, asking: Asking) -> datetime | None:
    if isinstance(operand, Text):
        return moment_of(operand.text, now=asking.now, zone=asking.zone)
    return called_moment(operand, now=asking.now, zone=asking.zone) if isinstance(operand, Call) else None


def _moment_reader(clause: Clause, asking: Asking) -> Callable[[Any], datetime | None]:
    def read(operand: Text | Call | Empty) -> datetime | None:
        moment = _moment(operand, asking)
        if moment is None:
            shown = operand.text if isinstance(operand, Text) else getattr(operand, "name", "")
            formats = "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g."
            message = f"Date value '{shown}' for field '{clause.field}' is invalid. Valid formats include: {formats}"
            _complain(asking, f"{message} '-5d', '4w 2d'.")
        return moment

    return read


def _number_reader(clause: Clause, asking: Asking) -> Callable[[Any], float | None]:
    def read(operand: Text | Call | Empty) -> float | None:
        shown = operand.text if isinstance(operand, Text) else getattr(operand, "name", "")
        try:
            return float(shown)
        except ValueError:
            _complain(asking, f"Value '{shown}' is invalid for the '{clause.field}' field.")
            return None

    return read


def _key_test(clause: Clause, asking: Asking) -> Test:
    if not _takes(clause, asking, (*EQUALITY[:4], *ORDERING)):
        return lambda _: False
    wanted: list[Issue] = []
    for operand in _operands(clause.operand):
        if isinstance(operand, Call):
            wanted += _called_issues(operand, asking)
        elif isinstance(operand, Text):
            found = asking.site.find_issue(operand.text)
            if found is None:
                _complain(asking, _no_such_key(operand.text, clause.field))
            else:
                wanted.append(found)
    ids = {issue.id for issue in wanted}
    if clause.operator in ORDERING:
        compares = COMPARES[clause.operator]
        limit = _key_order(wanted[0]) if wanted else ("", 0)
        return lambda issue: _key_order(issue)[0] == limit[0] and compares(_key_order(issue)[1], limit[1])
    positive = clause.operator in ("=", "IN")
    return lambda issue: (issue.id in ids) == positive


def _no_such_key(text: str, name: str) -> str:
    if text.isdigit():
        return f"A value with ID '{text}' does not exist for the field '{name}'."
    head, dash, number = text.rpartition("-")
    if not (head and dash and number.isdigit()):
        return f"The issue key '{text}' for field '{name}' is invalid."
    return f"An issue with key '{text}' does not exist for field '{name}'."


def _called_issues(call: Call, asking: Asking) -> list[Issue]:
    if call.name != "linkedissues" or not call.arguments:
        _complain(asking, f"Unable to find JQL function '{call.name}()'.")
        return []
    issue = asking.site.find_issue(call.arguments[0])
    if issue is None:
        _complain(asking, f"Issue '{call.arguments[0]}' could not be found in function 'linkedIssues'.")
        return []
    links = asking.site.links_of(issue.id)
    return [asking.site.issues[one.target_id if one.source_id == issue.id else one.source_id] for one in links]


def _key_order(issue: Issue) -> tuple[str, int]:
    project, _, number = issue.key.rpartition("-")
    return project, int(number)


def _equality_test(clause: Clause, asking: Asking, known: Field) -> Test:
    if not _takes(clause, asking, EQUALITY):
        return lambda _: False
    values = _VALUES.get(known.id) or (lambda _, issue: _as_set(issue.custom.get(known.id)))
    site, positive = asking.site, clause.operator not in NEGATIVE
    if isinstance(clause.operand, Empty):
        return lambda issue: bool(values(site, issue)) != positive
    wanted: set[str] = set()
    takes_empty = False
    for operand in _operands(clause.operand):
        if isinstance(operand, Empty):
            takes_empty = True
        else:
            takes_empty |= _add_value(operand, asking, known, clause, wanted)
    if positive:
        return lambda issue: bool(held & wanted) if (held := values(site, issue)) else takes_empty
    # What is empty is never unlike something: recorded by others on a real site.
    return lambda issue: bool(held := values(site, issue)) and not held & wanted


def _add_value(operand: Text | Call, asking: Asking, known: Field, clause: Clause, wanted: set[str]) -> bool:
    """Add the ids an operand means to `wanted`; tells whether it means an empty field: Unresolved."""
    if isinstance(operand, Call):
        if operand.name == "currentuser" and known.kind == "user":
            wanted |= {asking.person.account_id} if asking.person else set()
        else:
            _complain(asking, f"Unable to find JQL function '{operand.name}()'.")
        return False
    if known.id == "resolution" and operand.text.lower() == "unresolved":
        return True
    found = _ids_of(asking.site, known, operand.text)
    if not found:
        _complain(asking, f"The value '{operand.text}' does not exist for the field '{clause.field}'.")
    wanted |= found
    return False


def _ids_of(site: Site, known: Field, text: str) -> set[str]:
    """Return the ids a name or id means for a field."""
    lowered = text.lower()
    if known.id == "labels" or known.kind == "url":
        return {text}
    if known.kind == "user":
        return {p.account_id for p in site.people.values() if lowered in (p.account_id, p.email, p.name.lower())}
    if known.id == "parent":
        found = site.find_issue(text)
        return {str(found.id)} if found else set()
    names: list[tuple[str, str, str]] = _names(site, known)
    return {one for one, name, key in names if lowered in (one.lower(), name.lower(), key.lower())}


def _names(site: Site, known: Field) -> list[tuple[str, str, str]]:
    """Return (id, name, other name) of everything a field may hold."""
    match known.id:
        case "project":
            return [(project.id, project.name, project.key) for project in site.projects.values()]
        case "status":
            return [(status.id, status.name, status.id) for status in site.statuses.values()]
        case "statusCategory":
            return [(key, name, str(number)) for key, (number, name, _) in CATEGORIES.items()]
        case "issuetype":
            return [(kind.id, kind.name, kind.id) for kind in site.types.values()]
        case "priority":
            return [(one, name, one) for one, name in PRIORITIES.items()]
        case "resolution":
            return [(one, name, one) for one, name in RESOLUTIONS.items()]
        case _:
            return [(option.id, option.value, option.id) for option in known.options]


def _as_set(value: object) -> set[str]:
    return set() if value is None else {str(value)}


_VALUES: dict[str, Callable[[Site, Issue], set[str]]] = {
    "project": lambda _, issue: {issue.project_id},
    "status": lambda _, issue: {issue.status_id},
    "statusCategory": lambda site, issue: {site.statuses[issue.status_id].category},
    "issuetype": lambda _, issue: {issue.type_id},
    "priority": lambda _, issue: {issue.priority_id},
    "resolution": lambda _, issue: _as_set(issue.resolution_id),
    "labels": lambda _, issue: set(issue.labels),
    "assignee": lambda _, issue: _as_set(issue.assignee_id),
    "reporter": lambda _, issue: _as_set(issue.reporter_id),
    "creator": lambda _, issue: {issue.creator_id},
    "parent": lambda _, issue: _as_set(issue.parent_id),
    "attachment": lambda _, __: set(),
    "subtasks": lambda site, issue: {str(child) for child in site.children.get(issue.id, ())},
    "issuelinks": lambda site, issue: {str(link.id) for link in site.links_of(issue.id)},
}


def _property_test(clause: Clause, asking: Asking) -> Test:
    """Ask an issue property: issue.property[key].path. Only what an app has declared for the index is searchable."""
    key, _, path = clause.field[len("issue.property[") :].partition("]")
    if key not in asking.indexed:
        return _complain(asking, f"Field '{clause.field}' does not exist or you do not have permission to view it.")
    steps = [step for step in path.split(".") if step]

    def value(issue: Issue) -> Any:
        held: Any = asking.site.properties.get(issue.id, {}).get(key)
        for step in steps:
            held = held.get(step) if isinstance(held, dict) else None
        return held

    if isinstance(clause.operand, Empty):
        wants_empty = clause.operator in ("IS", "=")
        return lambda issue: (value(issue) is None) == wants_empty
    wanted = {one.text for one in _operands(clause.operand) if isinstance(one, Text)}
    if clause.operator in ("~", "!~"):
        finds = text_finder(next(iter(wanted), ""))
        return lambda issue: finds([str(value(issue) or "")]) == (clause.operator == "~")
    positive = clause.operator in ("=", "IN")
    return lambda issue: (held := value(issue)) is not None and (str(held) in wanted) == positive
