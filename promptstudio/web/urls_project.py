from django.urls import path

from .views import library

PROJECT = "p/<slug:project>/"
urlpatterns = [
    path(PROJECT + "prompts/", library.library, name="library"),
]
