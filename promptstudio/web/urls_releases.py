from django.urls import path

from .views import releases

RELEASES = "p/<slug:project>/releases/"
RELEASE = RELEASES + "<uuid:uid>/"
urlpatterns = [
    path(RELEASES, releases.releases, name="releases"),
    path(RELEASES + "new/", releases.release_new, name="release_new"),
    path(RELEASE, releases.release, name="release"),
    path(RELEASE + "add/", releases.release_add, name="release_add"),
    path(RELEASE + "take-out/", releases.release_take, name="release_take"),
    path(RELEASE + "promote/", releases.release_promote, name="release_promote"),
    path(RELEASE + "roll-back/", releases.release_roll_back, name="release_roll_back"),
    path(RELEASE + "withdraw/", releases.release_withdraw, name="release_withdraw"),
]
