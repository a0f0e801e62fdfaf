"""Asking for a prompt, in words of somebody who never saw one; and what the list of requests filters by."""

from collections.abc import Mapping
from typing import Any

from django import forms

from promptstudio.lib.lengths import LONGEST_TITLE, LONGEST_WORDS
from promptstudio.projects.models import Folder
from promptstudio.prompts.models import Draft, Request
from promptstudio.prompts.request_services import LONGEST_NAME, MOST_ANSWERS, Answer

from .words import Words

SHOWN_FIRST = 2
SHORT = 80
GOOD, BAD = "good", "bad"


class RequestForm(forms.Form):
    title = Words(
        max_length=LONGEST_TITLE,
        label="What shall it be called?",
        help_text="As colleagues would say it: First letter after a burst pipe.",
        error_messages={"required": "Give it a name, as your colleagues would say it."},
    )
    wanted = Words(
        max_length=LONGEST_WORDS,
        label="What should come out?",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What the model shall write or decide, and what it must never do.",
        error_messages={"required": "Say what should come out, in your own words."},
    )
    audience = Words(
        required=False,
        max_length=LONGEST_WORDS,
        label="For whom?",
        widget=forms.Textarea(attrs={"rows": 1}),
        help_text="Who reads the answer, and what they do with it.",
    )
    given = Words(
        required=False,
        max_length=LONGEST_WORDS,
        label="What goes in?",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What is known each time: the report of the customer, a date, a sum. Where does it come from?",
    )
    due_on = forms.DateField(
        required=False,
        label="When is it needed?",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Give a day, such as 2026-11-30."},
    )
    folder = forms.ChoiceField(
        required=False,
        label="Where does it belong?",
        help_text="Choose the folder that fits best; whoever writes it can move it.",
        error_messages={"invalid_choice": "Choose a folder from the list."},
    )

    def __init__(self, *args: Any, folders: list[Folder], about_a_prompt: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = {folder.path: folder for folder in folders}
        if about_a_prompt:
            del self.fields["folder"]
            self.fields["title"].label = "What should change, in a few words?"
            self.fields["title"].help_text = "Name the handler at the end of the letter."
        else:
            field = self.fields["folder"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(path, path.replace("/", " / ") or "I do not know yet") for path in self.places]

    def chosen_folder(self) -> Folder:
        """Whoever sees the project reads in one folder at least; the outermost comes first."""
        return self.places.get(self.cleaned_data["folder"]) or next(iter(self.places.values()))


class AnswerForm(forms.Form):
    """One answer. Left empty altogether it is none."""

    name = Words(required=False, max_length=LONGEST_NAME, label="Which case is it?", help_text="Burst pipe, storm night …")
    given = Words(
        required=False,
        max_length=LONGEST_WORDS,
        label="What went in",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The text, or a line for each value: damage_report: The pipe under the sink burst.",
    )
    text = Words(required=False, max_length=LONGEST_WORDS, label="The answer", widget=forms.Textarea(attrs={"rows": 3}))
    why = Words(required=False, max_length=LONGEST_WORDS, label="Why", widget=forms.Textarea(attrs={"rows": 1}))

    def __init__(self, *args: Any, good: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.good = good
        self.fields["why"].label = "Why it is good" if good else "What is wrong with it"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if any(given.values()) and not given.get("text") and "text" not in self.errors:
            self.add_error("text", "Write the answer, or leave this one empty altogether.")
        return given

    @property
    def answer(self) -> Answer | None:
        given = self.cleaned_data
        return Answer(good=self.good, **{name: given[name] for name in ("text", "name", "given", "why")}) if given.get("text") else None


class AnswersForm(forms.Form):
    """On the page where a version is saved: which requests it answers, and whether their askers are asked to look."""

    answers = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="This answers the request",
        error_messages={"invalid_choice": "That request is closed, or is about another prompt. Look at the list again."},
    )
    send_back = forms.BooleanField(required=False, label="Send it back to who asked, and ask whether this is what was wanted")

    def __init__(self, data: Any, *, requests: list[Request], draft: Draft) -> None:
        self.requests = {str(request.uid): request for request in requests}
        own = [uid for uid, request in self.requests.items() if request.draft_id == draft.pk]
        super().__init__(data, initial={"answers": own, "send_back": bool(own)}, use_required_attribute=False)
        field = self.fields["answers"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(uid, f"{shortened(request.title)}, asked by {request.asked_by}") for uid, request in self.requests.items()]

    def chosen(self) -> list[Request]:
        return [self.requests[uid] for uid in self.cleaned_data["answers"]]


def shortened(title: str) -> str:
    return title if len(title) <= SHORT else f"{title[: SHORT - 1]}…"


def answer_forms(data: Mapping[str, str] | None, kind: str, *, more: str = "") -> list[AnswerForm]:
    """As many as the form had, or the first two. `more` names the kind of which somebody wants one more: then nothing is checked yet."""
    typed = (data or {}).get(f"{kind}_count", "")
    count = min(int(typed), MOST_ANSWERS) if typed.isascii() and typed.isdigit() and len(typed) < 4 else SHOWN_FIRST
    count = min(max(count, 1) + (more == kind), MOST_ANSWERS)
    return [_answer_form(data, f"{kind}-{number}", good=kind == GOOD, checked=not more) for number in range(1, count + 1)]


def _answer_form(data: Mapping[str, str] | None, prefix: str, *, good: bool, checked: bool) -> AnswerForm:
    kept = {name: (data or {}).get(f"{prefix}-{name}", "") for name in AnswerForm.base_fields}
    return AnswerForm(data if checked else None, initial=kept, good=good, prefix=prefix, use_required_attribute=False)
