"""The rooms: the same list everywhere it is written, and each vendor's library in its room only."""

import ast
import re
from collections.abc import Iterable

from tests.house import tree

#: Where a library that belongs to one vendor, or does one thing, may be imported. A folder ends with a slash.
HOMES = {
    "alembic": ("store/",),
    "apscheduler": ("sync/schedule.py",),
    "babel": ("bot/",),
    "ccxt": ("connectors/prices/exchange.py",),
    "cryptography": ("connectors/salesforce/", "sandbox/salesforce/"),
    "dbos": ("store/jobs.py",),
    "defusedxml": ("connectors/salesforce/", "sandbox/salesforce/"),
    "jinja2": ("web/", "sandbox/", "policy/authoring/", "reports/"),
    "jira": ("connectors/jira/",),
    "jwt": ("connectors/salesforce/", "sandbox/salesforce/"),
    "lark": ("policy/",),
    "msgspec": ("connectors/", "sandbox/", "store/"),
    "polars": ("policy/many/", "reports/", "connectors/prices/parquet.py", "makewhole/simulated_cases.py"),
    "prometheus_client": ("web/metrics.py",),
    "python_calamine": ("policy/authoring/",),
    "requests": ("connectors/",),
    "rich": ("makewhole/",),
    "simple_salesforce": ("connectors/salesforce/",),
    "slack_bolt": ("bot/",),
    "slack_sdk": ("bot/",),
    "slackblocks": ("bot/",),
    "typer": ("makewhole/",),
    "urllib3": ("connectors/",),
    "xlsxwriter": ("policy/authoring/",),
    "yaml": ("config/", "policy/", "sandbox/"),
    "zenpy": ("connectors/zendesk/",),
    # httpx speaks to what has no library of its own, and plays the vendors' side in the sandbox.
    "httpx": ("connectors/accounts/", "payouts/http_provider.py", "makewhole/", "sandbox/"),
    # Rooms above the store hold its connections and transactions in their signatures; tables and SQL stay in the store.
    "sqlalchemy": ("store/", "makewhole/", "bot/", "sync/", "workflow/"),
    # The bot hands Slack's own app to the web as an endpoint.
    "starlette": ("web/", "sandbox/", "bot/app.py"),
    "uvicorn": ("web/app.py", "sandbox/", "makewhole/starting.py"),
}
#: What a room above the store may use of SQLAlchemy: types of connections, and the error of a database that is down.
ABOVE_THE_STORE = frozenset({"Connection", "Engine", "exc"})


def _home(file: str, homes: Iterable[str]) -> bool:
    return any(file.startswith(home) if home.endswith("/") else file == home for home in homes)


def test_import_linter_watches_every_room() -> None:
    assert tuple(sorted(tree.settings()["tool"]["importlinter"]["root_packages"])) == tree.rooms()


def test_the_wheel_carries_every_room() -> None:
    wheel = tree.settings()["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert tuple(sorted(wheel["packages"])) == tree.rooms()


def test_ruff_and_deptry_know_every_room_as_ours() -> None:
    tools = tree.settings()["tool"]
    ours = {*tree.rooms(), "tests"}
    assert set(tools["ruff"]["lint"]["isort"]["known-first-party"]) == ours
    assert set(tools["deptry"]["known_first_party"]) == ours


def test_every_room_but_config_and_sandbox_has_its_floor() -> None:
    layers = tree.settings()["tool"]["importlinter"]["contracts"][0]["layers"]
    on_a_floor = {room.strip() for floor in layers for room in floor.split("|")}
    assert on_a_floor == set(tree.rooms()) - {"config", "sandbox"}


def test_the_readme_shows_every_room_and_no_other() -> None:
    plan = tree.README.read_text(encoding="utf-8").partition("## Floor plan")[2].partition("\n## ")[0]
    shown = re.findall(r"^\| \[`(\w+)/`\]\(\1/\)", plan, re.MULTILINE)
    assert tuple(sorted(shown)) == tree.rooms()


def test_every_room_says_in_one_line_what_it_holds() -> None:
    entrances = [tree.ROOT / room / "__init__.py" for room in tree.rooms()]
    silent = [tree.name(each) for each in entrances if "\n" in (ast.get_docstring(tree.parsed(each)) or "\n")]
    assert silent == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        tree.name(each)
        for each in tree.product_files()
        if each.name != "__main__.py" and not ast.get_docstring(tree.parsed(each))
    ]
    assert silent == []


def test_a_vendors_library_is_imported_in_its_room_only() -> None:
    strays = [
        f"{tree.name(file)} imports {module}"
        for file in tree.product_files()
        for module in tree.imported(file)
        if (homes := HOMES.get(module.partition(".")[0])) and not _home(tree.name(file), homes)
    ]
    assert strays == []


def test_every_library_that_is_installed_for_one_room_is_in_the_list() -> None:
    used = {module.partition(".")[0] for file in tree.product_files() for module in tree.imported(file)}
    assert HOMES.keys() <= used, "a library left the house: strike it from the list"


def test_rooms_above_the_store_write_no_sql() -> None:
    strays = [
        f"{tree.name(file)}:{node.lineno} uses sqlalchemy.{node.attr}"
        for file in tree.product_files()
        if not tree.name(file).startswith("store/")
        for node in tree.nodes(file, ast.Attribute)
        if isinstance(node.value, ast.Name) and node.value.id == "sa" and node.attr not in ABOVE_THE_STORE
    ]
    assert strays == []
