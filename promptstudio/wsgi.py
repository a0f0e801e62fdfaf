import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptstudio.settings")

django_application = get_wsgi_application()

from promptstudio.serving.wsgi import Serving  # noqa: E402  (needs the apps that the line above loads)

# The hot read path answers before Django: applications ask for live prompts far more often than people open pages.
application = Serving(django_application)
