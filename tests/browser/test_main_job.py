"""Write → compare → approve → promote → live in Bedrock, as different people, in one walk."""

import re

from playwright.sync_api import Page, expect

from tests.studio import Studio, wait_until

from . import desk
from .conftest import SignIn

TITLE = "Hail damage check"
FIRST = "Sort this hail report: {{report}}.\nAnswer with one word and one sentence.\nThe deductible is 300 euros."
SECOND = "Sort this hail report: {{report}}.\nAnswer with one word and one sentence.\nThe deductible is 500 euros.\nNever promise cover."


def test_the_main_job(studio: Studio, sign_in: SignIn) -> None:
    jonas, marta, pavel = sign_in("Jonas Weber"), sign_in("Marta Lindqvist"), sign_in("Pavel Novák")
    machine = desk.application(studio, "read", "write", "deploy")

    name = _jonas_writes_two_versions(jonas)
    _the_comparison_has_an_address(jonas, name)
    desk.promote(jonas, name, "development", "1.1.0")
    desk.promote(jonas, name, "staging", "1.1.0")
    review = desk.ask_for_review(jonas, name, "1.1.0")
    _jonas_cannot_approve_it_himself(jonas)
    _promoting_is_refused_by_every_door(machine, pavel, name)
    _marta_finds_it_on_her_home_page(marta, review)
    desk.approve(pavel, review)
    desk.promote(pavel, name, "production", "1.1.0")
    arn = _the_page_tells_the_address(pavel)
    _the_code_to_copy_asks_at_run_time(pavel, name, arn)
    _bedrock_answers_with_it(studio, machine, name, arn)

    _a_hotfix_makes_approvals_stale(machine, jonas, marta, pavel, name)
    _the_way_back_works_with_a_broken_target(studio, machine, pavel, name)
    _a_recalled_version_is_blocked_on_every_path(machine, pavel, name)
    assert "verifies" in studio.manage("verify_audit").stdout


def _jonas_writes_two_versions(page: Page) -> str:
    name = desk.write_prompt(page, title=TITLE, folder="Property/Hail", text=FIRST)
    expect(page.get_by_text("report is not in the table")).to_be_visible()
    page.get_by_role("button", name=re.compile("Add .report. to the table")).click()
    expect(page.get_by_text("report is not in the table")).to_have_count(0)
    page.get_by_label("Model", exact=True).fill("amazon.nova-lite-v1:0")
    page.get_by_label("Longest answer").fill("200")
    page.locator("details.variable summary").first.click()
    page.locator("[name$='-example']").first.fill("Hailstones as big as eggs, two roof windows broken.")
    desk.all_saved(page)
    expect(page.get_by_role("region", name="What the model will read")).to_contain_text("Hailstones as big as eggs")
    page.reload()
    expect(page.locator("textarea[name$='-text']").first).to_have_value(FIRST)
    assert desk.save_version(page, summary="First text from the handbook.") == "1.0.0"
    page.get_by_role("button", name="Start a draft from this").click()
    page.wait_for_url("**/-/drafts/**")
    desk.write(page, SECOND)
    page.get_by_role("button", name="Save a version").click()
    expect(page.get_by_text("This becomes 1.1.0")).to_be_visible()
    expect(page.get_by_text("The number 300 became 500")).to_be_visible()
    page.go_back()
    assert desk.save_version(page, summary="New deductible; never promise cover.") == "1.1.0"
    return name


def _the_comparison_has_an_address(page: Page, name: str) -> None:
    page.goto(f"/p/claims/prompts/{name}/-/compare/1.0.0...1.1.0/")
    expect(page.locator("del")).to_contain_text(["300"])
    assert "500" in page.locator("ins").all_inner_texts()[0]
    expect(page.get_by_role("table").first).to_contain_text("Never promise cover.")


def _jonas_cannot_approve_it_himself(page: Page) -> None:
    expect(page.locator("button[value='approve']")).to_have_count(0)
    expect(page.get_by_text("You worked on this version. Ask someone else to approve it.")).to_be_visible()


def _promoting_is_refused_by_every_door(machine: desk.Application, pavel: Page, name: str) -> None:
    pavel.goto(f"/p/claims/prompts/{name}/-/promote/production/1.1.0/")
    with pavel.expect_response(lambda r: r.request.method == "POST") as refused:
        pavel.get_by_role("button", name="Promote to Production").click()
    assert refused.value.status == 409
    expect(pavel.locator(".gates").first).to_contain_text("1 more product approval and 1 more technical approval needed")

    answer = machine.ask(f"/prompts/{name}/deployments", {"environment": "production", "version": "1.1.0", "reason": "now"})
    assert (answer.status, answer.body["code"]) == (409, "blocked")
    assert "approvals" in [gate["gate"] for gate in answer.body["gates"] if not gate["passed"]]

    pavel.goto(f"/admin/prompts/version/?q={TITLE} 1.1.0")
    pavel.get_by_role("link", name="Promote…").first.click()
    pavel.get_by_label("Environment").select_option(label="Production")
    pavel.get_by_role("button", name="Go on").click()
    with pavel.expect_response(lambda r: r.request.method == "POST") as refused:
        pavel.get_by_role("button", name="Promote to Production").click()
    assert refused.value.status == 409
    expect(pavel.locator(".gates").first).to_contain_text("1 more product approval and 1 more technical approval needed")


def _marta_finds_it_on_her_home_page(page: Page, review: str) -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile(f"^{TITLE} 1.1.0")).first.click()
    assert page.url == review
    expect(page.locator("ins").first).to_be_visible()
    desk.approve(page, review)


def _the_page_tells_the_address(page: Page) -> str:
    page.locator("#progress summary", has_text="Details").click()
    arn = page.locator("#arn-1").inner_text()
    assert re.fullmatch(r"arn:aws:bedrock:eu-central-1:\d{12}:prompt/\w{10}:1", arn)
    return arn


def _the_code_to_copy_asks_at_run_time(page: Page, name: str, arn: str) -> None:
    page.goto(f"/p/claims/prompts/{name}/-/use/?environment=production")
    by_environment = page.get_by_role("region", name="Ask by environment, at run time").inner_text()
    assert "environment" in by_environment
    assert arn not in by_environment
    assert "arn:aws" not in by_environment
    expect(page.get_by_role("region", name="Pin exactly this version")).to_contain_text(arn)


def _bedrock_answers_with_it(studio: Studio, machine: desk.Application, name: str, arn: str) -> None:
    stored = desk.aws(studio, "bedrock-agent").get_prompt(promptIdentifier=arn.rsplit(":", 1)[0], promptVersion="1")
    assert stored["variants"][0]["templateConfiguration"]["text"]["text"] == SECOND
    answer = desk.aws(studio, "bedrock-runtime").converse(modelId=arn, promptVariables={"report": {"text": "A cracked pane."}})
    assert answer["output"]["message"]["content"][0]["text"]
    live = machine.live(name)
    kept = {pair["key"]: pair["value"] for pair in stored["variants"][0]["metadata"]}
    assert live["digest"].removeprefix("sha256:") in kept["studio-digest"]
    assert [receipt["arn"] for receipt in live["receipts"]] == [arn]


def _a_hotfix_makes_approvals_stale(machine: desk.Application, jonas: Page, marta: Page, pavel: Page, name: str) -> None:
    better = _version_by_api(machine, name, SECOND + "\nName the roof windows first.")
    for place in ("development", "staging"):
        desk.promote(jonas, name, place, better)
    waiting = desk.ask_for_review(jonas, name, better)
    desk.approve(marta, waiting)
    desk.approve(pavel, waiting)
    hotfix = _version_by_api(machine, name, SECOND.replace("500", "550"))
    for place in ("development", "staging"):
        desk.promote(jonas, name, place, hotfix)
    urgent = desk.ask_for_review(jonas, name, hotfix)
    desk.approve(marta, urgent)
    desk.approve(pavel, urgent)
    desk.promote(pavel, name, "production", hotfix)

    answer = machine.ask(f"/prompts/{name}/deployments", {"environment": "production", "version": better, "reason": "now"})
    assert [gate["gate"] for gate in answer.body["gates"] if not gate["passed"]] == ["same_baseline"]
    for page in (marta, pavel):
        page.goto(waiting)
        expect(page.get_by_text("Since you approved, something else went live.")).to_be_visible()
        page.get_by_role("complementary", name="Decide").get_by_role("button", name="Confirm: approve").click()
        page.wait_for_load_state()
    desk.promote(pavel, name, "production", better)


def _version_by_api(machine: desk.Application, name: str, text: str) -> str:
    bundle = machine.live(name, "development")["bundle"]
    bundle["messages"] = [{"role": "user", "text": text}]
    made = machine.ask(f"/prompts/{name}/versions", {"bundle": bundle, "change": {"summary": "A change."}})
    assert made.status == 201, made.body
    return str(made.body["semver"])


def _the_way_back_works_with_a_broken_target(studio: Studio, machine: desk.Application, pavel: Page, name: str) -> None:
    before = machine.live(name)["semver"]
    faults = f"{studio.aws_url}/_local/faults"
    pavel.request.post(faults, data={"operation": "GetPrompt", "kind": "error", "code": "InternalServerException", "times": None})
    pavel.goto(f"/p/claims/prompts/{name}/-/roll-back/production/")
    expect(pavel.locator("del, ins").first).to_be_visible()
    pavel.get_by_label(re.compile("^Why")).fill("It named the wrong window.")
    pavel.get_by_role("button", name="Roll back to").click()
    pavel.wait_for_url("**/deployments/**")
    back = machine.live(name)["semver"]
    assert back != before
    expect(pavel.locator("#progress")).to_contain_text("Production serves")
    expect(pavel.locator("#progress table")).to_contain_text(before)
    pavel.request.delete(faults)
    expect(pavel.locator("#progress table")).to_contain_text("Confirmed", timeout=60_000)
    wait_until(lambda: machine.live(name)["receipts"], what="the receipt of the rollback")


def _a_recalled_version_is_blocked_on_every_path(machine: desk.Application, pavel: Page, name: str) -> None:
    bad = "1.1.0"
    pavel.goto(f"/p/claims/prompts/{name}/-/recall/{bad}/")
    pavel.get_by_label(re.compile("What is wrong")).fill("The deductible was never 500.")
    pavel.get_by_role("button", name=f"Recall {bad}").click()
    pavel.wait_for_url("**/versions/**")
    for path, body in (
        ("deployments", {"environment": "development", "version": bad, "reason": "x"}),
        ("rollback", {"environment": "production", "version": bad, "reason": "x"}),
    ):
        answer = machine.ask(f"/prompts/{name}/{path}", body)
        assert (answer.status, [gate["gate"] for gate in answer.body["gates"] if not gate["passed"]]) == (409, ["not_recalled"])
    pavel.goto(f"/p/claims/prompts/{name}/-/promote/staging/{bad}/")
    pavel.get_by_role("button", name="Promote to").click()
    expect(pavel.locator(".gates").first).to_contain_text("recalled 1.1.0")
