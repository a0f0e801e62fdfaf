"""Which deed opens each page and each form. A new address gets a line here, with a form that is real enough to be accepted."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from promptstudio.lib import clock

from .expecting import INVISIBLE, NOBODY, OK, PUBLIC, REFUSED, SIGNED_IN, SITE_ADMIN, Entry, on_prompt
from .stage import ELSEWHERE_IN_PROJECT, FOLDER, Person, Stage, Things

OWNER = "The owner of a prompt says who sees it; for anyone else it is a matter of settings."
KEEPER = "The owner of a snippet changes it; for anyone else it is a matter of settings."
ACCEPTS = "Product, technical and admins accept unless the conditions say otherwise: in a role that somebody else gave them, no author."
ASKED = "Whoever asked for a review or wrote the version may withdraw it."
NO_AUTHOR = "Nobody decides about their own version, and a site admin has no role that somebody else gave them."
SITE = "It belongs to the installation, not to a project."
PERSONAL = "It shows what this person may see, and for many that is nothing."
WAITING = "What waits for a second person is told to those who could confirm it, and to whoever asked."
OWN = "One's own sessions."
NOT_WRITTEN = "Drafts are opened where this person may write, and elsewhere the page says why not."
OWN_FILTER = "Filters that somebody else keeps, and does not share, are not there."
COPIES = "A copy lands at the top of the project; what is restricted is copied by its owner (tests/prompts/test_shelf.py)."
OWN_IMPORT = "What would come in is seen by whoever read the file, and by nobody else."
ASKED_THEN = "Whoever was named says how it came out, and nobody for them."
WISHER = "Who asked for it says whether this is it; a project admin only when they are gone."
WISHER_OR_OWNER = "Who asked withdraws it, who has taken it declines it; otherwise it is a matter of keeping the project."
TAKEN_BY = "Who has taken it hands it over; otherwise it is a matter of keeping the project."
COMPARES = "Whoever is asked compares, and nobody for them; how it came out they see when they have finished."
WISHER_TRIES = "Whoever asked for a prompt has to say whether its answers are what they wanted, so they may see some."
TOLD = "What one was told oneself, and how one wants to be told."
NOT_TOLD = "What somebody else was told is not there."
DEMO = "There is no such page but in the demo on one machine."
ADMINS_ALONE = {"product": REFUSED, "technical": REFUSED, "inside": REFUSED}
OWN_SCHEDULE = "It is promoted as whoever scheduled it, so nobody else says when."
EMERGENCY = "The conditions say who of them promotes in an emergency; unless they say otherwise, admins alone."
TOP = "Without a folder in its address it is the top, which whoever has a role in one folder alone does not read."
NO_TOP = {"inside": INVISIBLE, "keeper": INVISIBLE, "outside": INVISIBLE}
OPEN = "Before anybody is signed in, and for machines that watch the product."


def grant(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    """Whoever keeps a folder alone gives roles there."""
    folder = {"keeper": FOLDER, "outside": ELSEWHERE_IN_PROJECT}.get(person.name, "")
    return {"person": stage.person("stranger").user.email, "role": "viewer", "folder": folder}


def reason(*_: Any) -> dict[str, str]:
    return {"reason": "It is time."}


def a_moment(*_: Any) -> dict[str, str]:
    return {"day": f"{clock.now() + timedelta(days=3):%Y-%m-%d}", "hour": "07:00", "zone": "Europe/Berlin"}


def roll_back(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"reason": "Wrong sums.", "replaces": str(things.live.uid)}


def new_prompt(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"title": "Storm", "folder": ELSEWHERE_IN_PROJECT if person.name == "outside" else FOLDER}


def pasted(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"text": "# Storm\nMind the roof.", "folder": ELSEWHERE_IN_PROJECT if person.name == "outside" else FOLDER}


def words(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"kind": "text", "message": "1", "m1-text": "Newest", "revision": str(things.draft.revision), "seen": "{}"}


def settled(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    content = json.dumps(things.draft.content)
    return {"mine": content, "seen": content, "revision": str(things.draft.revision)}


def save_version(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"summary": "Say it better.", "revision": str(things.draft.revision)}


def restricted(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"people": str(stage.person("product").user.pk)}


def an_account(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"account_name": "Broker desk", "responsible": str(stage.author.user.pk)}


def an_answerer(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"people": str(stage.person("technical").user.uid)}


def new_project(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    names = {"defines": "Author", "implements": "Technical", "validates": "Product", "keeps": "Admin"}
    return {"name": "Motor", "template": "light", **names}


def tag_several(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"which": "ticked", "prompt": str(things.prompt.uid), "deed": "tag", "words": "legal"}


def a_wish(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    folder = ELSEWHERE_IN_PROJECT if person.name == "outside" else FOLDER
    return {"title": "Hail", "wanted": "A letter.", "good_count": "1", "good-1-text": "Dear customer.", "folder": folder}


def to_product(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"to": str(stage.person("product").user.uid)}


def form(**given: str) -> Any:
    return lambda *_: given


def uid(of: str) -> Any:
    """The thing whose uid stands in the address."""
    return lambda stage, things: {"uid": (getattr(things, of, None) or getattr(stage, of, None) or stage.rest[of]).uid}


def environment(slug: str) -> Any:
    return lambda *_: {"environment": slug}


def a_snippet(stage: Stage, things: Things) -> dict[str, Any]:
    return {"uid": stage.rest["snippet"].uid}


def a_trial(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"side": f"draft:{things.draft.uid}", "with": "own", "value-claim": "x"}


def cases_of_a_suite(*_: Any) -> dict[str, str]:
    return {"follows": "1", "case": "1", "c1-name": "Storm", "c1-value-claim": "x"}


def cases_of_a_file(*_: Any) -> dict[str, str]:
    return {"text": "claim\tname\nx\tStorm", "step": "save", "name": "Rare claims"}


def suite_as_csv(stage: Stage, things: Things) -> dict[str, Any]:
    return {"uid": things.suite.uid, "kind": "csv"}


def a_suite_to_run(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"suite": str(things.suite.uid), "on": things.version.semver}


def a_suite(*_: Any) -> dict[str, str]:
    return {"name": "Rare claims", "case": "1", "c1-name": "Storm", "c1-value-claim": "x"}


def a_case(*_: Any) -> dict[str, str]:
    return {"suite": "new", "suite_name": "Rare claims", "case": "1", "c1-name": "Storm", "c1-value-claim": "x"}


def another_run(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"other": str(things.contest.second.uid), "criterion": "Kinder."}


def people_to_compare(stage: Stage, things: Things, person: Person) -> dict[str, str]:
    return {"other": str(things.contest.second.uid), "people": str(stage.person("viewer").user.uid), "question": "Kinder?"}


def a_pair(stage: Stage, things: Things) -> dict[str, Any]:
    return {"uid": things.comparison.uid, "place": 1}


def a_round(stage: Stage, things: Things) -> dict[str, Any]:
    return {"uid": things.answer.round}


def a_bench(*_: Any) -> dict[str, str]:
    return {"bench": "one"}


def an_archived_snippet(stage: Stage, things: Things) -> dict[str, Any]:
    return {"uid": stage.rest["archived_snippet"].uid}


def two_snippets(stage: Stage, things: Things) -> dict[str, Any]:
    return {**a_snippet(stage, things), "sides": "1.0.0...1.0.0"}


def asks_the_author(stage: Stage, things: Things, *_: Any) -> dict[str, str]:
    return {"kind": "asked", "person": str(stage.author.user.uid), "question": "Fewer?", "days": "3", "environment": "staging"}


def a_model(*_: Any) -> dict[str, str]:
    return {"model": "anthropic.claude-sonnet-4-5-20250929-v1:0"}


PAGES: dict[str, Entry] = {
    "GET sign_in": Entry(PUBLIC, why=OPEN),
    "POST sign_in": Entry(PUBLIC, why=OPEN),
    "GET break_glass": Entry(PUBLIC, why="Not there at all unless it is switched on."),
    "POST break_glass": Entry(PUBLIC, why="Not there at all unless it is switched on."),
    "GET oidc_authentication_init": Entry(PUBLIC, why="Not there at all without a provider."),
    "GET oidc_authentication_callback": Entry(PUBLIC, why="Not there at all without a provider."),
    "GET healthz": Entry(PUBLIC, why=OPEN),
    "POST healthz": Entry(PUBLIC, why=OPEN),
    "GET readyz": Entry(PUBLIC, why=OPEN),
    "POST readyz": Entry(PUBLIC, why=OPEN),
    "POST sign_out": Entry(SIGNED_IN, why="One's own session."),
    "GET home": Entry(SIGNED_IN, why=PERSONAL),
    "GET search": Entry(SIGNED_IN, why=PERSONAL),
    "GET changes": Entry(SIGNED_IN, why=PERSONAL),
    "POST change_confirm": Entry("administer", address=uid("change"), hidden=True, instead={"asker": REFUSED}, why=WAITING),
    "POST change_decline": Entry("administer", address=uid("change"), hidden=True, why=WAITING),
    "GET account": Entry(SIGNED_IN, why=OWN),
    "POST account_end": Entry(
        NOBODY, seen="nothing", hidden=True, address=lambda *_: {"uid": uuid4()}, why="A session that is not one's own is not there."
    ),
    "POST account_end_others": Entry(SIGNED_IN, why=OWN),
    "POST account_substitute": Entry(SIGNED_IN, why="Whose role colleagues share, names one of them; it gives nobody a right."),
    "POST account_substitute_end": Entry(
        NOBODY, seen="nothing", hidden=True, address=lambda *_: {"uid": uuid4()}, why="What is not one's own is not there."
    ),
    "GET account_notifications": Entry(SIGNED_IN, why=TOLD),
    "POST account_notifications": Entry(SIGNED_IN, why=TOLD, make=form(review_asked="here")),
    "GET notifications": Entry(SIGNED_IN, why=TOLD),
    "POST notifications_read": Entry(SIGNED_IN, why=TOLD),
    "GET notification": Entry(NOBODY, seen="nothing", hidden=True, address=lambda *_: {"uid": uuid4()}, why=NOT_TOLD),
    "GET outbox": Entry(NOBODY, seen="nothing", hidden=True, why=DEMO),
    "GET outbox_message": Entry(NOBODY, seen="nothing", hidden=True, address=lambda *_: {"uid": uuid4()}, why=DEMO),
    "GET project_new": Entry(SIGNED_IN, why="It says who makes projects, and whom to ask."),
    "POST project_new": Entry(SITE_ADMIN, seen="nothing", make=new_project, why=SITE),
    "GET site_audit": Entry(SITE_ADMIN, seen="nothing", why=SITE),
    "POST site_audit_verify": Entry(SITE_ADMIN, seen="nothing", why=SITE),
    "GET site_audit_export": Entry(SITE_ADMIN, seen="nothing", why=SITE),
    "GET site_audit_export_lines": Entry(SITE_ADMIN, seen="nothing", why=SITE),
    # a project
    "GET project": Entry("read", at="somewhere"),
    "GET library": Entry("read", at="somewhere"),
    "GET retiring": Entry("read", at="somewhere", address=a_model),
    "POST retiring_drafts": Entry("read", at="somewhere", address=a_model, why=NOT_WRITTEN),
    "POST library_bulk": on_prompt("write", tag_several),
    "POST library_keep": Entry("read", at="somewhere", make=form(name="Mine")),
    "POST library_keep for everyone": Entry("write", at="somewhere", make=form(name="Ours", shared="1")),
    "POST library_forget": Entry(NOBODY, seen="nothing", hidden=True, address=lambda *_: {"uid": uuid4()}, why=OWN_FILTER),
    "GET environments": Entry("read", at="somewhere"),
    "GET reviews": Entry("read", at="somewhere"),
    "GET prompt_new": Entry("read", at="somewhere"),
    "POST prompt_new": Entry("write", at="somewhere", make=new_prompt),
    "GET import": Entry("write", at="somewhere"),
    "POST import": Entry("write", at="somewhere", make=pasted),
    "GET import_batch": Entry(NOBODY, hidden=True, instead={"author": OK}, address=uid("batch"), why=OWN_IMPORT),
    "POST import_batch": Entry(
        NOBODY, hidden=True, instead={"author": OK}, address=uid("batch"), make=form(become="drafts", folder=FOLDER), why=OWN_IMPORT
    ),
    "POST import_go_on": Entry(NOBODY, hidden=True, instead={"author": OK}, address=uid("batch"), why=OWN_IMPORT),
    "POST import_discard": Entry(NOBODY, hidden=True, instead={"author": OK}, address=uid("batch"), why=OWN_IMPORT),
    "GET audit": Entry("audit"),
    "POST audit_verify": Entry("audit"),
    "GET audit_export": Entry("audit"),
    "GET audit_export_lines": Entry("audit"),
    "GET report": Entry("audit"),
    "GET report_export": Entry("audit"),
    "GET report_places": Entry("audit", make=form(environment="development")),
    "POST report_ask": Entry("audit", make=form(environment="development")),
    "GET snippets": Entry("read", at="somewhere"),
    "GET snippets_known": Entry("read", at="somewhere"),
    "GET snippet_new": Entry("read", at="somewhere"),
    "POST snippet_new": Entry("write", make=form(name="x", purpose="X.", text="X", place="project")),
    "POST snippet_new on the shelf": Entry(SITE_ADMIN, make=form(name="x", purpose="X.", text="X", place="shelf"), why=SITE),
    "GET snippet": Entry("read", at="somewhere", address=a_snippet),
    "GET snippet_compare_newest": Entry("read", at="somewhere", address=a_snippet),
    "GET snippet_compare": Entry("read", at="somewhere", address=two_snippets),
    "GET snippet_edit": Entry("read", at="somewhere", address=a_snippet),
    "POST snippet_edit": Entry(
        "administer", address=a_snippet, make=form(text="X", summary="X.", follows="1.1.0"), instead={"author": OK}, why=KEEPER
    ),
    "POST snippet_change": Entry(
        "administer", address=a_snippet, make=form(purpose="X.", owner="Author"), instead={"author": OK}, why=KEEPER
    ),
    "POST snippet_archive": Entry("administer", address=a_snippet, make=reason, instead={"author": OK}, why=KEEPER),
    "POST snippet_restore": Entry("administer", address=an_archived_snippet, instead={"author": OK}, why=KEEPER),
    "POST snippet_drafts": Entry("write", at="somewhere", address=a_snippet),
    "GET settings": Entry("read", at="somewhere"),
    "GET settings_people": Entry("read", at="somewhere"),
    "GET settings_keys": Entry("read", at="somewhere"),
    "GET settings_judges": Entry("read", at="somewhere"),
    "GET settings_judge": Entry("read", address=a_bench, at="somewhere"),
    "POST settings_judge": Entry("administer", make=form(who="studio", model="amazon.nova-pro-v1:0"), address=a_bench),
    "POST settings_judge_copy": Entry("write", address=a_bench),
    "GET settings_folders": Entry("read", at="somewhere"),
    "GET settings_folder": Entry("read", address=lambda *_: {}, at="somewhere", instead=NO_TOP, why=TOP),
    "POST settings_folder": Entry("administer", make=an_answerer, instead=NO_TOP, why=TOP),
    "POST settings_grant": Entry("administer", at="somewhere", make=grant),
    "GET access_review": Entry("read", at="somewhere"),
    "POST access_review": Entry("administer"),
    "POST settings_revoke": Entry("administer", address=uid("spare")),
    "POST settings_revoke of a role in a folder": Entry("administer", at="folder", address=uid("spare_in_folder")),
    "POST settings_account": Entry("administer", make=an_account),
    "POST settings_key": Entry("administer", address=uid("account"), make=form(name="Nightly", scopes="read", environment="development")),
    "POST settings_key_rotate": Entry("administer", address=uid("key"), make=form(days="1")),
    "POST settings_key_revoke": Entry("administer", address=uid("key")),
    # a prompt
    "GET prompt": on_prompt("read"),
    "POST prompt_change": on_prompt("write", form(title="Rain", folder=FOLDER)),
    "POST prompt_example_change": on_prompt("write", form(**{"value-claim": "It burns."}), address=uid("example")),
    "POST prompt_example_remove": on_prompt("write", address=uid("example")),
    "POST prompt_tags": on_prompt("write", form(tags="legal")),
    "POST prompt_star": on_prompt("read"),
    "POST prompt_archive": on_prompt("write"),
    "POST prompt_restore": on_prompt("write"),
    "POST prompt_give_up_name": on_prompt("write", form(former="another-name")),
    "POST prompt_copy": Entry("write", make=form(to="claims"), instead={"outside": INVISIBLE}, why=COPIES),
    "POST prompt_rename": on_prompt("write", form(name="another-name")),
    "POST prompt_restrict": on_prompt("administer", restricted, instead={"author": OK}, why=OWNER),
    "GET prompt_activity": on_prompt("read"),
    "GET prompt_edit_newest": on_prompt("read"),
    "POST prompt_draft_open": on_prompt("write"),
    "GET prompt_edit": on_prompt("read", address=uid("draft")),
    "GET prompt_draft_live": on_prompt("read", address=uid("draft")),
    "POST prompt_draft_save": on_prompt("write", words, address=uid("draft")),
    "POST prompt_draft_settle": on_prompt("write", settled, address=uid("draft")),
    "GET prompt_catch_up": on_prompt("read", address=uid("draft")),
    "POST prompt_catch_up": on_prompt("write", address=uid("draft")),
    "POST prompt_draft_discard": on_prompt("write", address=uid("draft")),
    "GET prompt_save": on_prompt("read", address=uid("draft")),
    "POST prompt_save": on_prompt("write", save_version, address=uid("draft")),
    "GET prompt_versions": on_prompt("read"),
    "GET prompt_version": on_prompt("read"),
    "POST prompt_add_to_record": on_prompt("write", form(expected_impact="Fewer calls.")),
    "GET prompt_tests": on_prompt("read"),
    "GET prompt_suite_new": on_prompt("read"),
    "POST prompt_suite_new": on_prompt("write", a_suite),
    "GET prompt_cases_import": on_prompt("read"),
    "POST prompt_cases_import": on_prompt("write", cases_of_a_file),
    "GET prompt_suite_export": on_prompt("read", address=suite_as_csv),
    "GET prompt_suite": on_prompt("read", address=uid("suite")),
    "GET prompt_results": on_prompt("read", address=uid("suite")),
    "GET prompt_suite_history": on_prompt("read", address=uid("suite")),
    "GET prompt_suite_edit": on_prompt("read", address=uid("suite")),
    "POST prompt_suite_edit": on_prompt("write", cases_of_a_suite, address=uid("suite")),
    "POST prompt_suite_change": on_prompt("write", form(name="Other claims"), address=uid("suite")),
    "POST prompt_suite_archive": on_prompt("write", address=uid("suite")),
    "POST prompt_suite_restore": on_prompt("write", address=uid("suite")),
    "POST prompt_suite_run": on_prompt("write", a_trial, address=uid("suite")),
    "GET prompt_run": on_prompt("read", address=uid("run")),
    "GET prompt_beside_live": on_prompt("read", address=environment("staging")),
    "POST prompt_case_accept": on_prompt(
        "recall",
        lambda s, t, p: {"suite": str(t.suite.uid), "case": "1", "reason": "So be it."},
        address=environment("staging"),
        instead={"author": REFUSED, "site_admin": REFUSED},
        why=ACCEPTS,
    ),
    "POST prompt_run_stop": on_prompt("write", address=uid("run")),
    "GET prompt_contest_new": on_prompt("read", address=uid("run")),
    "POST prompt_contest_new": on_prompt("write", another_run, address=uid("run")),
    "GET prompt_contest": on_prompt("read", address=uid("contest")),
    "POST prompt_contest_stop": on_prompt("write", address=uid("contest")),
    "GET prompt_comparison_new": on_prompt("read", address=uid("run")),
    "POST prompt_comparison_new": on_prompt("write", people_to_compare, address=uid("run"), instead={"viewer": OK}, why=WISHER_TRIES),
    "GET prompt_comparison": on_prompt("read", address=uid("comparison")),
    "GET prompt_comparison_pair": on_prompt(NOBODY, address=a_pair, hidden=True, instead={"viewer": OK}, why=COMPARES),
    "POST prompt_comparison_pair": on_prompt(NOBODY, form(choice="1"), address=a_pair, hidden=True, instead={"viewer": OK}, why=COMPARES),
    "POST prompt_comparison_finish": on_prompt(NOBODY, address=uid("comparison"), hidden=True, instead={"viewer": OK}, why=COMPARES),
    "POST prompt_comparison_close": on_prompt("write", address=uid("comparison")),
    "POST prompt_comparison_archive": on_prompt("write", address=uid("comparison")),
    "GET prompt_comparison_file": on_prompt("read", address=uid("comparison"), instead={"viewer": REFUSED}, why=COMPARES),
    "GET prompt_try": on_prompt("read"),
    "POST prompt_try": on_prompt("write", a_trial, instead={"viewer": OK}, why=WISHER_TRIES),
    "GET prompt_trials": on_prompt("read"),
    "GET prompt_tried": on_prompt("read", address=a_round),
    "GET prompt_answer": on_prompt("read", address=uid("answer")),
    "POST prompt_tried_stop": on_prompt("write", address=a_round),
    "POST prompt_answer_rate": on_prompt("read", form(verdict="up", words="Good."), address=uid("answer")),
    "GET prompt_answer_case": on_prompt("read", address=uid("answer")),
    "POST prompt_answer_case": on_prompt("write", a_case, address=uid("answer")),
    "GET prompt_compare_newest": on_prompt("read"),
    "GET prompt_compare": on_prompt("read"),
    "GET prompt_use": on_prompt("read"),
    "GET prompt_why": on_prompt("read"),
    "POST prompt_why_export": Entry("audit", seen="prompt"),
    # what people ask for
    "GET requests": Entry("read", at="somewhere"),
    "GET request_new": Entry("read", at="somewhere"),
    "POST request_new": Entry("read", at="somewhere", make=a_wish),
    "GET request": on_prompt("read", address=uid("wish")),
    "POST request_say": on_prompt("read", form(text="Is Friday enough?"), address=uid("wish")),
    "POST request_take": on_prompt("write", address=uid("wish")),
    "POST request_start": on_prompt("write", address=uid("wish")),
    "POST request_send_back": on_prompt("write", address=uid("wish"), make=lambda s, t, p: {"version": t.version.semver}),
    "POST request_hand_over": on_prompt("administer", to_product, address=uid("wish"), instead={"author": OK}, why=TAKEN_BY),
    "POST request_decline": on_prompt("administer", reason, address=uid("wish"), instead={"author": OK, "viewer": OK}, why=WISHER_OR_OWNER),
    "POST request_confirm": on_prompt(
        NOBODY, lambda s, t, p: {"version": t.version.semver}, address=uid("wish"), instead={"viewer": OK}, why=WISHER
    ),
    "POST request_reopen": on_prompt(NOBODY, form(words="Shorter."), address=uid("wish"), instead={"viewer": OK}, why=WISHER),
    # how it will be known to have worked
    "GET prompt_criterion_new": on_prompt("read"),
    "POST prompt_criterion_new": on_prompt("write", asks_the_author),
    "GET prompt_criterion": on_prompt("read", address=uid("watch")),
    "POST prompt_criterion": on_prompt(NOBODY, form(verdict="confirmed"), address=uid("watch"), instead={"author": OK}, why=ASKED_THEN),
    # its reviews
    "GET prompt_ask": on_prompt("read", address=environment("staging")),
    "POST prompt_ask": on_prompt("write", address=environment("staging")),
    "GET review": on_prompt("read", address=uid("review")),
    "POST review": on_prompt(
        "review",
        form(verdict="request_changes", comment="No."),
        address=uid("review"),
        instead={"author": REFUSED, "site_admin": REFUSED},
        why=NO_AUTHOR,
    ),
    "POST review_comment": on_prompt("write", form(text="Why?"), address=uid("review")),
    "GET review_tests": on_prompt("read", address=uid("review")),
    "POST review_tests": on_prompt("write", a_suite_to_run, address=uid("review")),
    "GET review_answers": on_prompt("read", address=uid("review")),
    "POST review_answers": on_prompt("write", address=uid("review"), instead={"viewer": OK}, why=WISHER_TRIES),
    "POST review_withdraw": on_prompt("administer", address=uid("review"), instead={"author": OK}, why=ASKED),
    # what is said about its lines
    "POST prompt_comment": on_prompt("write", form(place="messages.0.text", first="1", last="1", text="Why?")),
    "GET thread": on_prompt("read", address=uid("thread")),
    "POST thread_reply": on_prompt("write", form(text="Why?"), address=uid("thread")),
    "POST thread_resolve": on_prompt("write", address=uid("thread")),
    "POST thread_reopen": on_prompt("write", address=uid("thread")),
    "POST suggestion_take": on_prompt("write", address=uid("suggestion")),
    # its way to readers
    "GET prompt_promote_tests": on_prompt("read", address=environment("production")),
    "POST prompt_promote_tests": on_prompt("write", a_suite_to_run, address=environment("production")),
    "GET prompt_promote": on_prompt("read", address=environment("production")),
    "POST prompt_promote": on_prompt("deploy", reason, address=environment("production")),
    "GET prompt_conditions": on_prompt("read", address=environment("production")),
    # what goes together; the one prompt of the stage's release opens and closes its doors
    "GET releases": Entry("read", at="somewhere"),
    "GET release_new": Entry("read", at="somewhere"),
    "POST release_new": Entry("deploy", at="somewhere", make=form(name="Storm", environment="development")),
    "GET release": on_prompt("read", address=uid("release")),
    "POST release_add": on_prompt("deploy", lambda s, t, p: {"version": str(t.first.uid)}, address=uid("release")),
    "POST release_take": on_prompt("deploy", lambda s, t, p: {"prompt": str(t.prompt.uid)}, address=uid("release")),
    "POST release_promote": on_prompt("deploy", address=uid("release")),
    "POST release_roll_back": on_prompt("roll_back", reason, address=uid("release")),
    "POST release_withdraw": on_prompt("deploy", address=uid("release")),
    "GET prompt_schedule": on_prompt("read", address=environment("production")),
    "POST prompt_schedule": on_prompt("deploy", a_moment, address=environment("production")),
    "GET prompt_scheduled": on_prompt("read", address=uid("schedule")),
    "POST prompt_scheduled": on_prompt(NOBODY, a_moment, address=uid("schedule"), instead={"author": OK}, why=OWN_SCHEDULE),
    "POST prompt_schedule_cancel": on_prompt("deploy", address=uid("schedule")),
    "GET prompt_emergency": on_prompt("read", address=environment("production")),
    "POST prompt_emergency": on_prompt("emergency", reason, address=environment("production"), instead=ADMINS_ALONE, why=EMERGENCY),
    "GET after_review": on_prompt("read", address=uid("after_review")),
    "POST after_review": Entry("administer", seen="prompt", make=form(verdict="justified", words="Nothing."), address=uid("after_review")),
    "GET prompt_roll_back": on_prompt("read"),
    "POST prompt_roll_back": on_prompt("roll_back", roll_back),
    "GET prompt_recall": on_prompt("read"),
    "POST prompt_recall": on_prompt("recall", reason),
    "GET prompt_out_of_service": on_prompt("read"),
    "POST prompt_out_of_service": on_prompt("roll_back", reason),
    "GET prompt_deployment": on_prompt("read", address=uid("live")),
    "POST job_retry": on_prompt("deploy", address=uid("job")),
    "POST job_exclude": on_prompt("deploy", reason, address=uid("job")),
}
