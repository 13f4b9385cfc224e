"""The consent page of the sandbox's own authorization server: who asks for what; allow or deny.

Nobody signs in there: whoever opens the page on this machine is the person.
"""

from html import escape
from string import Template
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from reconciler.diagnostics import printable
from reconciler.sandbox.grants import Asked, Grants

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_PAGE = Template("""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 28rem; margin: 4rem auto; padding: 1rem }
  button { font: inherit; padding: .5rem 1.5rem; margin-right: .5rem }
</style>
<h1>$title</h1>
$body
</html>
""")
_FORM = Template("""\
<p><strong>$client</strong> asks for access. It will be able to:</p>
<ul>$scopes</ul>
<p>Then you go back to $back.</p>
<form method="post" action="/consent">
  <input type="hidden" name="request" value="$request">
  <button name="decision" value="allow">Allow</button>
  <button name="decision" value="deny">Deny</button>
</form>""")


class ConsentPage:
    """GET shows the page, POST takes the answer.

    Args:
        grants: who decides what an answer means.
        name: what is guarded, as the page's title says it.
    """

    def __init__(self, grants: Grants, name: str) -> None:
        self._grants = grants
        self._name = name

    async def show(self, request: Request) -> Response:
        """The page of one request."""
        wanted = request.query_params.get("request", "")
        asked = self._grants.asked(wanted)
        return self._gone() if asked is None else self._page(_form(asked, wanted), 200)

    async def take(self, request: Request) -> Response:
        """Back to the client, with a code or with a refusal."""
        form = await request.form()
        decision = form.get("decision")
        if decision not in ("allow", "deny"):
            return self._page("<p>Choose Allow or Deny.</p>", 400)
        url = self._grants.decide(str(form.get("request", "")), allowed=decision == "allow")
        if url is None:
            return self._gone()
        return RedirectResponse(url, status_code=303, headers=_HEADERS)

    def _gone(self) -> Response:
        return self._page("<p>Nobody asks for this any more. Begin again.</p>", 410)

    def _page(self, body: str, status: int) -> Response:
        text = _PAGE.substitute(title=escape(printable(self._name)), body=body)
        return HTMLResponse(text, status, headers=_HEADERS)


def _form(asked: Asked, request: str) -> str:
    callback = urlsplit(str(asked.params.redirect_uri))
    scopes = asked.scopes or ("nothing in particular",)
    return _FORM.substitute(
        client=escape(printable(asked.client.client_name or str(asked.client.client_id))),
        scopes="".join(f"<li><code>{escape(printable(scope))}</code></li>" for scope in scopes),
        back=escape(f"{callback.scheme}://{callback.netloc}"),
        request=escape(request),
    )
