from typing import Any

from django.db import migrations

from promptstudio.prompts.indexing import write_all


def fill(apps: Any, schema_editor: Any) -> None:
    write_all(*(apps.get_model("prompts", name) for name in ("Prompt", "Version", "SearchText")))


class Migration(migrations.Migration):
    """A migration of its own: PostgreSQL makes no constraint on a table with rows that were written in the same transaction."""

    dependencies = [("prompts", "0005_library")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
