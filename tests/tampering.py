"""What somebody who can write to the database may do past the product: rows of their own making, in SQL."""

from typing import Any
from uuid import uuid4

from django.db import connection, models


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def copied(row: models.Model, **changes: Any) -> Any:
    """A copy of a row with other values in some columns, inserted by hand. Returns it as the product would read it."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    given = {field.attname: field.value_from_object(row) for field in fields} | {"uid": uuid4()} | changes
    names = [field for field in fields if field.attname in given]
    columns = ", ".join(f'"{field.column}"' for field in names)
    values = [field.get_db_prep_save(given[field.attname], connection) for field in names]
    sql(f'INSERT INTO "{row._meta.db_table}" ({columns}) VALUES ({", ".join(["%s"] * len(values))})', *values)
    return type(row)._default_manager.order_by("-pk").first()


def changed(row: models.Model, **changes: Any) -> None:
    """Other values in some columns of a row. Where it is append-only, its triggers have to be down."""
    for name, value in changes.items():
        field = row._meta.get_field(name)
        sql(f'UPDATE "{row._meta.db_table}" SET "{field.column}" = %s WHERE id = %s', field.get_db_prep_save(value, connection), row.pk)
