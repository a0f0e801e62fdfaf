from django.urls import path

from .urls_prompts import PAGE
from .views import criteria

urlpatterns = [
    path(PAGE + "versions/<str:semver>/how-we-will-know/", criteria.prompt_criterion_new, name="prompt_criterion_new"),
    path(PAGE + "how-we-will-know/<uuid:uid>/", criteria.prompt_criterion, name="prompt_criterion"),
]
