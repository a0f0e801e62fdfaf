"""One base for every page of the admin panel: you see what belongs to you, and saving calls a service."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from promptstudio.accounts.actor import Actor
from promptstudio.accounts.models import User
from promptstudio.lib.errors import Invalid, NotAllowed, StudioError
from promptstudio.projects.models import PendingChange, Project, ProjectGroupPermission, granted

from ..middleware import refused


def actor_of(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


class ServiceForm(forms.ModelForm):
    """A form that saves through `save_by`; what the service refuses stands at its field, and nothing that was typed is lost."""

    request: ClassVar[HttpRequest]
    save_by: ClassVar[Callable[["ServiceForm"], models.Model]]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            self.saved = type(self).save_by(self)
        except Invalid as error:
            for field, sentence in error.errors.items():
                self.add_error(field if field in self.fields else None, sentence)
        except StudioError as error:
            if isinstance(error, NotAllowed):
                refused(self.request, error)
            self.add_error(None, ValidationError(error.sentence))

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    def save(self, commit: bool = True) -> Any:
        return self.saved

    def save_m2m(self) -> None:
        """The service saved everything."""


class ScopedAdmin(admin.ModelAdmin):
    """`project_path` leads from the model to its project. Nothing is deleted here, and nothing is saved past a service."""

    project_path: ClassVar[str] = "project"
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request)
        return found.filter(**{f"{self.project_path}__in": self.projects(request)}) if self.project_path else found

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Filters by something related offer what the rows of this person have, and no names from elsewhere."""
        return [
            (path, admin.RelatedOnlyFieldListFilter) if get_fields_from_path(self.model, str(path))[-1].is_relation else path
            for path in super().get_list_filter(request)
        ]

    def projects(self, request: HttpRequest) -> Any:
        return Project.objects.visible_to(actor_of(request))

    def administered(self, request: HttpRequest) -> Any:
        actor = actor_of(request)
        if actor.user.is_site_admin:
            return self.projects(request)
        return self.projects(request).filter(pk__in=granted(ProjectGroupPermission, actor.user, "administer"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices(db_field, request))
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
        return self.administered(request).exists()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.administered(request).exists()
        return self.administered(request).filter(pk=self.project_of(obj)).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

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
            try:
                messages.success(request, deed(row))
            except StudioError as error:
                if isinstance(error, NotAllowed):
                    refused(request, error)
                messages.error(request, error.sentence)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self._waits(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._waits(request, obj) or super().response_change(request, obj)

    def _waits(self, request: HttpRequest, saved: Any) -> HttpResponse | None:
        """What the service saved is only a wish, until a second person confirms it."""
        if not isinstance(saved, PendingChange):
            return None
        messages.info(request, saved.sentence)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

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
