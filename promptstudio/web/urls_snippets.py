from django.urls import path

from .views import comparing_snippets, snippets

SNIPPETS = "p/<slug:project>/snippets/"
SNIPPET = SNIPPETS + "<uuid:uid>/"
urlpatterns = [
    path(SNIPPETS, snippets.snippets, name="snippets"),
    path(SNIPPETS + "known.json", snippets.known, name="snippets_known"),
    path(SNIPPETS + "new/", snippets.new, name="snippet_new"),
    path(SNIPPET, snippets.snippet, name="snippet"),
    path(SNIPPET + "edit/", snippets.edit, name="snippet_edit"),
    path(SNIPPET + "change/", snippets.change, name="snippet_change"),
    path(SNIPPET + "compare/", comparing_snippets.snippet_compare_newest, name="snippet_compare_newest"),
    path(SNIPPET + "compare/<str:sides>/", comparing_snippets.snippet_compare, name="snippet_compare"),
    path(SNIPPET + "archive/", snippets.archive, name="snippet_archive"),
    path(SNIPPET + "restore/", snippets.restore, name="snippet_restore"),
    path(SNIPPET + "drafts/", snippets.open_drafts, name="snippet_drafts"),
]
