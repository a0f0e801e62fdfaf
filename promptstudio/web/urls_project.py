from django.urls import path

from .views import access, audit, folders, judges, report, retiring, search, settings

PROJECT = "p/<slug:project>/"
SETTINGS = PROJECT + "settings/"
urlpatterns = [
    path("search", search.search, name="search"),
    path(PROJECT + "retiring/<str:model>/", retiring.retiring, name="retiring"),
    path(PROJECT + "retiring/<str:model>/drafts/", retiring.open_drafts, name="retiring_drafts"),
    path(PROJECT + "audit/", audit.audit, name="audit"),
    path(PROJECT + "audit/verify/", audit.audit_verify, name="audit_verify"),
    path(PROJECT + "audit/export.csv", audit.audit_export, {"kind": "csv"}, name="audit_export"),
    path(PROJECT + "audit/export.jsonl", audit.audit_export, {"kind": "jsonl"}, name="audit_export_lines"),
    path(PROJECT + "report/", report.report, name="report"),
    path(PROJECT + "report/changes.csv", report.report_export, name="report_export"),
    path(PROJECT + "report/places/", report.report_places, name="report_places"),
    path(PROJECT + "report/ask/", report.report_ask, name="report_ask"),
    path(SETTINGS, settings.overview, name="settings"),
    path(SETTINGS + "people/", settings.people, name="settings_people"),
    path(SETTINGS + "people/access/", access.access_review, name="access_review"),
    path(SETTINGS + "people/give/", settings.grant, name="settings_grant"),
    path(SETTINGS + "people/<uuid:uid>/take/", settings.revoke, name="settings_revoke"),
    path(SETTINGS + "folders/", folders.folders, name="settings_folders"),
    path(SETTINGS + "folders/change/", folders.folder, name="settings_folder"),
    path(SETTINGS + "judges/", judges.judges, name="settings_judges"),
    path(SETTINGS + "judges/<slug:bench>/", judges.judge, name="settings_judge"),
    path(SETTINGS + "judges/<slug:bench>/copy/", judges.judge_copy, name="settings_judge_copy"),
    path(SETTINGS + "keys/", settings.keys, name="settings_keys"),
    path(SETTINGS + "keys/applications/", settings.account, name="settings_account"),
    path(SETTINGS + "keys/applications/<uuid:uid>/", settings.key, name="settings_key"),
    path(SETTINGS + "keys/<uuid:uid>/rotate/", settings.key_rotate, name="settings_key_rotate"),
    path(SETTINGS + "keys/<uuid:uid>/revoke/", settings.key_revoke, name="settings_key_revoke"),
]
