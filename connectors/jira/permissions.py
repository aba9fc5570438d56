"""What the account may do in the projects, by Jira's own word.

GET /rest/api/3/mypermissions. It answers strangers too, with what strangers may.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/
"""

from collections.abc import Iterable

from connectors.contract import AccessRefused, UnexpectedReply
from connectors.jira.calls import Calls
from connectors.jira.refusals import NoSuchRecord
from connectors.jira.settings import JiraSettings


def missing(calls: Calls, names: Iterable[str], *, project: str | None) -> tuple[str, ...]:
    """Return which of these permissions the account has not got in a project, or in the site; raises our errors."""
    wanted = tuple(names)
    asked = f"permissions in {project or 'the site'}"
    try:
        answer = calls.ask(
            lambda client: client.my_permissions(projectKey=project, permissions=",".join(wanted)), asked=asked
        )
    except NoSuchRecord:
        raise AccessRefused(f"{asked}: there is no such project, or it is not shown to us") from None
    held = answer.get("permissions") if isinstance(answer, dict) else None
    if not isinstance(held, dict):
        raise UnexpectedReply(f"{asked}: the answer has none")
    return tuple(name for name in wanted if not _has(held.get(name)))


def check_browsing(calls: Calls, settings: JiraSettings) -> None:
    """Raise AccessRefused unless the account may see every project that is read.

    What is hidden is "not found" just as what is deleted.
    """
    for project in settings.projects:
        if missing(calls, ("BROWSE_PROJECTS",), project=project):
            raise AccessRefused(f"{project}: the account may not browse the project, so nothing of it can be found")


def _has(said: object) -> bool:
    return isinstance(said, dict) and said.get("havePermission") is True
