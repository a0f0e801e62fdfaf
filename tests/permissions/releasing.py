"""Which deed opens each service about tests, reviews and deployments, and how it is called."""

from datetime import timedelta
from typing import Any

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import acceptance_services, emergency_services, schedule_services, target_services, upkeep_services
from promptstudio.deployments import release_services as releases
from promptstudio.deployments import services as deployments
from promptstudio.deployments.criterion_services import add_criterion, answer_criterion
from promptstudio.deployments.erasing import erase_request, erase_words
from promptstudio.deployments.places import ask_places
from promptstudio.evaluations import rating_services as ratings
from promptstudio.evaluations import suite_services as suites
from promptstudio.evaluations.cases import Cases
from promptstudio.evaluations.comparison_services import archive_comparison, ask_people, close_comparison, finish_comparison, vote
from promptstudio.evaluations.contest_services import compare_pairwise
from promptstudio.evaluations.judge_services import choose_judge
from promptstudio.evaluations.models import Bench, Rating
from promptstudio.evaluations.questions import Question
from promptstudio.evaluations.run_services import Wanted, start_run, start_runs
from promptstudio.evaluations.services import ask_models, stop_asking
from promptstudio.reviews import conversation_services as conversation
from promptstudio.reviews import services as reviews

from .expecting import NOBODY, OK, REFUSED, Entry
from .pages import ACCEPTS, ADMINS_ALONE, ASKED, ASKED_THEN, COMPARES, EMERGENCY, NO_AUTHOR, OWN_SCHEDULE, WISHER_TRIES
from .services import NO_KEY, NO_TRIAL, NO_VERDICT, TALK, Call, prompt, settings, site
from .stage import FIRST_LINE, Stage, Things


def _asked_a_model(s: Stage, t: Things, actor: Actor) -> Any:
    ask = Question(bundle=t.version.bundle, label="1.0.1", other_model="a.model", values={"claim": "y"})
    return ask_models(prompt=t.prompt, questions=[ask], actor=actor)


def later(s: Stage, t: Things) -> dict[str, Any]:
    return {"version": t.version, "environment": s.production, "at": t.schedule.at, "zone": "UTC"}


def _rating_taken_back(s: Stage, t: Things, actor: Actor) -> Any:
    # Theirs, however it came about: a key has none to take back, and is refused first.
    Rating.objects.get_or_create(answer=t.answer, person=actor.user, defaults={"verdict": "up"})
    return ratings.take_back_rating(answer=t.answer, actor=actor)


RELEASING: dict[str, tuple[Entry, Call]] = {
    "deployments.add_target": settings(
        lambda s, t, a: target_services.add_target(environment=s.staging, name="Dublin", kind="fake", actor=a)
    ),
    "deployments.save_target": settings(lambda s, t, a: target_services.save_target(target=s.target, actor=a)),
    "deployments.check_target": settings(lambda s, t, a: target_services.check_target(target=s.target, actor=a)),
    "deployments.archive_prompt": prompt("write", lambda s, t, a: upkeep_services.archive_prompt(prompt=t.prompt, actor=a)),
    "deployments.restore_prompt": prompt("write", lambda s, t, a: upkeep_services.restore_prompt(prompt=t.prompt, actor=a)),
    "deployments.rename_prompt": prompt("write", lambda s, t, a: upkeep_services.rename_prompt(prompt=t.prompt, name="x", actor=a)),
    "deployments.give_up_name": prompt("write", lambda s, t, a: upkeep_services.give_up_name(prompt=t.prompt, name="x", actor=a)),
    "evaluations.ask_models": prompt("write", _asked_a_model, instead=NO_KEY | {"viewer": OK}, why=WISHER_TRIES),
    "evaluations.rate": prompt(
        "read", lambda s, t, a: ratings.rate(answer=t.answer, verdict="up", words="Good.", actor=a), instead=NO_KEY, why=NO_VERDICT
    ),
    "evaluations.take_back_rating": prompt("read", _rating_taken_back, instead=NO_KEY, why=NO_VERDICT),
    "evaluations.add_suite": prompt(
        "write", lambda s, t, a: suites.add_suite(prompt=t.prompt, name="Rare", cases=Cases(), actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.save_suite": prompt(
        "write", lambda s, t, a: suites.save_suite(suite=t.suite, cases=Cases(), follows=1, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.change_suite": prompt(
        "write", lambda s, t, a: suites.change_suite(suite=t.suite, name="Rare", required=True, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.archive_suite": prompt(
        "write", lambda s, t, a: suites.archive_suite(suite=t.suite, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.restore_suite": prompt(
        "write", lambda s, t, a: suites.restore_suite(suite=t.suite, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.compare_pairwise": prompt(
        "write",
        lambda s, t, a: compare_pairwise(first=t.contest.first, second=t.contest.second, criterion="Kinder.", actor=a),
        instead=NO_KEY,
        why=NO_TRIAL,
    ),
    "evaluations.ask_people": prompt(
        "write",
        lambda s, t, a: ask_people(new=t.run, old=t.contest.second, people=[s.person("viewer").user], question="Kinder?", actor=a),
        instead=NO_KEY | {"viewer": OK},
        why=WISHER_TRIES,
    ),
    "evaluations.vote": prompt(NOBODY, lambda s, t, a: vote(ballot=t.ballot, choice="2", actor=a), instead={"viewer": OK}, why=COMPARES),
    "evaluations.finish_comparison": prompt(
        NOBODY, lambda s, t, a: finish_comparison(rater=t.ballot.rater, actor=a), instead={"viewer": OK}, why=COMPARES
    ),
    "evaluations.close_comparison": prompt(
        "write", lambda s, t, a: close_comparison(comparison=t.comparison, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.archive_comparison": prompt(
        "write", lambda s, t, a: archive_comparison(comparison=t.comparison, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "evaluations.choose_judge": (
        Entry("administer"),
        lambda s, t, a: choose_judge(project=s.claims, bench=Bench.ONE, model="amazon.nova-pro-v1:0", actor=a),
    ),
    "evaluations.start_run": prompt(
        "test", lambda s, t, a: start_run(suite=t.suite, bundle=t.version.bundle, label="1.0.1", version=t.version, actor=a)
    ),
    "evaluations.start_runs": prompt(
        "test",
        lambda s, t, a: start_runs(suite=t.suite, wanted=[Wanted(bundle=t.version.bundle, label="1.0.1", version=t.version)], actor=a),
    ),
    "evaluations.stop_asking": prompt(
        "write", lambda s, t, a: stop_asking(prompt=t.prompt, round_uid=t.answer.round, actor=a), instead=NO_KEY, why=NO_TRIAL
    ),
    "reviews.ask_for_review": prompt(
        "write", lambda s, t, a: reviews.ask_for_review(version=t.version, environment=s.staging, note="", actor=a)
    ),
    "reviews.comment": prompt(
        "write", lambda s, t, a: reviews.comment(review=t.review, text="Why?", actor=a), instead={"key": REFUSED}, why=TALK
    ),
    "reviews.begin_thread": prompt(
        "write",
        lambda s, t, a: conversation.begin_thread(version=t.version, lines=FIRST_LINE, text="Why?", actor=a),
        instead={"key": REFUSED},
        why=TALK,
    ),
    "reviews.reply": prompt(
        "write", lambda s, t, a: conversation.reply(thread=t.thread, text="Why?", actor=a), instead={"key": REFUSED}, why=TALK
    ),
    "reviews.resolve": prompt("write", lambda s, t, a: conversation.resolve(thread=t.thread, actor=a), instead={"key": REFUSED}, why=TALK),
    "reviews.reopen": prompt("write", lambda s, t, a: conversation.reopen(thread=t.thread, actor=a), instead={"key": REFUSED}, why=TALK),
    "reviews.take_suggestion": prompt("write", lambda s, t, a: conversation.take_suggestion(suggestion=t.suggestion, actor=a)),
    "reviews.decide": prompt(
        "review",
        lambda s, t, a: reviews.decide(review=t.review, verdict="request_changes", comment="No.", baseline=None, actor=a),
        instead={"author": REFUSED, "site_admin": REFUSED},
        why=NO_AUTHOR,
    ),
    "deployments.decide": prompt(
        "review",
        lambda s, t, a: deployments.decide(review=t.review, verdict="approve", seen=None, actor=a),
        instead={"author": REFUSED, "site_admin": REFUSED},
        why=NO_AUTHOR,
    ),
    "reviews.withdraw": prompt("administer", lambda s, t, a: reviews.withdraw(review=t.review, actor=a), instead={"author": OK}, why=ASKED),
    "deployments.accept_case": prompt(
        "recall",
        lambda s, t, a: acceptance_services.accept_case(
            version=t.version, environment=s.production, suite=t.suite, case="1", reason="So be it.", actor=a
        ),
        instead={"author": REFUSED, "site_admin": REFUSED, "key": REFUSED},
        why=ACCEPTS,
    ),
    "deployments.take_acceptance_back": prompt(
        "recall",
        lambda s, t, a: acceptance_services.take_acceptance_back(
            version=t.version, environment=s.production, suite=t.suite, case="1", actor=a
        ),
        instead={"author": REFUSED, "site_admin": REFUSED, "key": REFUSED},
        why=ACCEPTS,
    ),
    "deployments.deploy": prompt("deploy", lambda s, t, a: deployments.deploy(version=t.version, environment=s.production, actor=a)),
    "deployments.roll_back": prompt(
        "roll_back", lambda s, t, a: deployments.roll_back(prompt=t.prompt, environment=s.development, reason="No.", actor=a)
    ),
    "deployments.recall": prompt("recall", lambda s, t, a: deployments.recall(version=t.version, reason="No.", actor=a)),
    "deployments.make_release": prompt(
        "deploy", lambda s, t, a: releases.make_release(environment=s.production, name="Storm", versions=[t.version], actor=a)
    ),
    "deployments.put_into_release": prompt(
        "deploy", lambda s, t, a: releases.put_into_release(release=t.release, version=t.first, actor=a)
    ),
    "deployments.take_from_release": prompt(
        "deploy", lambda s, t, a: releases.take_from_release(release=t.release, prompt=t.prompt, actor=a)
    ),
    "deployments.withdraw_release": prompt("deploy", lambda s, t, a: releases.withdraw_release(release=t.release, actor=a)),
    "deployments.promote_release": prompt("deploy", lambda s, t, a: releases.promote_release(release=t.release, actor=a)),
    "deployments.roll_back_release": prompt(
        "roll_back", lambda s, t, a: releases.roll_back_release(release=t.release, reason="No.", actor=a)
    ),
    "deployments.schedule_promotion": prompt("deploy", lambda s, t, a: schedule_services.schedule_promotion(**later(s, t), actor=a)),
    "deployments.move_schedule": prompt(
        NOBODY,
        lambda s, t, a: schedule_services.move_schedule(schedule=t.schedule, at=t.schedule.at + timedelta(days=1), zone="UTC", actor=a),
        instead={"author": OK},
        why=OWN_SCHEDULE,
    ),
    "deployments.cancel_schedule": prompt("deploy", lambda s, t, a: schedule_services.cancel_schedule(schedule=t.schedule, actor=a)),
    "deployments.promote_in_an_emergency": prompt(
        "emergency",
        lambda s, t, a: emergency_services.promote_in_an_emergency(version=t.version, environment=s.production, reason="Fire.", actor=a),
        instead=ADMINS_ALONE,
        why=EMERGENCY,
    ),
    "deployments.conclude": (
        Entry("administer", seen="prompt"),
        lambda s, t, a: emergency_services.conclude(after_review=t.after_review, verdict="justified", words="Nothing.", actor=a),
    ),
    "deployments.take_out_of_service": prompt(
        "roll_back", lambda s, t, a: deployments.take_out_of_service(prompt=t.prompt, environment=s.development, reason="No.", actor=a)
    ),
    "deployments.retry": prompt("deploy", lambda s, t, a: deployments.retry(job=t.job, actor=a)),
    "deployments.exclude": prompt("deploy", lambda s, t, a: deployments.exclude(job=t.job, reason="No.", actor=a)),
    "deployments.cancel": prompt("deploy", lambda s, t, a: deployments.cancel(job=t.job, reason="No.", actor=a)),
    "deployments.add_criterion": prompt(
        "write",
        lambda s, t, a: add_criterion(
            version=t.version, environment=s.staging, metric="asked", person=s.author.user, question="Fewer?", days=3, actor=a
        ),
    ),
    "deployments.answer_criterion": prompt(
        NOBODY, lambda s, t, a: answer_criterion(watch=t.watch, confirmed=True, actor=a), instead={"author": OK}, why=ASKED_THEN
    ),
    "deployments.erase_words": site(lambda s, t, a: erase_words(row=t.comment, actor=a)),
    "deployments.erase_request": site(lambda s, t, a: erase_request(request=t.wish, actor=a)),
    "deployments.ask_places": (Entry("audit", seen="nothing"), lambda s, t, a: ask_places(environment=s.development, actor=a)),
}
