"""All that is no issue, over REST: the server, people, fields, projects, statuses, roles, permissions, screens."""

from typing import Any

from starlette.responses import Response

from sandbox.jira.door import Call, Desk, json_answer
from sandbox.jira.records import HOST, Person, Project
from sandbox.jira.refusals import refused
from sandbox.jira.shown import screen_fields, statuses_by_type
from sandbox.jira.wire import (
    category_body,
    field_body,
    full_person_body,
    person_body,
    priority_body,
    project_body,
    resolution_body,
    status_body,
    type_body,
)
from sandbox.jira.world import CATEGORIES, GROUPS, PRIORITIES, RESOLUTIONS, ROLES

PERMISSIONS = (
    "ADMINISTER",
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "TRANSITION_ISSUES",
    "ADD_COMMENTS",
    "EDIT_ALL_COMMENTS",
    "DELETE_ALL_COMMENTS",
    "DELETE_ISSUES",
    "LINK_ISSUES",
    "ASSIGN_ISSUES",
    "MODIFY_REPORTER",
)
FOR_ADMINS = ("ADMINISTER", "EDIT_ALL_COMMENTS", "DELETE_ALL_COMMENTS", "DELETE_ISSUES")


async def server_info(_: Desk, call: Call) -> Response:
    """GET /serverInfo."""
    body = {
        "baseUrl": HOST,
        "displayUrl": HOST,
        "displayUrlServicedeskHelpCenter": HOST,
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100_300,
        "buildDate": "2026-11-20T08:00:00.000+0000",
        "serverTime": call.view.stamp(call.now),
        "scmInfo": "3b1f0ac7d0c34f6a9f2c1e4b8a7d6e5f4c3b2a19",
        "serverTitle": "Jira",
        "serverTimeZone": "Etc/UTC",
        "defaultLocale": {"locale": "en_US"},
    }
    return json_answer(body)


async def myself(_: Desk, call: Call) -> Response:
    """GET /myself."""
    return json_answer(full_person_body(call.person, call.view))


async def user(desk: Desk, call: Call) -> Response:
    """GET /user?accountId=."""
    account_id = call.query.get("accountId")
    if not account_id:
        raise refused(400, "The query parameter 'accountId' must be provided.")
    person = desk.site.people.get(account_id)
    if person is None:
        raise refused(404, "Specified user does not exist or you do not have required permissions")
    return json_answer(full_person_body(person, call.view))


async def search_users(desk: Desk, call: Call) -> Response:
    """GET /user/search?query=: by the beginning of a name or address, or ?accountId=."""
    account_id, query = call.query.get("accountId"), call.query.get("query")
    if account_id is None and query is None:
        raise refused(400, "Either 'query', 'accountId' or 'property' parameter must be provided.")
    people = [person for person in desk.site.people.values() if _fits(person, account_id, query or "")]
    return json_answer([person_body(person, call.view) for person in _page_of(call, people)])


def _fits(person: Person, account_id: str | None, query: str) -> bool:
    if account_id is not None:
        return person.account_id == account_id
    lowered = query.lower()
    return any(word.startswith(lowered) for word in (*person.name.lower().split(), person.email, person.name.lower()))


async def all_users(desk: Desk, call: Call) -> Response:
    """GET /users/search."""
    return json_answer([person_body(one, call.view) for one in _page_of(call, list(desk.site.people.values()))])


def _page_of(call: Call, people: list[Person]) -> list[Person]:
    start = max(0, call.whole("startAt", 0))
    return people[start : start + max(1, call.whole("maxResults", 50))]


async def fields(desk: Desk, _: Call) -> Response:
    """GET /field."""
    return json_answer([field_body(known) for known in desk.site.fields.values()])


async def projects(desk: Desk, call: Call) -> Response:
    """GET /project."""
    held = desk.site.projects.values() if call.caller.person else ()
    return json_answer([project_body(project, call.view) for project in held])


async def search_projects(desk: Desk, call: Call) -> Response:
    """GET /project/search: by ?query= or ?keys=."""
    held = list(desk.site.projects.values()) if call.caller.person else []
    query, keys = call.query.get("query", "").lower(), call.request.query_params.getlist("keys")
    held = [one for one in held if query in f"{one.key} {one.name}".lower() and (not keys or one.key in keys)]
    start, most = max(0, call.whole("startAt", 0)), min(50, max(1, call.whole("maxResults", 50)))
    values = [project_body(project, call.view) for project in held[start : start + most]]
    body = {
        "self": call.view.url(f"project/search?maxResults={most}&startAt={start}"),
        "maxResults": most,
        "startAt": start,
        "total": len(held),
        "isLast": start + most >= len(held),
        "values": values,
    }
    return json_answer(body)


async def project(desk: Desk, call: Call) -> Response:
    """GET /project/{key}."""
    return json_answer(_full_project(desk, call, desk.site.project(call.part("project"))))


def _full_project(desk: Desk, call: Call, held: Project) -> dict[str, Any]:
    lead = person_body(desk.site.people[held.lead_id], call.view)
    roles = {name: call.view.url(f"project/{held.id}/role/{one}") for name, one in ROLES.items()}
    return {
        **project_body(held, call.view),
        "expand": "description,lead,issueTypes,url,projectKeys,permissions,insight",
        "description": "",
        "lead": {
            name: value for name, value in lead.items() if name not in ("emailAddress", "timeZone", "accountType")
        },
        "components": [],
        "issueTypes": [type_body(desk.site.types[one], call.view) for one in held.type_ids],
        "assigneeType": "UNASSIGNED",
        "versions": [],
        "roles": roles,
        "style": "classic",
        "isPrivate": False,
        "properties": {},
    }


async def project_statuses(desk: Desk, call: Call) -> Response:
    """GET /project/{key}/statuses."""
    held = desk.site.project(call.part("project"))
    return json_answer(statuses_by_type(desk.site, held.id, call.view))


async def project_roles(desk: Desk, call: Call) -> Response:
    """GET /project/{key}/role: addresses by name."""
    held = desk.site.project(call.part("project"))
    return json_answer({name: call.view.url(f"project/{held.id}/role/{one}") for name, one in ROLES.items()})


async def statuses(desk: Desk, call: Call) -> Response:
    """GET /status."""
    return json_answer([status_body(status, call.view) for status in desk.site.statuses.values()])


async def status(desk: Desk, call: Call) -> Response:
    """GET /status/{id or name}."""
    wanted = call.part("status").lower()
    for one in desk.site.statuses.values():
        if wanted in (one.id, one.name.lower()):
            return json_answer(status_body(one, call.view))
    raise refused(404, f"No status could be found with the id or name '{call.part('status')}'.")


async def categories(_: Desk, call: Call) -> Response:
    """GET /statuscategory."""
    return json_answer([category_body(one, call.view) for one in CATEGORIES])


async def priorities(_: Desk, call: Call) -> Response:
    """GET /priority."""
    shown = [{**priority_body(one, call.view), "statusColor": "#f15C75", "description": ""} for one in PRIORITIES]
    return json_answer(shown)


async def resolutions(_: Desk, call: Call) -> Response:
    """GET /resolution."""
    return json_answer([resolution_body(one, call.view) for one in RESOLUTIONS])


async def types(desk: Desk, call: Call) -> Response:
    """GET /issuetype."""
    return json_answer([type_body(kind, call.view) for kind in desk.site.types.values()])


async def roles(_: Desk, call: Call) -> Response:
    """GET /role."""
    shown = [
        {"self": call.view.url(f"role/{one}"), "name": name, "id": int(one), "description": "", "actors": []}
        for name, one in ROLES.items()
    ]
    return json_answer(shown)


async def groups(_: Desk, call: Call) -> Response:
    """GET /groups/picker?query=."""
    query = call.query.get("query", "").lower()
    found = [
        {"name": name, "html": name, "labels": [], "groupId": one} for name, one in GROUPS.items() if query in name
    ]
    header = f"Showing {len(found)} of {len(found)} matching groups"
    return json_answer({"header": header, "total": len(found), "groups": found})


async def my_permissions(_: Desk, call: Call) -> Response:
    """GET /mypermissions?permissions=: names that are unknown are refused."""
    wanted = call.listed("permissions")
    if not wanted:
        raise refused(400, "The 'permissions' query parameter is required.")
    unknown = [name for name in wanted if name not in PERMISSIONS]
    if unknown:
        raise refused(400, f"Unrecognized permission: {unknown[0]}")
    shown = {}
    for name in wanted:
        words = name.replace("_", " ").capitalize()
        shown[name] = {
            "id": str(PERMISSIONS.index(name)),
            "key": name,
            "name": words,
            "type": "GLOBAL" if name == "ADMINISTER" else "PROJECT",
            "description": words,
            "havePermission": call.person.admin or name not in FOR_ADMINS,
        }
    return json_answer({"permissions": shown})


async def create_types(desk: Desk, call: Call) -> Response:
    """GET /issue/createmeta/{project}/issuetypes."""
    held = desk.site.project(call.part("project"))
    shown = [type_body(desk.site.types[one], call.view) for one in held.type_ids]
    start, most = max(0, call.whole("startAt", 0)), max(1, call.whole("maxResults", 50))
    page = shown[start : start + most]
    return json_answer({"startAt": start, "maxResults": most, "total": len(shown), "issueTypes": page})


async def create_fields(desk: Desk, call: Call) -> Response:
    """GET /issue/createmeta/{project}/issuetypes/{id}: the fields on the create screen."""
    held = desk.site.project(call.part("project"))
    if call.part("type") not in held.type_ids:
        raise refused(404, "Issue type does not exist or you do not have permission to see it.")
    known = screen_fields(desk.site, held.id, call.view, hidden=("comment",))
    shown = [{**body, "fieldId": one, "hasDefaultValue": False} for one, body in known.items()]
    start, most = max(0, call.whole("startAt", 0)), max(1, call.whole("maxResults", 50))
    page = shown[start : start + most]
    return json_answer({"startAt": start, "maxResults": most, "total": len(shown), "fields": page})


async def create_meta(desk: Desk, call: Call) -> Response:
    """GET /issue/createmeta: the older way to ask, by ?projectKeys= and ?expand=projects.issuetypes.fields."""
    keys = call.listed("projectKeys")
    held = [one for one in desk.site.projects.values() if not keys or one.key in keys]
    deep = "projects.issuetypes.fields" in call.query.get("expand", "")
    shown = []
    for one in held:
        kinds = [type_body(desk.site.types[kind], call.view) for kind in one.type_ids]
        if deep:
            known = screen_fields(desk.site, one.id, call.view, hidden=("comment",))
            extra = {name: {**body, "hasDefaultValue": False} for name, body in known.items()}
            kinds = [{**kind, "expand": "fields", "fields": extra} for kind in kinds]
        body = project_body(one, call.view)
        shown.append({name: body[name] for name in ("self", "id", "key", "name", "avatarUrls")} | {"issuetypes": kinds})
    return json_answer({"expand": "projects", "projects": shown})


async def application_links(_: Desk, __: Call) -> Response:
    """GET /rest/applinks/latest/listApplicationlinks: none; the jira library asks before it adds a remote link."""
    return json_answer({"list": []})
