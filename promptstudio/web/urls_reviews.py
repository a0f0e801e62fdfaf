from django.urls import path

from .views import comparing, reviews, talking

PAGE = "p/<slug:project>/prompts/<prompt:name>/-/"
urlpatterns = [
    path(PAGE + "compare/", comparing.prompt_compare_newest, name="prompt_compare_newest"),
    path(PAGE + "compare/<str:sides>/", comparing.prompt_compare, name="prompt_compare"),
    path(PAGE + "ask/<str:semver>/<slug:environment>/", reviews.prompt_ask, name="prompt_ask"),
    path("p/<slug:project>/reviews/", reviews.reviews, name="reviews"),
    path("p/<slug:project>/reviews/<uuid:uid>/", reviews.review, name="review"),
    path("p/<slug:project>/reviews/<uuid:uid>/comment/", reviews.review_comment, name="review_comment"),
    path("p/<slug:project>/reviews/<uuid:uid>/answers/", reviews.review_answers, name="review_answers"),
    path("p/<slug:project>/reviews/<uuid:uid>/withdraw/", reviews.review_withdraw, name="review_withdraw"),
    path(PAGE + "comment/<str:semver>/", talking.prompt_comment, name="prompt_comment"),
    path("p/<slug:project>/talk/<uuid:uid>/", talking.thread, name="thread"),
    path("p/<slug:project>/talk/<uuid:uid>/reply/", talking.thread_reply, name="thread_reply"),
    path("p/<slug:project>/talk/<uuid:uid>/settle/", talking.thread_resolve, name="thread_resolve"),
    path("p/<slug:project>/talk/<uuid:uid>/open/", talking.thread_reopen, name="thread_reopen"),
    path("p/<slug:project>/suggestions/<uuid:uid>/take/", talking.suggestion_take, name="suggestion_take"),
]
