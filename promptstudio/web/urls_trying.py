from django.urls import path

from .urls_prompts import PAGE
from .views import answers, trying

urlpatterns = [
    path(PAGE + "try/", trying.prompt_try, name="prompt_try"),
    path(PAGE + "tried/<uuid:uid>/", trying.prompt_tried, name="prompt_tried"),
    path(PAGE + "tried/<uuid:uid>/stop/", trying.prompt_tried_stop, name="prompt_tried_stop"),
    path(PAGE + "answers/<uuid:uid>/", answers.prompt_answer, name="prompt_answer"),
]
