from django.contrib.admin.apps import AdminConfig


class StudioAdminConfig(AdminConfig):
    default_site = "promptstudio.web.admin.site.StudioAdminSite"
