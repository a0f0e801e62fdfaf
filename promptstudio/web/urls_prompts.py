from django.urls import path

from .views import catching_up, editing, examples, prompts, versions

PROJECT = "p/<slug:project>/"
PAGE = PROJECT + "prompts/<prompt:name>/-/"
DRAFT = PAGE + "drafts/<uuid:uid>/"
urlpatterns = [
    path(PROJECT + "new-prompt/", prompts.new, name="prompt_new"),
    path(PAGE, prompts.overview, name="prompt"),
    path(PAGE + "change/", prompts.change, name="prompt_change"),
    path(PAGE + "who/", prompts.restrict, name="prompt_restrict"),
    path(PAGE + "activity/", prompts.activity, name="prompt_activity"),
    path(PAGE + "examples/<uuid:uid>/change/", examples.prompt_example_change, name="prompt_example_change"),
    path(PAGE + "examples/<uuid:uid>/remove/", examples.prompt_example_remove, name="prompt_example_remove"),
    path(PAGE + "edit/", editing.edit_newest, name="prompt_edit_newest"),
    path(PAGE + "drafts/", editing.open_draft, name="prompt_draft_open"),
    path(DRAFT, editing.edit, name="prompt_edit"),
    path(DRAFT + "live/", editing.live, name="prompt_draft_live"),
    path(DRAFT + "words/", editing.save, name="prompt_draft_save"),
    path(DRAFT + "settle/", editing.settle, name="prompt_draft_settle"),
    path(DRAFT + "catch-up/", catching_up.prompt_catch_up, name="prompt_catch_up"),
    path(DRAFT + "discard/", editing.discard, name="prompt_draft_discard"),
    path(DRAFT + "save/", versions.save, name="prompt_save"),
    path(PAGE + "versions/", versions.versions, name="prompt_versions"),
    path(PAGE + "versions/<str:semver>/", versions.version, name="prompt_version"),
    path(PAGE + "versions/<str:semver>/change-record/", versions.add_to_record, name="prompt_add_to_record"),
]
