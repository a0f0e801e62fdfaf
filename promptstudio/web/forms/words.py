"""A field for words whose refusals are sentences of ours."""

from typing import Any

from django import forms

TOO_LONG = "This is too long: at most %(limit_value)s characters, and it has %(show_value)s."


class Words(forms.CharField):
    def __init__(self, *, error_messages: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(error_messages={"max_length": TOO_LONG, "required": "Write something here."} | (error_messages or {}), **kwargs)
