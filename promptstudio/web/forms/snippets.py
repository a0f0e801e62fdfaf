"""Forms of a snippet: making it, its next version, what it is for and who keeps it."""

from typing import Any

from django import forms

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.errors import Invalid
from promptstudio.lib.lengths import LONGEST_WORDS
from promptstudio.projects.people import person_called
from promptstudio.prompts.bundle import MAX_TEXT
from promptstudio.prompts.names import MAX_SEGMENT, ascii_words
from promptstudio.prompts.snippet_services import LONGEST_PURPOSE

from .words import Words

PLACES = (("project", "This project"), ("shelf", "The organisation's shelf, for every project"))
TEXT_HELP = "Variables such as {{name}} are filled in where it is included. {{> another}} includes another snippet."


class TextInput(forms.Textarea):
    def __init__(self) -> None:
        super().__init__(attrs={"rows": 8, "class": "prompt-text"})


class SnippetText(Words):
    def __init__(self) -> None:
        super().__init__(
            max_length=MAX_TEXT,
            strip=False,
            widget=TextInput,
            help_text=TEXT_HELP,
            error_messages={"required": "Write the words that prompts shall share."},
        )

    def clean(self, value: Any) -> str:
        # Browsers send line breaks as two characters, which would count as a change.
        cleaned: str = super().clean(value.replace("\r\n", "\n") if isinstance(value, str) else value)
        return cleaned


class Purpose(Words):
    def __init__(self) -> None:
        super().__init__(
            max_length=LONGEST_PURPOSE,
            label="What it is for",
            help_text="One sentence that says when to use it: How every letter to a customer ends.",
            error_messages={"required": "Say in a sentence what it is for, so that others know when to use it."},
        )


class NewSnippetForm(forms.Form):
    name = Words(
        max_length=80,
        help_text="How prompts include it: Legal footer becomes legal-footer, written {{> legal-footer}}. It cannot be changed later.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        error_messages={"required": "Give the snippet a name, such as greeting."},
    )
    purpose = Purpose()
    text = SnippetText()
    place = forms.ChoiceField(
        label="Where it stands",
        choices=PLACES,
        initial="project",
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose this project or the shelf."},
    )

    def clean_name(self) -> str:
        """Plain words become a name; what no name can be made of is refused as it was typed."""
        typed: str = self.cleaned_data["name"]
        return ascii_words(typed, "-", at_most=MAX_SEGMENT) or typed


class EditSnippetForm(forms.Form):
    text = SnippetText()
    summary = Words(
        max_length=LONGEST_WORDS,
        label="What changed, and why",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="A sentence. Whoever takes the new words over reads it first.",
        error_messages={"required": "Say in a sentence what you changed and why."},
    )
    follows = forms.CharField(required=False, widget=forms.HiddenInput)


class ArchiveSnippetForm(forms.Form):
    reason = Words(
        max_length=LONGEST_WORDS,
        label="Why",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Whoever still includes it reads this: The legal footer changed its name, use legal-end.",
        error_messages={"required": "Say in a sentence why nobody should include it any more."},
    )


class ChangeSnippetForm(forms.Form):
    purpose = Purpose()
    owner = Words(
        max_length=200,
        help_text="Who changes it: a name, or an e-mail address.",
        widget=forms.TextInput(attrs={"list": "people-known", "autocomplete": "off"}),
        error_messages={"required": "Name the person who keeps it."},
    )

    def __init__(self, *args: Any, actor: Actor, present: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor, self.present = actor, present

    def clean_owner(self) -> User:
        if self.cleaned_data["owner"].strip() == self.present.name:
            return self.present
        try:
            return person_called(self.cleaned_data["owner"], actor=self.actor)
        except Invalid as error:
            raise forms.ValidationError(error.sentence) from None
