"""A review, or the end of an apply, as one HTML file that a browser shows without any network."""

from reconciler.views.html.page import ending_html, html_report

__all__ = ["ending_html", "html_report"]
