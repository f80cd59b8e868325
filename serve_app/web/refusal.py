"""The answer to a refused or failed request: a page for a browser, JSON for other callers."""

from __future__ import annotations

from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import Scope

from actors.errors import Code, DropforgeError
from serve_app.security.access import PAGES
from serve_app.security.gate import error_answer, status_of

from .form import own_address
from .render import html_page


def refusal(error: DropforgeError, scope: Scope, *, status: int | None = None, sign_in: bool = False) -> Response:
    """The answer to a failure. `status` replaces the code's HTTP status; `sign_in` allows the sign-in form."""
    root = scope.get("root_path", "")
    path = scope["path"].removeprefix(root)
    is_page = path == "/" or path.startswith(PAGES)
    if not is_page or "text/html" not in Headers(scope=scope).get("accept", ""):
        return error_answer(error, status=status)
    answered = status or status_of(error)
    if error.code is Code.UNAUTHENTICATED and sign_in:
        asked = f"{path}?{scope.get('query_string', b'').decode('ascii', 'replace')}".removesuffix("?")
        after = own_address(asked) if scope["method"] == "GET" else "/"
        headers = {"WWW-Authenticate": "Bearer"}
        return html_page("sign-in.html", root=root, status=answered, headers=headers, after=after, trouble="")
    return html_page("error.html", root=root, status=answered, code=str(error.code), message=error.message)
