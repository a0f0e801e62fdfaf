from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("promptstudio.api.urls")),
    path("", include("promptstudio.web.urls")),
]
handler400 = "promptstudio.web.views.errors.unreadable"
handler404 = "promptstudio.web.views.errors.not_found"
handler500 = "promptstudio.web.views.errors.broken"
