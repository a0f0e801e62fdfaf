"""Which deed opens each page, form, action and button of the administration. The staff flag lets people in and gives them nothing."""

from collections.abc import Callable
from typing import Any

from promptstudio.audit.models import Entry as TrailEntry

from .expecting import INVISIBLE, NOBODY, OK, PUBLIC, REFUSED, SITE_ADMIN, STAFF, Entry, on_prompt
from .pages import ASKED, NO_AUTHOR, form, reason
from .stage import Person, Stage, Things

NEVER = "Rows are written by services: what stands in a list is read, and nothing is deleted."
PASSWORDS = "The provider has them, and the break-glass one is made on the server."
FRAME = "Part of the administration's own frame."
ANY_PROJECT = "An admin of another project has this form too; there, one that names this project is refused at its field."
SITE = "It belongs to the installation, not to a project."
TRAIL = "The trail of a project is not there for whoever may not read it."
ERASING = "Words are erased for the whole installation, as people are made anonymous."
STILL_ASKED: dict[str, Any] = {"instead": {"viewer": INVISIBLE}, "why": "Whoever is still asked is not told what others chose."}
Row = Callable[[Stage, Things], Any]


def at_pk(row: Row) -> Callable[[Stage, Things], dict[str, Any]]:
    return lambda stage, things: {"pk": row(stage, things).pk}


def panel(name: str, row: Row, read: Entry, add: Entry, change: Entry, actions: dict[str, Entry] | None = None) -> dict[str, Entry]:
    """The doors that every list of the administration has. `row` is the one that people look for."""
    ROWS[name] = row
    doors = {f"GET {name}_changelist": read, f"GET {name}_change": read, f"GET {name}_history": read}
    doors |= {f"GET {name}_add": add, f"POST {name}_add": add, f"POST {name}_change": change}
    doors |= {f"{method} {name}_delete": Entry(NOBODY, seen="nothing", why=NEVER) for method in ("GET", "POST")}
    return doors | {f"ACTION {name}_changelist {action}": entry for action, entry in (actions or {}).items()}


ROWS: dict[str, Row] = {}
STAYS = Entry(NOBODY, why=NEVER)
NONE = Entry(NOBODY, seen="nothing", why=NEVER)
IN_PROJECT = Entry("read", at="somewhere")
ON_PROMPT = on_prompt("read")


def once(name: str, row: Row, read: Entry, actions: dict[str, Entry] | None = None) -> dict[str, Entry]:
    """A list to read."""
    return panel(name, row, read, NONE, STAYS, actions)


def administered(make: Callable[[Stage, Things, Person], Any]) -> Entry:
    return Entry("administer", seen="nothing", make=make, instead={"elsewhere": OK}, why=ANY_PROJECT)


def site(make: Callable[[Stage, Things, Person], Any] = lambda *_: {}) -> Entry:
    return Entry(SITE_ADMIN, seen="nothing", make=make, why=SITE)


def a_person(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"username": "zoe", "name": "Zoë", "email": "", "is_active": "on"}


def a_role(stage: Stage, things: Things, person: Person) -> dict[str, Any]:
    return {"project": stage.claims.pk, "person": stage.person("stranger").user.email, "role": "viewer"}


def conditions(stage: Stage, things: Things, person: Person) -> dict[str, Any]:
    return {"environment": stage.staging.pk, "deployers": ["technical", "admin"], "approver_may_deploy": "on"}


def a_floor(stage: Stage, things: Things, person: Person) -> dict[str, Any]:
    return {"environments": "production", "change_record": "on"}


def a_changed_model(stage: Stage, things: Things, person: Person) -> dict[str, Any]:
    return {"label": "Spare", "input_price": "1", "output_price": "2", "context": "1000", "max_output": "100", "refuses": []}


def a_model(stage: Stage, things: Things, person: Person) -> dict[str, Any]:
    return {**a_changed_model(stage, things, person), "model_id": "spare.model-v1:0"}


def a_target(stage: Stage, things: Things, person: Person) -> dict[str, Any]:
    return {"environment": stage.staging.pk, "name": "Dublin", "kind": "fake", "settings": "{}", "is_active": "on"}


def promotion(stage: Stage, things: Things, person: Person) -> dict[str, Any]:
    return {"environment": stage.production.pk, "reason": "It is time."}


def erase(**more: Any) -> dict[str, Entry]:
    return {"erase": on_prompt(SITE_ADMIN, **{"why": ERASING, **more})}


ADMINISTER_HERE = Entry("administer")
DOORS: dict[str, Entry] = {
    "GET index": Entry(STAFF, why=FRAME),
    "GET login": Entry(STAFF, why=FRAME),
    "POST login": Entry(STAFF, why=FRAME),
    "GET password_change": Entry(NOBODY, seen="nothing", why=PASSWORDS),
    "POST password_change": Entry(NOBODY, seen="nothing", why=PASSWORDS),
    "GET password_change_done": Entry(NOBODY, seen="nothing", why=PASSWORDS),
    "GET jsi18n": Entry(STAFF, why=FRAME),
    "GET app_list": Entry(STAFF, why=FRAME),
    "POST logout": Entry(PUBLIC, why="One's own session."),
    "GET autocomplete": NONE,
    "GET view_on_site": Entry(NOBODY, seen="nothing", hidden=True, why="Rows have no address of Django's own kind."),
    # people and access
    **panel(
        "accounts_user",
        lambda stage, things: stage.rest["spare"].user,
        IN_PROJECT,
        site(a_person),
        site(form(name="Spare", email="", is_active="on")),
        {"anonymise": Entry(SITE_ADMIN, make=form(sure="yes"), why=SITE), "end_sessions": Entry(SITE_ADMIN, why=SITE)},
    ),
    **panel(
        "projects_membership",
        lambda stage, things: stage.spare,
        IN_PROJECT,
        administered(a_role),
        STAYS,
        {"take_away": ADMINISTER_HERE},
    ),
    "GET membership_people": Entry(STAFF, why="It names people whom this person knows already."),
    **once("projects_serviceaccount", lambda stage, things: stage.account, IN_PROJECT),
    **once("projects_apikey", lambda stage, things: stage.key, IN_PROJECT, {"revoke": ADMINISTER_HERE}),
    "POST key_revoke": Entry("administer", address=at_pk(lambda stage, things: stage.key)),
    **panel(
        "projects_groupmapping",
        lambda stage, things: stage.rest["mapping"],
        site(),
        site(form(pattern="claims-writers", site_admin="on")),
        site(form(pattern="claims-others", site_admin="on")),
        {"remove": site()},
    ),
    # projects and places
    **once("projects_project", lambda stage, things: stage.claims, IN_PROJECT),
    **panel(
        "projects_environment",
        lambda stage, things: stage.staging,
        IN_PROJECT,
        NONE,
        Entry("administer", make=form(name="Rehearsal", grace_days="3")),
    ),
    **panel("projects_floor", lambda stage, things: stage.rest["floor"], site(), site(a_floor), NONE),
    **panel("prompts_modelentry", lambda stage, things: stage.rest["model"], site(), site(a_model), site(a_changed_model)),
    "GET prompts_modelentry_history": Entry(SITE_ADMIN, seen="nothing", hidden=True, why=SITE),
    # Its past is asked for by a row's address, and a row that is not theirs is not there.
    "GET projects_groupmapping_history": Entry(SITE_ADMIN, seen="nothing", hidden=True, why=SITE),
    "GET projects_floor_history": Entry(SITE_ADMIN, seen="nothing", hidden=True, why=SITE),
    "POST environment_preview": Entry("read", at="somewhere", address=at_pk(lambda stage, things: stage.staging)),
    **panel("projects_policy", lambda stage, things: stage.staging.policy, IN_PROJECT, administered(conditions), STAYS),
    "POST policy_preview": Entry(STAFF, make=conditions, why="It says in words what is typed, for places that the asker administers."),
    **panel(
        "deployments_target",
        lambda stage, things: stage.target,
        IN_PROJECT,
        administered(a_target),
        Entry("administer", make=form(name="Milan", settings="{}", is_active="on")),
    ),
    "POST target_check": Entry("administer", address=at_pk(lambda stage, things: stage.target)),
    # releases
    **panel(
        "reviews_review",
        lambda stage, things: things.review,
        ON_PROMPT,
        NONE,
        on_prompt(
            "review", form(verdict="request_changes", comment="No."), instead={"author": REFUSED, "site_admin": REFUSED}, why=NO_AUTHOR
        ),
    ),
    "POST review_comment": on_prompt("write", form(text="Why?"), address=at_pk(lambda stage, things: things.review)),
    "POST review_withdraw": on_prompt("administer", address=at_pk(lambda stage, things: things.review), instead={"author": OK}, why=ASKED),
    **once("prompts_snippet", lambda stage, things: stage.rest["snippet"], IN_PROJECT),
    **once("prompts_prompt", lambda stage, things: things.prompt, ON_PROMPT),
    **once("prompts_version", lambda stage, things: things.version, ON_PROMPT),
    "GET promote_version": on_prompt("read", address=at_pk(lambda stage, things: things.version)),
    "POST promote_version": on_prompt("deploy", promotion, address=at_pk(lambda stage, things: things.version)),
    **once("reviews_decision", lambda stage, things: things.decision, ON_PROMPT, erase()),
    **once("reviews_remark", lambda stage, things: things.suggestion.remark, ON_PROMPT, erase()),
    **once("reviews_suggestion", lambda stage, things: things.suggestion, ON_PROMPT, erase()),
    **once("reviews_comment", lambda stage, things: things.comment, ON_PROMPT, erase()),
    **once("evaluations_rating", lambda stage, things: things.answer.ratings.get(), ON_PROMPT, erase()),
    **once("evaluations_ballot", lambda stage, things: things.told, on_prompt("read", **STILL_ASKED), erase(**STILL_ASKED)),
    **once("prompts_request", lambda stage, things: things.wish, ON_PROMPT, erase()),
    **once("prompts_requestevent", lambda stage, things: things.wish.events.get(kind="said"), ON_PROMPT, erase()),
    **once("deployments_recall", lambda stage, things: things.recall, ON_PROMPT, erase()),
    **once("evaluations_acceptedcase", lambda stage, things: things.accepted, ON_PROMPT, erase()),
    **once("deployments_schedule", lambda stage, things: things.schedule, ON_PROMPT, erase()),
    **once("deployments_conclusion", lambda stage, things: things.conclusion, ON_PROMPT, erase()),
    **once("deployments_deployment", lambda stage, things: things.live, ON_PROMPT, erase()),
    **once("notifications_hookmessage", lambda stage, things: things.hook, ON_PROMPT),
    **once("deployments_evaluation", lambda stage, things: things.live.evaluation, ON_PROMPT),
    **once("deployments_publishjob", lambda stage, things: things.job, ON_PROMPT, {"try_again": on_prompt("deploy")}),
    "POST publishjob_retry": on_prompt("deploy", address=at_pk(lambda stage, things: things.job)),
    "POST publishjob_cancel": on_prompt("deploy", reason, address=at_pk(lambda stage, things: things.job)),
    "POST publishjob_exclude": on_prompt("deploy", reason, address=at_pk(lambda stage, things: things.job)),
    # the trail
    **once(
        "audit_entry",
        lambda stage, things: TrailEntry.objects.filter(project_uid=stage.claims.uid).latest("pk"),
        Entry("audit", hidden=True, why=TRAIL),
    ),
}
