from django.urls import path

from .views import deploying, emergencies, environments, schedules, using, why

PAGE = "p/<slug:project>/prompts/<prompt:name>/-/"
urlpatterns = [
    path(PAGE + "promote/<slug:environment>/<str:semver>/", deploying.prompt_promote, name="prompt_promote"),
    path(PAGE + "conditions/<slug:environment>/<str:semver>/", deploying.prompt_conditions, name="prompt_conditions"),
    path(PAGE + "promote/<slug:environment>/<str:semver>/emergency/", emergencies.prompt_emergency, name="prompt_emergency"),
    path(PAGE + "promote/<slug:environment>/<str:semver>/schedule/", schedules.prompt_schedule, name="prompt_schedule"),
    path(PAGE + "scheduled/<uuid:uid>/", schedules.prompt_scheduled, name="prompt_scheduled"),
    path(PAGE + "scheduled/<uuid:uid>/cancel/", schedules.prompt_schedule_cancel, name="prompt_schedule_cancel"),
    path(PAGE + "roll-back/<slug:environment>/", deploying.prompt_roll_back, name="prompt_roll_back"),
    path(PAGE + "recall/<str:semver>/", deploying.prompt_recall, name="prompt_recall"),
    path(PAGE + "out-of-service/<slug:environment>/", deploying.prompt_out_of_service, name="prompt_out_of_service"),
    path(PAGE + "deployments/<uuid:uid>/", deploying.prompt_deployment, name="prompt_deployment"),
    path(PAGE + "why/<slug:environment>/", why.prompt_why, name="prompt_why"),
    path(PAGE + "why/<slug:environment>/evidence.zip", why.prompt_why_export, name="prompt_why_export"),
    path(PAGE + "use/", using.prompt_use, name="prompt_use"),
    path("p/<slug:project>/publications/<uuid:uid>/retry/", deploying.job_retry, name="job_retry"),
    path("p/<slug:project>/publications/<uuid:uid>/leave-out/", deploying.job_exclude, name="job_exclude"),
    path("p/<slug:project>/after-reviews/<uuid:uid>/", emergencies.after_review, name="after_review"),
    path("p/<slug:project>/environments/", environments.environments, name="environments"),
]
