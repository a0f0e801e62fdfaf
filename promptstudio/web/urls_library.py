from django.urls import path

from .views import bulk, library, upkeep

LIBRARY = "p/<slug:project>/prompts/"
PAGE = LIBRARY + "<prompt:name>/-/"
urlpatterns = [
    path("p/<slug:project>/", library.project, name="project"),
    path(LIBRARY, library.library, name="library"),
    path(LIBRARY + "-/many/", bulk.library_bulk, name="library_bulk"),
    path(LIBRARY + "-/kept-filters/", bulk.library_keep, name="library_keep"),
    path(LIBRARY + "-/kept-filters/<uuid:uid>/remove/", bulk.library_forget, name="library_forget"),
    path(PAGE + "tags/", upkeep.prompt_tags, name="prompt_tags"),
    path(PAGE + "star/", upkeep.prompt_star, name="prompt_star"),
    path(PAGE + "archive/", upkeep.prompt_archive, name="prompt_archive"),
    path(PAGE + "restore/", upkeep.prompt_restore, name="prompt_restore"),
    path(PAGE + "name/", upkeep.prompt_rename, name="prompt_rename"),
    path(PAGE + "name/give-up/", upkeep.prompt_give_up_name, name="prompt_give_up_name"),
    path(PAGE + "copy/", upkeep.prompt_copy, name="prompt_copy"),
]
