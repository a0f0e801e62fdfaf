"""Tests for pipelines: what suites there are, running one, and how it came out."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query

from promptstudio.accounts.actor import Actor
from promptstudio.deployments import subjects
from promptstudio.deployments.subjects import Subject
from promptstudio.evaluations import run_services
from promptstudio.evaluations.junit import junit_xml
from promptstudio.evaluations.models import Run, RunQuerySet, Suite
from promptstudio.evaluations.proving import cannot_fail
from promptstudio.evaluations.run_verdicts import verdict_of, verdicts_of
from promptstudio.evaluations.standing import newest_versions
from promptstudio.lib.errors import Invalid
from promptstudio.prompts.models import Prompt, Version

from . import schemas
from .keys import READS, TESTS, KeyRequest, bound_to
from .paging import Page, page_of
from .problems import NotFound
from .released import environment_to_read, environment_to_use, prompt_to_read, readable_prompts, released, version_to_read, version_to_use
from .routes import answers, router
from .shapes import answer

XML = {"responses": {200: {"content": {"application/xml": {"schema": {"type": "string"}}}}}}


@router.get("/prompts/{prompt_name:name}/tests", auth=READS, response=answers(schemas.Suites), tags=["Tests"])
def list_suites(request: KeyRequest, name: str) -> HttpResponse:
    """The suites of this prompt that are in use, by name."""
    prompt = prompt_to_read(request.auth, name)
    suites = list(prompt.suites.in_use())
    newest = newest_versions(suites)
    shown = [(suite, newest[suite.pk]) for suite in suites]
    items = [
        {"id": str(suite.uid), "name": suite.name, "required": suite.required, "version": cases.number, "cases": len(cases.cases)}
        | {"proves_nothing": cannot_fail(cases.content)}
        for suite, cases in shown
    ]
    return answer({"items": items})


@router.post(
    "/prompts/{prompt_name:name}/runs", auth=TESTS, response=answers(schemas.RunWithCases, status=201, besides=(409, 413)), tags=["Tests"]
)
def start_run(request: KeyRequest, name: str, body: schemas.NewRun) -> HttpResponse:
    """Ask a model every case of a suite. It costs money. The answer comes at once; ask for the run until its `state` is `ended`."""
    prompt = prompt_to_read(request.auth, name)
    subject = _subject(request.auth, prompt, body)
    suite = _suite(prompt, body.suite)
    run = run_services.start_run(
        suite=suite, **subject.asked, model=body.model.strip(), repeats=body.repeats, most=body.most, uid=body.id, actor=request.auth
    )
    return answer(_with_cases(_readable(request.auth).get(pk=run.pk)), status=201, location=f"/api/v1/runs/{run.uid}")


@router.get("/prompts/{prompt_name:name}/runs", auth=READS, response=answers(schemas.Runs), tags=["Tests"])
def list_runs(request: KeyRequest, name: str, page: Query[Page]) -> HttpResponse:
    """The runs of this prompt that this key reads, newest first."""
    prompt = prompt_to_read(request.auth, name)
    return answer(page_of(request, _readable(request.auth).filter(prompt=prompt), page, _runs_json))


@router.get("/runs/{uuid:uid}", auth=READS, response=answers(schemas.RunWithCases), tags=["Tests"])
def read_run(request: KeyRequest, uid: UUID) -> HttpResponse:
    """How far it is, and how each case came out, with the reasons."""
    return answer(_with_cases(_run(request.auth, uid)))


@router.get("/runs/{uuid:uid}/junit", auth=READS, response=answers(None), tags=["Tests"], openapi_extra=XML)
def read_run_as_junit(request: KeyRequest, uid: UUID) -> HttpResponse:
    """The same as JUnit XML, which Jenkins, GitLab and GitHub actions read. Cases without an answer yet are `skipped`."""
    response = HttpResponse(junit_xml([verdict_of(_run(request.auth, uid))]), content_type="application/xml; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _readable(actor: Actor) -> RunQuerySet:
    """Through an environment, only runs on what was released there: of a draft, or of cases tried on another version, nothing is told."""
    runs: RunQuerySet = Run.objects.filter(prompt__in=readable_prompts(actor)).with_everything()
    bound = bound_to(actor)
    if bound is None:
        return runs
    return runs.filter(version__in=released(Version.objects.filter(prompt__project=bound.project_id), bound).values("pk"))


def _run(actor: Actor, uid: UUID) -> Run:
    run: Run | None = _readable(actor).filter(uid=uid).first()
    if run is None:
        raise NotFound("There is no such run that this key reads.")
    return run


def _with_cases(run: Run) -> dict[str, Any]:
    verdict = verdict_of(run)
    return verdict.as_json() | {"cases": verdict.cases_as_json()}


def _runs_json(runs: Iterable[Run]) -> list[dict[str, Any]]:
    return [verdict.as_json() for verdict in verdicts_of(list(runs))]


def _suite(prompt: Prompt, name: str) -> Suite:
    suites = {suite.name: suite for suite in prompt.suites.in_use().select_related("prompt__project", "prompt__folder")}
    if name not in suites:
        raise Invalid({"suite": f"{prompt.name} has no suite of that name. It has: {', '.join(suites) or 'none yet'}."})
    return suites[name]


def _subject(actor: Actor, prompt: Prompt, body: schemas.NewRun) -> Subject:
    """Raises Invalid for more than one of them, NotReleasedHere for what this key does not read."""
    named = [field for field in ("version", "environment", "draft") if getattr(body, field)]
    if len(named) > 1:
        raise Invalid({named[1]: f"Say one of version, environment and draft; {named[0]} is there already."})
    bound = bound_to(actor)
    if body.draft:
        if bound:
            raise NotFound(f"There is no such draft of {prompt.name} that this key reads.")
        return subjects.of_draft(prompt, body.draft)
    if body.environment:
        use = environment_to_read(actor, body.environment, prompt.name) if bound else environment_to_use(actor, body.environment)
        return subjects.live_in(use, prompt)
    if body.version:
        return subjects.of_version(version_to_read(actor, prompt, body.version) if bound else version_to_use(prompt, body.version))
    return subjects.live_in(bound, prompt) if bound else subjects.newest_of(prompt)
