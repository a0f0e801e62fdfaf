from django.urls import path

from .urls_prompts import PAGE
from .views import beside_live, case_files, contests, results, suites, testing_beside

SUITE = PAGE + "tests/<uuid:uid>/"
urlpatterns = [
    path(PAGE + "tests/", suites.prompt_tests, name="prompt_tests"),
    path(PAGE + "tests/new/", suites.prompt_suite_new, name="prompt_suite_new"),
    path(PAGE + "tests/import/", case_files.prompt_cases_import, name="prompt_cases_import"),
    path(SUITE, suites.prompt_suite, name="prompt_suite"),
    path(SUITE + "results/", results.prompt_results, name="prompt_results"),
    path(SUITE + "over-versions/", results.prompt_suite_history, name="prompt_suite_history"),
    path(SUITE + "edit/", suites.prompt_suite_edit, name="prompt_suite_edit"),
    path(SUITE + "export/<str:kind>/", case_files.prompt_suite_export, name="prompt_suite_export"),
    path(SUITE + "change/", suites.prompt_suite_change, name="prompt_suite_change"),
    path(SUITE + "archive/", suites.prompt_suite_archive, name="prompt_suite_archive"),
    path(SUITE + "run/", suites.prompt_suite_run, name="prompt_suite_run"),
    path(PAGE + "tests/<slug:environment>/<str:semver>/", beside_live.prompt_beside_live, name="prompt_beside_live"),
    path(PAGE + "tests/<slug:environment>/<str:semver>/accept/", beside_live.prompt_case_accept, name="prompt_case_accept"),
    path("p/<slug:project>/reviews/<uuid:uid>/tests/", testing_beside.review_tests, name="review_tests"),
    path(PAGE + "promote/<slug:environment>/<str:semver>/tests/", testing_beside.prompt_promote_tests, name="prompt_promote_tests"),
    path(PAGE + "runs/<uuid:uid>/", suites.prompt_run, name="prompt_run"),
    path(PAGE + "runs/<uuid:uid>/stop/", suites.prompt_run_stop, name="prompt_run_stop"),
    path(PAGE + "runs/<uuid:uid>/compare/", contests.prompt_contest_new, name="prompt_contest_new"),
    path(PAGE + "judged/<uuid:uid>/", contests.prompt_contest, name="prompt_contest"),
    path(PAGE + "judged/<uuid:uid>/stop/", contests.prompt_contest_stop, name="prompt_contest_stop"),
]
