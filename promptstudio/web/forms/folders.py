"""Naming who answers for a folder."""

from collections.abc import Sequence
from typing import Any

from django import forms

from promptstudio.accounts.models import User
from promptstudio.projects.models import Role
from promptstudio.projects.roles import REVIEWERS


class ReviewersForm(forms.Form):
    """`named` are those who are offered: whoever may approve there, and whoever is named already."""

    people = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose people from the list. Somebody lost their role meanwhile."},
    )
    roles = forms.MultipleChoiceField(
        label="Everybody with one of these roles there",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(role, Role(role).label) for role in REVIEWERS],
        error_messages={"invalid_choice": "Choose roles from the list."},
    )

    def __init__(self, *args: Any, offered: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(person.uid): person for person in offered}
        field = self.fields["people"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(uid, person.name) for uid, person in self.offered.items()]

    @property
    def chosen(self) -> list[User]:
        return [self.offered[uid] for uid in self.cleaned_data["people"]]
