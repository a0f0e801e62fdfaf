from django.contrib.admin import AdminSite


class StudioAdminSite(AdminSite):
    site_title = "Prompt Studio"
    site_header = "Prompt Studio administration"
    index_title = "People, environments, conditions and targets"
    site_url = "/"
