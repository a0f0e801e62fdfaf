"""Forms around a prompt: making it, its title and folder, saving a version, and what a version promises."""

from typing import Any

from django import forms

from promptstudio.accounts.models import User
from promptstudio.lib.lengths import LONGEST_TITLE, LONGEST_WORDS
from promptstudio.projects.models import Project
from promptstudio.prompts.models import Prompt
from promptstudio.prompts.permissions import people_to_name
from promptstudio.prompts.semver import Impact
from promptstudio.prompts.starting_points import STARTING_POINTS

from .words import Words

IMPACTS = (
    ("", "As computed"),
    (Impact.FIX.value, "Fix: only wording; answers stay what they are"),
    (Impact.FEATURE.value, "Feature: answers may change"),
    (Impact.BREAKING.value, "Breaking: applications have to change something"),
)


class TitleInput(forms.Textarea):
    """Imported titles hold line breaks, which an input of one line would swallow."""

    def __init__(self) -> None:
        super().__init__(attrs={"rows": 1})


class Title(Words):
    def __init__(self, widget: forms.Widget) -> None:
        super().__init__(
            max_length=LONGEST_TITLE,
            strip=False,
            widget=widget,
            error_messages={"required": "Give the prompt a title, so that others find it."},
        )


class PromptForm(forms.Form):
    title = Title(TitleInput())
    folder = Words(required=False, max_length=200, help_text="With / between levels: Property/Water. A new one is made as you write it.")

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["folder"].widget.attrs["list"] = "folders"
        self.folders = [path for path in project.folders.values_list("path", flat=True) if path]

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"].replace("\r\n", "\n")
        # What was there already comes back to the letter; blanks around something new were not meant.
        return title if title == self.initial.get("title") else title.strip()


class NewPromptForm(PromptForm):
    # Of one line: Enter starts the writing.
    title = Title(forms.TextInput())
    name = Words(
        required=False,
        max_length=200,
        label="Name for applications",
        help_text="How applications ask for it: claims/first-letter. Without one, it is made from the title.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    start = forms.ChoiceField(
        required=False,
        choices=[("", "An empty page"), *((point.slug, point.title) for point in STARTING_POINTS)],
        error_messages={"invalid_choice": "There is no such starting point. Choose one of these, or an empty page."},
    )


class RestrictForm(forms.Form):
    """Who may see a prompt besides its owner and those who administer the place; nobody chosen opens it to all."""

    people = forms.ModelMultipleChoiceField(
        User.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Only these people",
        help_text="The owner and project admins always see it. Choose nobody to open it to everyone with a role here.",
        error_messages={"invalid_choice": "Choose people who have a role here.", "invalid_pk_value": "Choose people from the list."},
    )

    def __init__(self, *args: Any, prompt: Prompt, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [person.pk for person in people_to_name(prompt) if person.pk != prompt.owner_id]
        field = self.fields["people"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = User.objects.filter(pk__in=people).order_by("name")


class ChangeRecordForm(forms.Form):
    expected_impact = Words(
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What will be different for those who read the answers.",
    )
    validation_criteria = Words(
        required=False,
        max_length=LONGEST_WORDS,
        label="How we will know",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What you will look at to see whether it worked.",
    )


class SaveVersionForm(ChangeRecordForm):
    summary = Words(
        max_length=LONGEST_WORDS,
        label="What changed, and why",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="A sentence is enough. Everyone who looks at this version later reads it first.",
        error_messages={"required": "Say in a sentence what you changed and why."},
    )
    impact = forms.ChoiceField(required=False, choices=IMPACTS, widget=forms.RadioSelect, label="Impact")
    impact_reason = Words(
        required=False,
        max_length=LONGEST_WORDS,
        label="Why it is less than computed",
        widget=forms.Textarea(attrs={"rows": 1}),
        help_text="Only needed when you lower it. Reviewers read it.",
    )
    field_order = ["summary", "expected_impact", "validation_criteria", "impact", "impact_reason"]


def add_errors(form: forms.Form, errors: dict[str, str]) -> dict[str, str]:
    """Put each sentence at its field; what has no field here comes back."""
    for name, sentence in errors.items():
        if name in form.fields:
            form.add_error(name, sentence)
    return {name: sentence for name, sentence in errors.items() if name not in form.fields}
