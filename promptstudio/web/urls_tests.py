from django.urls import path

from .urls_prompts import PAGE
from .views import beside_live, case_files, comparing_answers, contests, results, suites, testing_beside

BLIND = PAGE + "compared/<uuid:uid>/"
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
    path(SUITE + "restore/", suites.prompt_suite_restore, name="prompt_suite_restore"),
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
    path(PAGE + "runs/<uuid:uid>/people/", comparing_answers.prompt_comparison_new, name="prompt_comparison_new"),
    path(BLIND, comparing_answers.prompt_comparison, name="prompt_comparison"),
    path(BLIND + "<int:place>/", comparing_answers.prompt_comparison_pair, name="prompt_comparison_pair"),
    path(BLIND + "finish/", comparing_answers.prompt_comparison_finish, name="prompt_comparison_finish"),
    path(BLIND + "close/", comparing_answers.prompt_comparison_close, name="prompt_comparison_close"),
    path(BLIND + "archive/", comparing_answers.prompt_comparison_archive, name="prompt_comparison_archive"),
    path(BLIND + "preferences.csv", comparing_answers.prompt_comparison_file, name="prompt_comparison_file"),
]
