"""The AI models that people can choose: their limits and prices, when they retire and what follows them."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from promptstudio.projects.permissions import can_administer_site
from promptstudio.prompts import model_services
from promptstudio.prompts.catalogue import Model
from promptstudio.prompts.models import ModelEntry

from .scoped import ScopedAdmin, ServiceForm, actor_of

CENT = Decimal("0.01")
SETTINGS = (("temperature", "Temperature"), ("top_p", "Top P"), ("stop_sequences", "Stop at"))


def plainly(price: Decimal) -> str:
    """1.00 and 0.035: cents at least, and no zeros that say nothing."""
    return f"{price:.2f}" if price == price.quantize(CENT) else f"{price.normalize():f}"


class ModelInput(forms.TextInput):
    """Offers the models that are on the list."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        field = super().render(name, value, {**(attrs or {}), "list": "known-models"}, renderer)
        known = ModelEntry.objects.values_list("model_id", "label")
        return format_html(
            '{}<datalist id="known-models">{}</datalist>', field, format_html_join("", '<option value="{}">{}</option>', known)
        )


class ModelForm(ServiceForm):
    refuses = forms.MultipleChoiceField(
        label="Does not take",
        required=False,
        choices=SETTINGS,
        widget=forms.CheckboxSelectMultiple,
        help_text="Whoever sets one of these reads beside it that calls may fail.",
    )

    class Meta:
        model = ModelEntry
        fields = (
            "model_id",
            "label",
            "input_price",
            "output_price",
            "dearer_by_geography",
            "context",
            "max_output",
            "refuses",
            "retires_on",
            "successor",
        )
        help_texts = {
            "model_id": "As Bedrock writes it, without eu. or us. in front: amazon.nova-lite-v1:0",
            "input_price": "US dollars, on demand.",
            "output_price": "US dollars, on demand.",
            "dearer_by_geography": "Profiles such as eu. and us. cost a tenth more.",
            "context": "Tokens, the answer included.",
            "max_output": "Tokens.",
            "retires_on": "Such as 2026-12-20. From then on nobody should rely on it. Prompts that use it are named in the library.",
            "successor": "The model that drafts take in its place, by either of its names.",
        }
        error_messages = {"retires_on": {"invalid": "Write the date as year, month and day: 2026-12-20."}}
        widgets = {"successor": ModelInput(attrs={"class": "vTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.update({name: plainly(getattr(self.instance, name)) for name in ("input_price", "output_price")})

    def clean_successor(self) -> str:
        typed: str = self.cleaned_data["successor"].strip()
        named = list(ModelEntry.objects.filter(label__iexact=typed).values_list("model_id", flat=True)[:2])
        return named[0] if len(named) == 1 else typed

    def save_by(self) -> ModelEntry:
        given = dict(self.cleaned_data)
        given["id"] = given.pop("model_id", self.instance.model_id)
        model = Model(**{**given, "refuses": tuple(given["refuses"])})
        if self.instance.pk is None:
            return model_services.add_model(model=model, actor=self.actor)
        return model_services.change_model(entry=ModelEntry.objects.get(pk=self.instance.pk), model=model, actor=self.actor)


@admin.register(ModelEntry)
class ModelEntryAdmin(ScopedAdmin):
    form = ModelForm
    one, many, icon, section = "model", "models", "adjustments", "places"
    hint = "The AI models that people can choose, with limits, prices, and when they retire."
    project_path = ""
    list_display = (
        "label",
        "model_id",
        "price_in",
        "price_out",
        "context",
        "max_output",
        "retires_on",
    )
    list_filter = ("retires_on",)
    search_fields = ("label", "model_id")

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request)
        return found if can_administer_site(actor_of(request)) else found.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        actor = getattr(request, "actor", None)
        return bool(actor and super().has_module_permission(request) and can_administer_site(actor))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(can_administer_site(actor_of(request)))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(can_administer_site(actor_of(request)))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("model_id",) if obj else ()

    @admin.display(description="Price of a million tokens in", ordering="input_price")
    def price_in(self, entry: ModelEntry) -> str:
        return plainly(entry.input_price)

    @admin.display(description="Price of a million tokens out", ordering="output_price")
    def price_out(self, entry: ModelEntry) -> str:
        return plainly(entry.output_price)
