"""Harbor Exchange's Jira site before any issue: people, projects ENG and CARE, workflows, fields, roles."""

from collections.abc import Mapping

from sandbox.jira.records import Field, IssueType, LinkType, Option, Person, Project, Status, Step

BOT_ID = "5c0f4be41d2eac0b8b3c1a77"
LENA_ID = "5b10ac8d82e05b22cc7d4ef5"
HIRO_ID = "5b10a2844c20165700ede21g"

ROLES: Mapping[str, str] = {"Administrators": "10002", "Developers": "10101", "Service Desk Team": "10102"}
GROUPS: Mapping[str, str] = {
    "jira-administrators": "276f955c-63d7-42c8-9520-92d01dca0625",
    "harbor-compensation": "6e87dc72-4f1f-421f-9382-2fee8b652487",
}

PEOPLE: tuple[Person, ...] = (
    Person(
        account_id=BOT_ID,
        name="Makewhole",
        email="bot@harbor.example",
        zone="Europe/Berlin",
        admin=True,
        groups=("jira-administrators", "harbor-compensation"),
        roles=("Administrators", "Service Desk Team"),
    ),
    Person(
        account_id=LENA_ID,
        name="Lena Vogel",
        email="lena.vogel@harbor.example",
        zone="Europe/Berlin",
        groups=("harbor-compensation",),
        roles=("Developers", "Service Desk Team"),
    ),
    Person(
        account_id=HIRO_ID,
        name="Hiro Sato",
        email="hiro.sato@harbor.example",
        zone="Asia/Tokyo",
        roles=("Developers",),
    ),
)

CATEGORIES: Mapping[str, tuple[int, str, str]] = {
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}
"""Id, name and colour per status category."""

STATUSES: tuple[Status, ...] = (
    Status(id="10000", name="To Do", category="new"),
    Status(id="3", name="In Progress", category="indeterminate"),
    Status(id="10002", name="In Review", category="indeterminate"),
    Status(id="10001", name="Done", category="done"),
    Status(id="10100", name="Waiting for support", category="new"),
    Status(id="10101", name="Waiting for customer", category="indeterminate"),
    Status(id="10102", name="Resolved", category="done"),
    Status(id="6", name="Closed", category="done"),
)

PRIORITIES: Mapping[str, str] = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
DEFAULT_PRIORITY = "3"
RESOLUTIONS: Mapping[str, str] = {"10000": "Done", "10001": "Won't Do", "10002": "Duplicate"}

TYPES: tuple[IssueType, ...] = (
    IssueType(id="10000", name="Epic", level=1),
    IssueType(id="10001", name="Task"),
    IssueType(id="10002", name="Bug"),
    IssueType(id="10003", name="Sub-task", level=-1),
    IssueType(id="10010", name="Service Request"),
    IssueType(id="10011", name="Incident"),
)

LINK_TYPES: tuple[LinkType, ...] = (
    LinkType(id="10000", name="Blocks", inward="is blocked by", outward="blocks"),
    LinkType(id="10001", name="Cloners", inward="is cloned by", outward="clones"),
    LinkType(id="10002", name="Duplicate", inward="is duplicated by", outward="duplicates"),
    LinkType(id="10003", name="Relates", inward="relates to", outward="relates to"),
)

PROJECTS: tuple[Project, ...] = (
    Project(
        id="10000",
        key="ENG",
        name="Engineering",
        kind="software",
        lead_id=LENA_ID,
        type_ids=("10000", "10001", "10002", "10003"),
        status_ids=("10000", "3", "10002", "10001"),
        workflow=(
            Step(id="11", name="Start progress", to="3", sources=("10000",)),
            Step(id="21", name="Send to review", to="10002", sources=("3",)),
            Step(id="31", name="Done", to="10001", sources=("3", "10002")),
            Step(id="41", name="Reopen", to="10000", sources=("10001",)),
            Step(id="51", name="Stop progress", to="10000", sources=("3", "10002")),
        ),
    ),
    Project(
        id="10001",
        key="CARE",
        name="Customer care",
        kind="service_desk",
        lead_id=HIRO_ID,
        type_ids=("10010", "10011"),
        status_ids=("10100", "10101", "3", "10102", "6"),
        workflow=(
            Step(id="851", name="Respond to customer", to="10101", sources=("10100", "3")),
            Step(id="781", name="Respond to support", to="10100", sources=("10101",)),
            Step(id="891", name="In progress", to="3", sources=("10100", "10101")),
            Step(id="761", name="Resolve this issue", to="10102", sources=("10100", "10101", "3")),
            Step(id="901", name="Reopen", to="10100", sources=("10102", "6")),
            Step(id="931", name="Close", to="6", sources=("10102",)),
        ),
    ),
)

TOPICS = (
    Option(id="10201", value="OKB volatility, January 2024"),
    Option(id="10202", value="NEM incident, 2018"),
    Option(id="10203", value="LEVER perpetual, October 2025"),
    Option(id="10204", value="Delayed withdrawal"),
    Option(id="10205", value="Duplicate charge"),
)


def _custom(number: int, name: str, kind: str = "textfield", options: tuple[Option, ...] = ()) -> Field:
    return Field(
        id=f"customfield_{number}", name=name, kind=kind, clauses=(f"cf[{number}]",), options=options, editable=True
    )


FIELDS: tuple[Field, ...] = (
    Field(id="statuscategorychangedate", name="Status Category Changed", kind="datetime"),
    Field(id="issuetype", name="Issue Type", kind="issuetype", clauses=("type",), editable=True),
    Field(id="parent", name="Parent", kind="issuelink", editable=True),
    Field(id="project", name="Project", kind="project", editable=True),
    Field(id="issuekey", name="Key", kind="issuekey", clauses=("id", "issue", "key")),
    Field(id="resolution", name="Resolution", kind="resolution"),
    Field(id="resolutiondate", name="Resolved", kind="datetime", clauses=("resolved",)),
    Field(id="priority", name="Priority", kind="priority", editable=True),
    Field(id="labels", name="Labels", kind="array", items="string", editable=True),
    Field(id="assignee", name="Assignee", kind="user", editable=True),
    Field(id="status", name="Status", kind="status"),
    Field(id="statusCategory", name="Status Category", kind="statusCategory"),
    Field(id="created", name="Created", kind="datetime", clauses=("createdDate",)),
    Field(id="updated", name="Updated", kind="datetime", clauses=("updatedDate",)),
    Field(id="creator", name="Creator", kind="user"),
    Field(id="reporter", name="Reporter", kind="user", editable=True),
    Field(id="subtasks", name="Sub-tasks", kind="array", items="issuelinks"),
    Field(id="issuelinks", name="Linked Issues", kind="array", items="issuelinks", editable=True),
    Field(id="summary", name="Summary", kind="string", editable=True),
    Field(id="description", name="Description", kind="string", editable=True),
    Field(id="comment", name="Comment", kind="comments-page", editable=True),
    Field(id="attachment", name="Attachment", kind="array", items="attachment", clauses=("attachments",)),
    Field(id="duedate", name="Due date", kind="date", clauses=("due",)),
    _custom(10101, "Compensation topic", "select", TOPICS),
    _custom(10102, "Order ID"),
    _custom(10103, "Position ID"),
    _custom(10104, "Transaction ID"),
    _custom(10105, "Incident ID"),
    _custom(10106, "Claimed amount", "float"),
    _custom(10107, "Claimed asset"),
    _custom(10108, "Customer number"),
    _custom(10111, "MW state"),
    _custom(10112, "MW amount"),
    _custom(10113, "MW currency"),
    _custom(10114, "MW reason"),
    _custom(10115, "MW case URL", "url"),
)
