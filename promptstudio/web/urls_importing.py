from django.urls import path

from .views import importing

IMPORT = "p/<slug:project>/import/"
BATCH = IMPORT + "<uuid:uid>/"
urlpatterns = [
    path(IMPORT, importing.start, name="import"),
    path(BATCH, importing.batch, name="import_batch"),
    path(BATCH + "go-on/", importing.go_on, name="import_go_on"),
    path(BATCH + "discard/", importing.discard, name="import_discard"),
]
