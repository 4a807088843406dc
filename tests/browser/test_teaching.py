"""From pictures to a style that others wear."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.flows import MINUTES, PICTURES, STYLE, file
from tests.browser.visits import PHONE, Visit
from tests.chaos.shelf import adapter
from tests.e2e.studio import Studio


def test_a_style_is_learnt_judged_approved_and_worn(visit: Callable[..., Visit], studio: Studio, training: str) -> None:
    page = visit(f"#/teach/training/{training}").page
    page.get_by_role("button", name="Approve").wait_for(timeout=MINUTES)
    expect(page.locator(".curve svg")).to_be_visible()
    expect(page.get_by_role("img", name="2 looks")).to_be_visible()
    painted = page.get_by_role("img", name="repainted in the style").first
    painted.scroll_into_view_if_needed()
    expect(painted).to_be_visible()
    expect(page.locator("li[aria-current=step]")).to_contain_text("Your decision")
    page.get_by_label("Why").fill("as the garment is")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("link", name="Its versions").click(timeout=MINUTES)
    expect(page.locator(".version")).to_contain_text("in service")
    expect(page.locator(".version")).to_contain_text("as the garment is")
    api = studio.deployment.api
    names = {each["name"] for each in api.request("GET", f"/v1/files?style={STYLE}&limit=100")["results"]}
    assert {"masks/skirt-01.png", "captions.jsonl", *(path.name for path in PICTURES[:4])} == names
    captions = api.request("GET", f"/v1/trainings/{training}/captions")["captions"]
    said = {caption["file_name"]: caption["text"] for caption in captions}
    assert said["skirt-02.png"] == "a photo of sks skirt with a yellow pullover"


def test_what_was_put_is_there_again_for_the_next_lesson(
    visit: Callable[..., Visit], training: str, studio: Studio
) -> None:
    page = visit(f"#/teach/new?style={STYLE}").page
    expect(page.locator(".teach-card")).to_have_count(4)
    expect(page.locator("small[data-found=kept]")).to_have_count(1)


def test_versions_are_compared_put_in_service_rolled_back_and_deleted(
    visit: Callable[..., Visit], shawl: str, studio: Studio
) -> None:
    page = visit(f"#/teach/style/{shawl}", size=PHONE).page
    expect(page.get_by_text(f"The name means {shawl}@1")).to_be_visible()
    for number in (1, 2):
        page.get_by_role("checkbox", name=f"Compare {shawl}@{number}").check()
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    page.get_by_role("button", name=f"Put in service {shawl}@2").click()
    expect(page.get_by_text(f"The name means {shawl}@2")).to_be_visible()
    page.get_by_role("button", name=f"Back to {shawl}@1").click()
    expect(page.get_by_text(f"The name means {shawl}@1")).to_be_visible()
    page.get_by_role("button", name=f"Delete {shawl}@2").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".version")).to_have_count(1)
    assert studio.deployment.api.request("GET", f"/v1/styles/{shawl}")["promoted"] == f"{shawl}@1"


def test_a_version_that_waits_is_rejected_and_never_worn(
    visit: Callable[..., Visit], shawl: str, studio: Studio
) -> None:
    """A brought version waits for nobody, so its package is set back to where a training's result stands before its decision."""
    api, registry = studio.deployment.api, studio.client("sagemaker")
    weights = api.files.upload(adapter(), name="shawl.safetensors").uri
    body = {"weights": weights, "instance_prompt": "a photo of sks shawl"}
    made = api.request("POST", f"/v1/styles/{shawl}/versions", body)
    number = int(made["version"].partition("@")[2])
    package = next(each for each in studio.packages(shawl) if each["ModelPackageVersion"] == number)
    arn = package["ModelPackageArn"]
    registry.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="PendingManualApproval")
    page = visit(f"#/teach/style/{shawl}").page
    row = page.locator(".version", has_text=f"Version {number}")
    expect(row).to_contain_text("waits for a decision")
    row.get_by_role("button", name="Reject").click()
    expect(row).to_contain_text("rejected")
    expect(row.get_by_role("button", name="Reject")).to_have_count(0)
    expect(row.get_by_role("button", name="Put in service")).to_have_count(0)
    assert registry.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"] == "Rejected"
    api.request("DELETE", f"/v1/styles/{shawl}/versions/{number}")


def test_a_training_that_was_stopped_says_so_and_can_go_on(
    visit: Callable[..., Visit], studio: Studio, training: str
) -> None:
    asked = {"dataset": f"datasets/{STYLE}/", "target": "a skirt", "instance_prompt": "a photo of sks skirt"}
    made = studio.deployment.api.request("POST", "/v1/trainings", {"destination": STYLE, "input": asked})
    page = visit(f"#/teach/training/{made['id']}").page
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("alert")).to_contain_text("It was stopped")
    page.get_by_role("button", name="Go on from there").click()
    page.wait_for_url(lambda address: "/teach/training/" in address and made["id"] not in address)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("alert")).to_contain_text("It was stopped")


def test_pictures_that_cannot_be_read_are_named_and_the_others_kept(visit: Callable[..., Visit]) -> None:
    page = visit("#/teach/new").page
    page.get_by_label("Choose pictures").set_input_files(
        [file("broken.png", b"no picture"), file("notes.txt", b"of her"), file("치마.png", PICTURES[0].read_bytes())]
    )
    expect(page.get_by_role("alert")).to_contain_text("broken.png, notes.txt")
    expect(page.locator(".teach-card")).to_have_count(1)
    expect(page.get_by_text("Which garment is it?")).to_be_visible()
    expect(page.get_by_role("button", name="Check the pictures")).to_be_disabled()
