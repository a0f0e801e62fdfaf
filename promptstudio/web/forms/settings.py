"""Giving roles and making keys."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.errors import Invalid
from promptstudio.projects.models import ApiKey, Environment, Project, Role
from promptstudio.projects.people import known_to, person_called

from .words import Words

MOST_SUGGESTED = 200
LAST_YEAR = 2099


class RoleForm(forms.Form):
    """`person` is typed: a name or user name among the actor's colleagues, or anybody's e-mail address, that fits one person."""

    person = Words(
        max_length=254,
        help_text="Name or user name of a colleague, or the e-mail address of anybody.",
        error_messages={"required": "Say who."},
        widget=forms.TextInput(attrs={"list": "people-known", "autocomplete": "off"}),
    )
    role = forms.ChoiceField(choices=[("", "Choose a role"), *Role.choices], error_messages={"required": "Choose a role."})
    folder = forms.ChoiceField(
        label="Where",
        required=False,
        help_text="A role in a folder holds there and in the folders below it.",
        error_messages={"invalid_choice": "Choose a folder in which you may give roles."},
    )

    def __init__(self, *args: Any, actor: Actor, places: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        offer_folders(self.fields["folder"], places)

    def clean_person(self) -> User:
        return person_typed(self.cleaned_data["person"], self.actor)


def person_typed(typed: str, actor: Actor) -> User:
    """For the field in which people write a colleague's name."""
    try:
        return person_called(typed, actor=actor)
    except Invalid as error:
        raise forms.ValidationError(error.errors["person"]) from None


class AccountForm(forms.Form):
    account_name = Words(
        label="Application",
        max_length=120,
        help_text="What it is called in your company.",
        error_messages={"required": "Give the application a name."},
    )
    responsible = forms.ModelChoiceField(
        queryset=User.objects.none(),
        empty_label="Choose a person",
        label="Who answers for it",
        help_text="What its keys write counts as written by this person.",
        error_messages={"required": "Choose who answers for it.", "invalid_choice": "Choose someone from the list."},
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["responsible"]
        assert isinstance(field, forms.ModelChoiceField)
        members = User.objects.filter(memberships__project=project, kind=User.Kind.PERSON, is_active=True)
        field.queryset = members.distinct().order_by("name")


class KeyForm(forms.Form):
    """`expires_at` is the end of the typed day."""

    name = Words(label="What the key is for", max_length=120, error_messages={"required": "Say what this key is for."})
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=ApiKey.Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
        error_messages={"required": "Choose at least one thing that it may do.", "invalid_choice": "Choose from the list."},
    )
    environment = forms.ChoiceField(
        required=False,
        help_text="An application gets the environment that it runs in, and reads only what was released there.",
        error_messages={"invalid_choice": "Choose an environment of this project."},
    )
    folder = forms.ChoiceField(
        required=False,
        help_text="With one, the key reads and writes only what lies in it and below it.",
        error_messages={"invalid_choice": "Choose a folder of this project."},
    )
    expires_on = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Empty: until it is revoked.",
        error_messages={"invalid": "Give a day, such as 2027-01-31."},
    )

    def __init__(self, *args: Any, places: Sequence[Environment], folders: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_folders(self.fields["folder"], folders)
        self.places = {place.slug: place for place in places}
        field = self.fields["environment"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Every environment – not for applications"), *((place.slug, place.name) for place in places)]
        # Applications mostly run in the last one, so the safe choice is the one that needs no thought.
        field.initial = places[-1].slug if places else ""

    def clean_expires_on(self) -> date | None:
        day: date | None = self.cleaned_data["expires_on"]
        if day and day.year > LAST_YEAR:
            raise forms.ValidationError(f"Choose a day before {LAST_YEAR + 1}, or leave it empty: then it works until it is revoked.")
        return day

    @property
    def place(self) -> Environment | None:
        return self.places.get(self.cleaned_data["environment"])

    @property
    def expires_at(self) -> datetime | None:
        day = self.cleaned_data["expires_on"]
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) if day else None


class RotateForm(forms.Form):
    """How long the old key goes on working beside the new one."""

    days = forms.TypedChoiceField(
        label="The old key goes on working",
        coerce=int,
        choices=[(1, "for a day"), (7, "for a week"), (30, "for 30 days"), (0, "not at all: it stops at once")],
        initial=7,
    )

    @property
    def overlap(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])


def offer_folders(field: forms.Field, paths: Sequence[str]) -> None:
    """The whole project first, where it is offered."""
    assert isinstance(field, forms.ChoiceField)
    field.choices = [(path, path.replace("/", " / ") or "The whole project") for path in paths]


def people_known(actor: Actor) -> list[User]:
    """For the list of suggestions; none when there are too many to be read."""
    found = list(known_to(actor).order_by("name")[: MOST_SUGGESTED + 1])
    return found if len(found) <= MOST_SUGGESTED else []
