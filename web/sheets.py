"""How our pages are served: on the one sheet, under a policy that lets them load nothing but its style."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment
from starlette.responses import HTMLResponse, JSONResponse, Response

from policy.authoring.sheet import STYLE, environment

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
SECURITY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(html: str, *, status: int = 200) -> Response:
    """Return a page as an answer."""
    return HTMLResponse(html, status_code=status, headers={"Content-Security-Policy": SECURITY})


def not_found() -> Response:
    """Return the answer to a wrong key and to what is not there, which must look alike."""
    return JSONResponse({"error": "not_found"}, status_code=404)


@cache
def templates() -> Environment:
    """Return our templates, with moments and names of ours in words."""
    made = environment(Path(__file__).parent / "templates")
    made.filters["moment"] = lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC"
    made.filters["words"] = lambda text: str(text).replace("_", " ")
    return made
