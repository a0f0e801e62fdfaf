from django.urls import path

from .views import asking

PROJECT = "p/<slug:project>/"
ONE = PROJECT + "requests/<uuid:uid>/"
urlpatterns = [
    path(PROJECT + "requests/", asking.requests, name="requests"),
    path(PROJECT + "new-request/", asking.request_new, name="request_new"),
    path(ONE, asking.request, name="request"),
    path(ONE + "take/", asking.request_take, name="request_take"),
    path(ONE + "start/", asking.request_start, name="request_start"),
    path(ONE + "hand-over/", asking.request_hand_over, name="request_hand_over"),
    path(ONE + "decline/", asking.request_decline, name="request_decline"),
    path(ONE + "send-back/", asking.request_send_back, name="request_send_back"),
    path(ONE + "confirm/", asking.request_confirm, name="request_confirm"),
    path(ONE + "reopen/", asking.request_reopen, name="request_reopen"),
    path(ONE + "say/", asking.request_say, name="request_say"),
]
