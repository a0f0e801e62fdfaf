from django.urls import path

from .urls_prompts import PAGE
from .views import answers, rating, trying

ANSWER = PAGE + "answers/<uuid:uid>/"
urlpatterns = [
    path(PAGE + "try/", trying.prompt_try, name="prompt_try"),
    path(PAGE + "tried/", trying.prompt_trials, name="prompt_trials"),
    path(PAGE + "tried/<uuid:uid>/", trying.prompt_tried, name="prompt_tried"),
    path(PAGE + "tried/<uuid:uid>/stop/", trying.prompt_tried_stop, name="prompt_tried_stop"),
    path(ANSWER, answers.prompt_answer, name="prompt_answer"),
    path(ANSWER + "rate/", rating.prompt_answer_rate, name="prompt_answer_rate"),
    path(ANSWER + "case/", rating.prompt_answer_case, name="prompt_answer_case"),
]
