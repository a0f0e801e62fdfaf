"""Names and routes are those of mozilla-django-oidc; the views are ours."""

from django.urls import path

from . import views

urlpatterns = [
    path("authenticate/", views.authenticate, name="oidc_authentication_init"),
    path("callback/", views.callback, name="oidc_authentication_callback"),
]
