"""The report in a real browser: nothing from elsewhere, nothing too wide, nothing amiss."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.project import Quarter

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
PAGES = ["08_reporting/FY2022Q3/progress_report.html"]
PAPERS = ["council_paper.html", "briefing_electronic_approval_rate.html"]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed; .ci/run installs it."
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [390, 820, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone_at_every_width(
    quarter: Quarter, browser: Browser, name: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    address = (quarter.data / name).as_uri()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    assert [url for url in requests if url != address] == []
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.lang") == "ja"
    assert page.get_by_text("見本データ").first.is_visible()
    page.close()


def test_every_chart_of_the_report_has_its_table(quarter: Quarter, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((quarter.data / PAGES[0]).as_uri())
    charts = page.locator("svg[role=img]").count()
    tables = page.locator("details", has_text="図の数値を表で見る").locator("table")
    assert charts == tables.count() >= 10
    page.close()


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_fits_on_one_sheet(quarter: Quarter, browser: Browser, name: str) -> None:
    page = browser.new_page()
    page.goto((quarter.data / "08_reporting/FY2022Q3" / name).as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    page.close()
