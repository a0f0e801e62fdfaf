"""Who works in the demo, and as what."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoPerson:
    username: str
    name: str
    claims: tuple[str, ...] = ()
    library: tuple[str, ...] = ()
    is_admin: bool = False


PEOPLE = (
    DemoPerson("jonas", "Jonas Weber", ("domain_expert",), ("domain_expert",)),
    DemoPerson("aylin", "Aylin Demir", ("domain_expert",)),
    DemoPerson("marta", "Marta Lindqvist", ("product",), ("product",)),
    DemoPerson("ida", "Ida Holm", ("product",)),
    DemoPerson("pavel", "Pavel Novák", ("technical",), ("technical",)),
    DemoPerson("teresa", "Teresa Brandão", ("technical",)),
    DemoPerson("sofia", "Sofia Brandt", ("auditor",)),
    DemoPerson("nils", "Nils Vogt", ("viewer",)),
    DemoPerson("henrik", "Henrik Larsen", ("admin",), ("admin",), is_admin=True),
    DemoPerson("greta", "Greta Olsen"),
)
