from django.apps import AppConfig


class RunningConfig(AppConfig):
    name = "promptstudio.running"
    label = "running"
