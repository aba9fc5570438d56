"""The web page."""

from starlette.routing import BaseRoute

from sandbox.slack.windows import Windows
from sandbox.slack.workspace import Workspace


def page_routes(*, workspace: Workspace, windows: Windows) -> list[BaseRoute]:
    """Return the page's routes."""
    del workspace, windows
    return []
