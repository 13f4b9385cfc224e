"""The page on which a person approves or denies a device login."""

from collections.abc import Iterable
from html import escape
from typing import Any

from reconciler.diagnostics import printable

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def approval_page(user_code: str, people: Iterable[tuple[Any, ...]]) -> str:
    """The form: the code, who signs in, and the two buttons."""
    options = "".join(
        f'<option value="{escape(email)}">{escape(printable(f"{name} ({email})"))}</option>'
        for email, name in people
    )
    code = escape(printable(user_code))
    return _page(
        "<p>A program asks to act in your name. Does it show this code?</p>"
        '<form method="post" action="/login/device">'
        f'<p><label>Code <input name="user_code" value="{code}" required></label></p>'
        f'<p><label>Sign in as <select name="email">{options}</select></label></p>'
        '<p><button name="decision" value="approve">Approve</button> '
        '<button name="decision" value="deny">Deny</button></p></form>'
    )


def notice_page(text: str) -> str:
    """One sentence."""
    return _page(f"<p>{escape(printable(text))}</p>")


def _page(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>Sign in to the sandbox</title><h1>Sign in to the sandbox</h1>{body}</html>"
    )
