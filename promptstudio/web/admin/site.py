from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from promptstudio.lib.errors import NotAllowed


class StudioAdminSite(AdminSite):
    site_title = "Prompt Studio"
    site_header = "Prompt Studio administration"
    index_title = "People, environments, conditions and targets"
    site_url = "/"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one sign-in. Whoever came through it and may not open the administration reads why."""
        # Imported late: the site is made before the models of the product are.
        from ..sign_in.arrivals import safe_next

        wanted = safe_next(request, request.GET.get("next") or reverse("admin:index"))
        if self.has_permission(request):
            return redirect(wanted)
        if request.user.is_authenticated:
            raise NotAllowed("You are signed in, and your account may not open the administration. A site admin can let you.")
        return redirect(f"{reverse('sign_in')}?{urlencode({'next': wanted})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """As everywhere, at the provider as well."""
        from ..requests import StudioRequest
        from ..sign_in.views import sign_out

        return sign_out(cast(StudioRequest, request))
