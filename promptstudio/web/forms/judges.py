"""Choosing who judges: the judge of Prompt Studio, or a prompt of the project by its title or name."""

from typing import Any

from django import forms

from promptstudio.accounts.actor import Actor
from promptstudio.evaluations.models import JudgeChoice
from promptstudio.projects.models import Project
from promptstudio.prompts.models import Prompt, Version

from .words import Words

STUDIO, OWN = "studio", "own"


class JudgeForm(forms.Form):
    """`found` is the prompt that was typed, `version` becomes the row of its number; both are None where they do not count."""

    who = forms.ChoiceField(
        label="Who judges",
        choices=[(STUDIO, "The judge of Prompt Studio"), (OWN, "A prompt of this project")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who judges.", "invalid_choice": "Choose who judges."},
    )
    prompt = Words(
        label="Which prompt",
        max_length=240,
        required=False,
        help_text="Its title, or the name in its address.",
        widget=forms.TextInput(attrs={"list": "judge-prompts", "autocomplete": "off", "dir": "auto"}),
    )
    version = Words(max_length=60, required=False, widget=forms.TextInput(attrs={"placeholder": "1.2.0", "autocomplete": "off"}))
    model = Words(
        max_length=2048,
        required=False,
        widget=forms.TextInput(attrs={"list": "models", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, project: Project, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = Prompt.objects.visible_to(actor).filter(project=project, archived_at=None)
        self.found: Prompt | None = None

    def clean_prompt(self) -> str:
        typed = " ".join(self.cleaned_data["prompt"].split())
        if self.cleaned_data.get("who") != OWN:
            return typed
        found = list(self.offered.filter(name=typed.lower())[:1]) or list(self.offered.filter(title__iexact=typed)[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                "Several prompts are called so. Write the name in the address of the one that you mean." if found else "Choose a prompt."
            )
        self.found = found[0]
        return typed

    def clean_version(self) -> Version | None:
        semver = self.cleaned_data["version"].strip()
        if not semver or self.found is None:
            return None
        version: Version | None = self.found.versions.filter(semver=semver).first()
        if version is None:
            raise forms.ValidationError(f"This prompt has no version {semver[:20]}.")
        return version


def chosen_before(choice: JudgeChoice | None) -> dict[str, Any]:
    """What the form shows at first."""
    if choice is None:
        return {"who": STUDIO}
    return {
        "who": OWN if choice.prompt else STUDIO,
        "prompt": choice.prompt.name if choice.prompt else "",
        "version": choice.version.semver if choice.version else "",
        "model": choice.model,
    }
