"""Files that people take along: lines as they come, and cells that a spreadsheet never runs."""

from typing import Any, TypeVar

from django.http import HttpResponse, StreamingHttpResponse

# Spreadsheets take a file for UTF-8 only when it begins with this mark.
BEGINNING = "\ufeff"
# What a spreadsheet takes for the beginning of a formula, full-width forms included.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
Response = TypeVar("Response", HttpResponse, StreamingHttpResponse)


class Echo:
    """A file that hands each written line straight back."""

    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> str:
    """Text that a spreadsheet shows and never runs."""
    text = str(value)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA) else text


def attached(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
