"""Forms of an import: where the words come from, and what shall become of them."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from promptstudio.projects.models import Project
from promptstudio.prompts.import_services import Choices
from promptstudio.prompts.models import ImportBatch
from promptstudio.prompts.reading.found import LARGEST_FILE
from promptstudio.prompts.reading.marks import MARKS
from promptstudio.prompts.reading.tables import ROLES, example_role

from .words import Words

ENDINGS = ".docx,.xlsx,.csv,.tsv,.jsonl,.ndjson,.json,.prompt,.prompty,.md,.markdown,.txt"
BECOME = (
    ("drafts", "Drafts: look at each one before it becomes a version"),
    ("versions", "First versions: ready to be reviewed, with their history where the file has one"),
)


class ImportForm(forms.Form):
    file = forms.FileField(
        required=False,
        label="A file",
        help_text="Word (.docx), Excel (.xlsx), CSV, JSON lines, Markdown, .prompt or .prompty; at most 10 MB.",
        widget=forms.FileInput(attrs={"accept": ENDINGS}),
        error_messages={"empty": "This file is empty. Choose another one.", "invalid": "No file arrived. Choose it again."},
    )
    text = Words(
        required=False,
        strip=False,
        label="Or paste the text",
        help_text="A heading that begins with # starts a prompt of its own. Cells that were copied from Excel are read as a table.",
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
    )
    folder = Words(required=False, max_length=200, help_text="With / between levels: Property/Water. A new one is made as you write it.")

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["folder"].widget.attrs["list"] = "folders"
        self.folders = [path for path in project.folders.values_list("path", flat=True) if path]

    def clean_file(self) -> UploadedFile | None:
        file: UploadedFile | None = self.cleaned_data["file"]
        if file and (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(f"This file is too large: at most {LARGEST_FILE // 1024 // 1024} MB.")
        return file

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors and not given.get("file") and not given.get("text", "").strip():
            self.add_error("file", "Choose a file, or paste the text below.")
        if not self.errors and given.get("file") and given.get("text", "").strip():
            self.add_error("text", "There is a file and a text. Take one of them away, so that it is clear what you mean.")
        return given

    @property
    def content(self) -> tuple[bytes, str]:
        """The bytes, and the name of the file; pasted text has none."""
        file: UploadedFile | None = self.cleaned_data["file"]
        return (file.read(), file.name or "") if file else (self.cleaned_data["text"].encode("utf-8", "surrogatepass"), "")

    def refuse(self, errors: dict[str, str]) -> None:
        """Each sentence stands where its words came from."""
        pasted = not self.cleaned_data.get("file")
        for name, sentence in errors.items():
            self.add_error("text" if name == "file" and pasted else name if name in self.fields else None, sentence)


class ChoicesForm(forms.Form):
    """What shall become of all rows; `columns` are those of a table."""

    folder = Words(required=False, max_length=200)
    become = forms.ChoiceField(choices=BECOME, widget=forms.RadioSelect, error_messages={"required": "Choose what the rows become."})
    marks = forms.MultipleChoiceField(required=False, choices=[(kind, kind) for kind in MARKS])
    whole = forms.BooleanField(required=False)

    def __init__(self, *args: Any, batch: ImportBatch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batch = batch
        self.columns = [f"column-{index}" for index in range(len(batch.columns))]
        for name, (header, _), role in zip(self.columns, batch.columns, batch.mapping, strict=True):
            self.fields[name] = forms.ChoiceField(required=False, choices=_roles(header), label=header or "Without a name", initial=role)

    def clean(self) -> dict[str, Any]:
        taken: dict[str, str] = {}
        for name in self.columns:
            role = self.cleaned_data.get(name, "")
            if role in taken:
                self.add_error(name, f"Another column holds the same: “{self.fields[taken[role]].label}”. Choose one of them.")
            elif role:
                taken[role] = name
        if self.columns and "text" not in taken and not self.errors:
            self.add_error(self.columns[0], "Say which column holds the text of the prompts.")
        return self.cleaned_data

    @property
    def choices(self) -> Choices:
        given = self.cleaned_data
        return Choices(
            folder=given["folder"],
            as_versions=given["become"] == "versions",
            whole=given["whole"],
            marks=given["marks"],
            mapping=[given[name] for name in self.columns],
        )


def _roles(header: str) -> list[tuple[str, str]]:
    example = example_role(header)
    roles = [("", "Leave it out"), *ROLES.items()]
    return [*roles, (example, f"Examples of {example.partition(':')[2]}")] if example else roles
