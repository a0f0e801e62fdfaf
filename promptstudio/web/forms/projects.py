"""Starting a project: its name, its people, and how changes are looked at."""

from typing import Any

from django import forms
from django.core.validators import validate_slug

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.errors import Invalid
from promptstudio.projects.founding import TEMPLATES
from promptstudio.projects.founding_services import Founders
from promptstudio.projects.people import person_called


class PeopleField(forms.CharField):
    """One person a line: a name, a user name or an e-mail address that fits one person. Its form sets `actor`."""

    actor: Actor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 5000, "widget": forms.Textarea(attrs={"rows": 2}), **kwargs})

    def clean(self, value: Any) -> list[User]:
        people: list[User] = []
        errors = []
        for line in (super().clean(value) or "").replace(",", "\n").replace(";", "\n").split("\n"):
            if not line.strip():
                continue
            try:
                person = person_called(line, actor=self.actor)
            except Invalid as error:
                errors.append(f"“{line.strip()[:80]}”: {error.sentence}")
                continue
            if person not in people:
                people.append(person)
        if errors:
            raise forms.ValidationError(errors)
        return people


class NewProjectForm(forms.Form):
    name = forms.CharField(
        max_length=120,
        help_text="As people call the team or its task: Home claims.",
        error_messages={"required": "Give the project a name, such as the team's."},
    )
    description = forms.CharField(required=False, max_length=500, help_text="One sentence that says what belongs here.")
    defines = PeopleField(label="Who defines", help_text="Domain experts who write what a good answer is. One person a line.")
    implements = PeopleField(label="Who implements", help_text="Technical people who build it in, and approve that it works.")
    validates = PeopleField(label="Who validates", help_text="Product people who say that it may go to customers.")
    keeps = PeopleField(
        label="Who keeps the settings",
        required=True,
        help_text="People, conditions and keys. At least one, better two.",
        error_messages={"required": "Name at least one person who keeps the settings."},
    )
    template = forms.ChoiceField(
        label="How changes are looked at",
        choices=[(key, template.name) for key, template in TEMPLATES.items()],
        widget=forms.RadioSelect,
        initial="four_eyes",
        error_messages={"required": "Choose how changes are looked at.", "invalid_choice": "Choose how changes are looked at."},
    )
    slug = forms.CharField(
        required=False,
        max_length=60,
        label="Address",
        validators=[validate_slug],
        help_text="Part of every link to it: home-claims. Without one, it is made from the name. It cannot be changed later.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, PeopleField):
                field.actor = actor

    def founders(self) -> Founders:
        """As far as they could be read: a line with an error counts for nobody."""
        given = {name: self.cleaned_data.get(name) or () for name in ("defines", "implements", "validates", "keeps")}
        return Founders(**given)
