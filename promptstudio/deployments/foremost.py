"""What is live where a project's way ends. `settings.WHAT_IS_LIVE` leads here, for whoever stands below this package."""

from promptstudio.prompts.models import Prompt, Version

from .models import Placement


def live_in_last(prompt: Prompt) -> Version | None:
    last = prompt.project.environments.order_by("position").last()
    placement = Placement.objects.filter(prompt=prompt, environment=last).select_related("live__version").first() if last else None
    return placement.live_version if placement else None
