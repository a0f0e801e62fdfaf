"""One base for every page of the admin panel: you see what belongs to you, and saving calls a service."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.errors import Conflict, Invalid, NotAllowed, StudioError
from promptstudio.projects.models import Environment, PendingChange, Project, ProjectGroupPermission, granted
from promptstudio.prompts.models import Prompt

from ..middleware import refused
from ..templatetags.studio import ago, lane
from .history import history_page
from .sections import many_of, one_of


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def yes_no(name: str, label: str) -> Callable[[Any], str]:
    """A column that says yes or no in words."""

    @admin.display(description=label, ordering=name)
    def shown(row: Any) -> str:
        return "yes" if getattr(row, name) else "no"

    return shown


def when(name: str, label: str) -> Callable[[Any], Any]:
    """A column with a time as people say it."""

    @admin.display(description=label, ordering=name)
    def shown(row: Any) -> Any:
        return ago(getattr(row, name)) or "—"

    return shown


def lane_tag(environment: Environment) -> str:
    return format_html('<span class="lane-tag {}">{}</span>', lane(environment.slug), environment.name)


class ServiceForm(forms.ModelForm):
    """A form that saves through `save_by`; what the service refuses stands at its field, and nothing that was typed is lost."""

    request: ClassVar[HttpRequest]
    save_by: ClassVar[Callable[["ServiceForm"], models.Model]]
    # Of an answer with errors.
    status = 422

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors or self.is_preview:
            return
        place = self.cleaned_data.get("environment")
        if project := self.cleaned_data.get("project") or getattr(place, "project", None):
            self.request.about_project = project.pk  # type: ignore[attr-defined]
        try:
            self.saved = type(self).save_by(self)
        except Invalid as error:
            for field, sentence in error.errors.items():
                self.add_error(field if field in self.fields else None, sentence)
        except StudioError as error:
            self.status = 409 if isinstance(error, Conflict) else 403
            if isinstance(error, NotAllowed):
                refused(self.request, error)
            self.add_error(None, ValidationError(error.sentence))

    @property
    def is_preview(self) -> bool:
        """Somebody asks what this would mean, and saves nothing yet."""
        return "_preview" in self.data

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_preview

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    def save(self, commit: bool = True) -> Any:
        return self.saved

    def save_m2m(self) -> None:
        """The service saved everything."""


class ScopedAdmin(admin.ModelAdmin):
    """Nothing is deleted here, and nothing is saved past a service.

    `project_path` leads from the model to its project, `prompt_path` to its prompt, which may be hidden in a visible project.

    `one` and `many` are what rows are called on pages, `hint` says on the index what the list is for, `empty` what it means that there
    is no row yet, and `section` is one of `sections.SECTIONS`.
    """

    project_path: ClassVar[str] = "project"
    prompt_path: ClassVar[str] = ""
    one: ClassVar[str] = ""
    many: ClassVar[str] = ""
    hint: ClassVar[str] = ""
    empty: ClassVar[str] = ""
    icon: ClassVar[str] = "list"
    section: ClassVar[str] = ""
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request)
        if self.prompt_path:
            return found.filter(**{f"{self.prompt_path}__in": Prompt.objects.visible_to(actor_of(request))})
        return found.filter(**{f"{self.project_path}__in": self.projects(request)}) if self.project_path else found

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Filters by something related offer what the rows of this person have, and no names from elsewhere."""
        return [
            (path, admin.RelatedOnlyFieldListFilter)
            if isinstance(path, str) and get_fields_from_path(self.model, path)[-1].is_relation
            else path
            for path in super().get_list_filter(request)
        ]

    def projects(self, request: HttpRequest) -> Any:
        return Project.objects.visible_to(actor_of(request))

    def administered(self, request: HttpRequest) -> Any:
        actor = actor_of(request)
        if actor.user.is_site_admin:
            return self.projects(request)
        return self.projects(request).filter(pk__in=granted(ProjectGroupPermission, actor.user, "administer"))

    def administers(self, request: HttpRequest) -> bool:
        """Any project at all. Asked several times on each page, and answered once."""
        if not hasattr(request, "administers"):
            request.administers = self.administered(request).exists()  # type: ignore[attr-defined]
        return bool(request.administers)  # type: ignore[attr-defined]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # No windows to add or change what a field points at: that has a page of its own.
            field.widget = field.widget.widget
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices(db_field, request))
        kwargs.setdefault("empty_label", "Choose…")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def choices(self, db_field: Any, request: HttpRequest) -> Any:
        related = db_field.related_model
        if related is Project:
            return self.administered(request)
        if related is User:
            return User.objects.filter(kind=User.Kind.PERSON)
        if any(field.name == "project" for field in related._meta.get_fields()):
            return related.objects.filter(project__in=self.administered(request))
        return related.objects.all()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff  # type: ignore[union-attr]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The pages of a row's history ask this, and nothing else, about rows that `get_queryset` leaves out.
        return self.has_module_permission(request) and (obj is None or self.get_queryset(request).filter(pk=obj.pk).exists())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.administers(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.administers(request)
        return self.administered(request).filter(pk=self.project_of(obj)).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return history_page(self, request, object_id)

    def may_see_gone(self, request: HttpRequest, obj: Any) -> bool:
        """Whether the past of a row that was taken away is this person's to read."""
        return bool(self.projects(request).filter(pk=self.project_of(obj)).exists())

    def trail_uids(self, obj: Any) -> list[Any]:
        """Whose entries in the trail its history tells."""
        return [obj.uid]

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.about(request, found)
        return found

    def about(self, request: HttpRequest, row: Any) -> None:
        """What is refused from here on belongs in the chain of this row's project."""
        request.about_project = self.project_of(row) if self.project_path else None  # type: ignore[attr-defined]

    def project_of(self, obj: Any) -> Any:
        for name in self.project_path.split("__"):
            obj = getattr(obj, name)
        return obj.pk

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"request": request})

    def each(self, request: HttpRequest, queryset: Any, deed: Callable[[Any], str]) -> None:
        """An action on several rows: `deed` does one and says what it did; a refusal stops only its own row."""
        for row in queryset:
            self.about(request, row)
            try:
                messages.success(request, deed(row))
            except StudioError as error:
                if isinstance(error, NotAllowed):
                    refused(request, error)
                messages.error(request, error.sentence)

    def confirm(self, request: HttpRequest, queryset: Any, *, title: str, sentence: str) -> TemplateResponse | None:
        """For an action without a way back: the page that asks once more, or None when it was answered."""
        if request.POST.get("sure") == "yes":
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "sentence": sentence,
            "rows": list(queryset[:100]),
            "action": request.POST["action"],
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/confirm.html", context)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may_add = self.has_add_permission(request)
        words = {"title": many_of(self.model), "hint": self.hint, "one": one_of(self.model), "empty": self.empty, "may_add": may_add}
        return super().changelist_view(request, {**words, **(extra_context or {})})

    def changeform_view(self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None) -> Any:
        words = {"one": one_of(self.model), "many": many_of(self.model)}
        return super().changeform_view(request, object_id, form_url, {**words, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """What was refused is answered with its own status, and what was typed stands in the form."""
        obj = context.get("original")
        context["title"] = str(obj) if obj is not None else f"New {one_of(self.model)}"
        response = super().render_change_form(request, context, *args, **kwargs)
        form = context["adminform"].form
        if form.errors:
            response.status_code = getattr(form, "status", 422)
        return response

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self._saved(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._saved(request, obj)

    def _saved(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if isinstance(obj, PendingChange):
            # What the service kept is only a wish, until a second person confirms it.
            messages.info(request, obj.sentence)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        messages.success(request, f"Saved: {obj}.")
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", obj.pk)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form's service saved it."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail is the log."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail is the log."""


class ReadOnlyAdmin(ScopedAdmin):
    """Rows that are written once, or that only services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
