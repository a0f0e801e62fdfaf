"""Who decides in your place, from which day to which."""

from typing import cast

from django import forms

from promptstudio.accounts.models import User

from .period import Day


class SubstituteForm(forms.Form):
    substitute = forms.ChoiceField(
        label="Colleague", error_messages={"required": "Choose a colleague.", "invalid_choice": "Choose one from the list."}
    )
    since = Day(label="From", error_messages={"required": "Give the first day."})
    until = Day(label="To", error_messages={"required": "Give the last day."})

    def __init__(self, data: object, *, colleagues: list[User]) -> None:
        super().__init__(data, auto_id="sub-%s", use_required_attribute=False)  # type: ignore[arg-type]
        self.colleagues = {str(person.uid): person for person in colleagues}
        choices = [("", "Choose…"), *((uid, person.name) for uid, person in self.colleagues.items())]
        cast(forms.ChoiceField, self.fields["substitute"]).choices = choices

    @property
    def chosen(self) -> User | None:
        return self.colleagues.get(self.cleaned_data["substitute"])
