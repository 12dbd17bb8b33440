"""The whole site in a real browser, as a resident opens it: from disk and from a server."""

import functools
import hashlib
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.project import Quarter

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
WIDTHS = (360, 768, 1280)  # the phone first, before anything below its window has been laid out
MOST_BYTES = 150_000
# One page of each kind: dark differs from light in the colours only, which all pages share.
SHOWN_DARK = (
    "index.html",
    "indicators/electronic_approval_rate.html",
    "procedures.html",
    "initiatives.html",
    "dataset/survey-quality/index.html",
    "corrections.html",
    "search.html",
    "about.html",
)
# The tenth row of a table holds nothing for axe that the first nine do not, and takes as long.
MANY_OF_A_KIND = {"exclude": [["tbody tr:nth-child(n+10)"], [".entries li:nth-child(n+10)"]]}
OFFICE_ONLY = ("changes.html", "decision_sheet.html")
A4_WIDTH = 700  # about the width of an A4 page within its margins, in pixels

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; .ci/run installs it."),
    # Every page is visited once, in one process.
    pytest.mark.xdist_group("browser"),
    pytest.mark.usefixtures("unmeasured"),
]


@dataclass
class Visit:
    """What one visit of a page showed.

    Attributes:
        requests: Addresses that the page asked for.
        complaints: What the console said.
        too_wide: Widths at which the page scrolls sideways.
        violations: What axe found, light and dark.
        weight: Bytes of the page and of what it loads.
        links: Where its links lead.
    """

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    weight: int = 0
    links: list[str] = field(default_factory=list)


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


@pytest.fixture(scope="module")
def folder(quarter: Quarter) -> Path:
    return quarter.data / "06_catalog/preview"


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 900})
    yield page
    page.close()


@pytest.fixture(scope="module")
def address(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site on a server, below a path."""
    root = tmp_path_factory.mktemp("server")
    (root / "ward").mkdir()
    (root / "ward/data").symlink_to(folder)
    handler = functools.partial(QuietHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/ward/data/"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def visits(folder: Path, context: BrowserContext) -> dict[str, Visit]:
    """A visit of every page from disk."""
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    found = [name for name in found if name not in OFFICE_ONLY]  # are no pages of the site
    assert set(SHOWN_DARK) < set(found)
    return {name: visit(context, folder, name) for name in found}


def visit(context: BrowserContext, folder: Path, name: str) -> Visit:
    seen, page = Visit(), context.new_page()
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto((folder / name).as_uri())
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            seen.too_wide.append(str(width))
    seen.violations += find_violations(page)
    if name in SHOWN_DARK:
        page.emulate_media(color_scheme="dark")
        seen.violations += find_violations(page, "color-contrast")
    page.emulate_media(media="print", color_scheme="light")
    page.set_viewport_size({"width": A4_WIDTH, "height": 900})
    if page.evaluate("document.documentElement.scrollWidth") > A4_WIDTH:
        seen.too_wide.append("print")
    loaded = [url for url in dict.fromkeys(seen.requests) if url.startswith("file:")]
    seen.weight = sum(Path(unquote(urlsplit(url).path)).stat().st_size for url in loaded)
    seen.links = page.evaluate("Array.from(document.links, link => link.getAttribute('href'))")
    page.close()
    return seen


def find_violations(page: Page, *rules: str) -> list[str]:
    # Axe would ask for the style sheets once more, for a rule about turned screens.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = list(rules)
    found = Axe().run(page, MANY_OF_A_KIND, options).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


class TestEveryPage:
    def test_there_are_all_kinds_in_both_languages(self, visits: dict[str, Visit]) -> None:
        japanese = {name for name in visits if not name.startswith("en/")}
        assert {f"en/{name}" for name in japanese} == set(visits) - japanese
        assert {name.partition("/")[0] for name in japanese} >= {
            "index.html",
            "indicators",
            "dataset",
        }
        assert len(japanese) > 20

    def test_fits_at_every_width_and_on_paper(self, visits: dict[str, Visit]) -> None:
        assert {name: seen.too_wide for name, seen in visits.items() if seen.too_wide} == {}

    def test_axe_finds_nothing_light_or_dark(self, visits: dict[str, Visit]) -> None:
        assert {name: seen.violations for name, seen in visits.items() if seen.violations} == {}

    def test_the_console_stays_silent(self, visits: dict[str, Visit]) -> None:
        assert {name: seen.complaints for name, seen in visits.items() if seen.complaints} == {}

    def test_nothing_is_asked_for_elsewhere(self, visits: dict[str, Visit], folder: Path) -> None:
        urls = {url for seen in visits.values() for url in seen.requests}
        inside = folder.as_uri()
        assert len(urls) > len(visits)
        assert [url for url in urls if not url.startswith(inside)] == []

    def test_weighs_little(self, visits: dict[str, Visit]) -> None:
        assert {n: seen.weight for n, seen in visits.items() if seen.weight >= MOST_BYTES} == {}
        assert min(seen.weight for seen in visits.values()) > 10_000  # page and styles were counted

    def test_every_link_leads_to_a_file_on_disk(
        self, visits: dict[str, Visit], folder: Path
    ) -> None:
        broken = [
            f"{name}: {link}"
            for name, seen in visits.items()
            for link in seen.links
            if not urlsplit(link).scheme and urlsplit(link).path
            if not (folder / name).parent.joinpath(unquote(urlsplit(link).path)).is_file()
        ]
        assert broken == []

    def test_every_anchor_is_there(self, visits: dict[str, Visit], folder: Path) -> None:
        targets = {
            urljoin(name, link)
            for name, seen in visits.items()
            for link in seen.links
            if not urlsplit(link).scheme and urlsplit(link).fragment
        }
        assert len(targets) > 50
        texts = {name: (folder / name).read_text("utf-8") for name in visits}
        missing = [
            target
            for target in targets
            if f'id="{unquote(target.partition("#")[2])}"' not in texts[target.partition("#")[0]]
        ]
        assert missing == []


@pytest.mark.parametrize("name", OFFICE_ONLY)
def test_pages_for_the_office_are_sound_too(
    folder: Path, context: BrowserContext, name: str
) -> None:
    seen = visit(context, folder, name)
    assert (seen.too_wide, seen.violations, seen.complaints) == ([], [], [])
    assert seen.requests == [(folder / name).as_uri()]


class TestOnAServer:
    def test_every_link_answers_below_a_path(
        self, visits: dict[str, Visit], address: str, context: BrowserContext
    ) -> None:
        links = {
            urljoin(address + name, link).partition("#")[0]
            for name, seen in visits.items()
            for link in seen.links
            if not urlsplit(link).scheme
        }
        assert all(link.startswith(address) for link in links)
        answers = {link: context.request.head(link).status for link in sorted(links)}
        assert {link: status for link, status in answers.items() if status != 200} == {}

    def test_downloads_download_and_have_the_hash_shown(
        self, context: BrowserContext, address: str, folder: Path
    ) -> None:
        names = sorted(path.parent.name for path in folder.glob("dataset/*/index.html"))
        assert len(names) == 9
        for name in names:
            page = context.new_page()
            page.goto(f"{address}dataset/{name}/index.html")
            rows = page.locator("tr:has(a[download])").all()
            shown = [
                (row.locator("a"), row.locator(".hash").inner_text(), row.inner_text())
                for row in rows
            ]
            assert len(shown) >= 8
            # Chromium takes more downloads than these in a row for an attack.
            for link, digest, _ in shown[:3]:
                with page.expect_download() as started:
                    link.click()
                assert hashlib.sha256(started.value.path().read_bytes()).hexdigest() == digest
            for link, digest, text in shown:
                content = context.request.get(
                    urljoin(page.url, link.get_attribute("href") or "")
                ).body()
                assert hashlib.sha256(content).hexdigest() == digest
                assert f"{len(content):,} バイト" in text
            page.close()

    def test_switching_the_language_stays_on_the_page_and_comes_back(
        self, page: Page, address: str
    ) -> None:
        page.goto(f"{address}indicators/open_datasets.html")
        page.get_by_role("link", name="English").click()
        assert page.url == f"{address}en/indicators/open_datasets.html"
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.get_by_role("heading", level=1).inner_text().startswith("Open datasets")
        page.get_by_role("link", name="日本語").click()
        assert page.url == f"{address}indicators/open_datasets.html"


class TestKeyboard:
    @pytest.mark.parametrize(
        "name",
        ["index.html", "indicators/mynumber_card_rate.html", "dataset/dx-indicators/index.html"],
    )
    def test_every_stop_is_reached_in_order_and_seen(
        self, page: Page, folder: Path, name: str
    ) -> None:
        page.goto((folder / name).as_uri())
        stops = page.evaluate(
            """() => Array.from(document.querySelectorAll(
                'a[href], button, input, summary, [tabindex="0"]'))
                .filter(stop => stop.checkVisibility()).length"""
        )
        reached = []
        for _ in range(stops):
            page.keyboard.press("Tab")
            place, outline, visible = page.evaluate(
                """() => {
                    const all = Array.from(document.querySelectorAll('*'));
                    const stop = document.activeElement, box = stop.getBoundingClientRect();
                    const style = getComputedStyle(stop);
                    return [all.indexOf(stop), style.outlineStyle + parseFloat(style.outlineWidth),
                        box.width > 0 && box.bottom > 0 && box.top < innerHeight];
                }"""
            )
            reached.append(place)
            assert outline == "solid3"
            assert visible
        assert reached == sorted(set(reached))

    def test_the_skip_link_comes_first_and_leads_to_the_content(
        self, page: Page, folder: Path
    ) -> None:
        page.goto((folder / "index.html").as_uri())
        page.keyboard.press("Tab")
        skip = page.locator(":focus")
        assert skip.inner_text() == "本文へ移動"
        assert (skip.bounding_box() or {"y": -1})["y"] >= 0
        page.keyboard.press("Enter")
        assert page.locator(":focus").get_attribute("id") == "main"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


class TestSearch:
    @pytest.mark.parametrize(
        ("typed", "first"),
        [
            ("ﾏｲﾅﾝﾊﾞｰ かーど", "マイナンバーカード普及率"),
            ("手続き", "オンライン手続"),
            ("オンライン申請", "オンライン手続"),
            ("電子申請", "オンライン手続"),
            ("電子決済率", "文書管理システム電子決裁率"),
            ("学童", "学童クラブのDX"),
            ("おくやみ", "おくやみコーナー"),
            ("RPA", "国保年金課のRPA"),
            ("税務課", "税務課"),
            ("電子決栽率", "文書管理システム電子決裁率"),
            ("online_status", "オンライン化"),
            ("てつづき", "オンライン手続"),
            ("AI", "生成系AIの利用検討"),
        ],
    )
    def test_finds_from_any_page_what_people_type(
        self, page: Page, folder: Path, typed: str, first: str
    ) -> None:
        page.goto((folder / "about.html").as_uri())
        page.get_by_role("searchbox").fill(typed)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"search\.html\?q="))
        found = page.locator("#results li > :first-child")
        assert found.first.inner_text() == first
        near = "の近い言葉が" if typed == "電子決栽率" else ""
        assert page.get_by_role("status").inner_text() == f"{found.count()}件{near}見つかりました"

    def test_finds_datasets_by_format_and_columns_last(self, page: Page, folder: Path) -> None:
        page.goto((folder / "search.html").as_uri())
        everything = page.locator(".entries li:visible").count()
        page.get_by_role("searchbox").fill("CSV")
        kinds = page.locator("#results .kind").all_inner_texts()
        assert set(kinds) == {"データ"}
        page.get_by_role("searchbox").fill("キャッシュレス")
        kinds = page.locator("#results .kind").all_inner_texts()
        assert kinds[0] == "指標"
        assert "列" in kinds
        page.get_by_role("searchbox").fill("ないことば")
        assert page.locator(".entries li:visible").count() == 0
        assert "見つかりませんでした" in page.get_by_role("status").inner_text()
        page.get_by_role("searchbox").fill("")
        assert page.locator(".entries li:visible").count() == everything

    def test_a_procedure_found_is_one_click_away(self, page: Page, folder: Path) -> None:
        page.goto((folder / "search.html").as_uri() + "?q=学童 申込")
        page.locator("#results a").first.click()
        page.wait_for_url(re.compile(r"procedures\.html#"))
        assert "学童" in page.locator("tr:target").inner_text()

    def test_without_javascript_everything_is_listed(self, browser: Browser, folder: Path) -> None:
        page = browser.new_page(java_script_enabled=False)
        page.goto((folder / "search.html").as_uri() + "?q=x")
        entries = page.locator(".entries li")
        assert entries.count() > 500
        assert entries.last.is_visible()
        assert "JavaScriptが使えないため" in page.locator(".note").inner_text()
        page.close()


class TestProcedures:
    def test_the_filter_stands_in_the_address_and_goes_into_the_file(
        self, page: Page, folder: Path
    ) -> None:
        page.goto((folder / "procedures.html").as_uri())
        rows, shown = (
            page.locator("#procedures tbody tr"),
            page.locator("#procedures tbody tr:visible"),
        )
        assert rows.count() == shown.count() > 400
        page.locator("#filter [name=online]").select_option("済")
        page.locator("#filter [name=q]").fill("申請")
        found = shown.count()
        assert 0 < found < 100
        assert page.locator("#count").inner_text() == f"{found}件の手続"
        page.reload()
        assert shown.count() == found
        with page.expect_download() as saved:
            page.get_by_text("CSVで保存").click()
        lines = saved.value.path().read_text("utf-8-sig").splitlines()
        assert len(lines) == 1 + found
        assert all('"済"' in line for line in lines[1:])
        page.get_by_text("条件を消す").click()
        page.wait_for_url(re.compile(r"procedures\.html$"))
        assert shown.count() == rows.count()

    def test_without_javascript_all_are_listed(self, browser: Browser, folder: Path) -> None:
        page = browser.new_page(java_script_enabled=False)
        page.goto((folder / "procedures.html").as_uri() + "?q=x")
        assert page.locator("#procedures tbody tr").last.is_visible()
        assert not page.locator("#filter").is_visible()
        page.close()


def test_a_wide_table_has_room_on_paper(page: Page, folder: Path) -> None:
    page.goto((folder / "dataset/dx-indicators/index.html").as_uri())
    first = page.locator(".rows").first.locator("th")
    assert not page.locator(".printed").first.is_visible()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_WIDTH, "height": 900})
    assert first.count() > 9 == first.locator("visible=true").count()
    assert "初めの9列だけ" in page.locator(".printed").first.inner_text()
    page.emulate_media(media="screen")


def test_a_phone_hides_nothing_but_the_large_chart(page: Page, folder: Path) -> None:
    for name in ("initiatives.html", "contact.html", "indicators/open_datasets.html"):
        page.goto((folder / name).as_uri())
        lists = page.locator("dl.facts").count()
        page.set_viewport_size({"width": 360, "height": 900})
        assert page.locator("dl.facts:visible").count() == lists > 0
        page.set_viewport_size({"width": 1280, "height": 900})
    page.set_viewport_size({"width": 360, "height": 900})
    sizes = page.evaluate(
        """() => Array.from(document.querySelectorAll('svg[role=img] text'))
            .filter(text => text.checkVisibility())
            .map(text => parseFloat(getComputedStyle(text).fontSize)
                * text.ownerSVGElement.getBoundingClientRect().width
                / text.ownerSVGElement.viewBox.baseVal.width)"""
    )
    assert min(sizes) >= 11


def test_every_chart_has_its_table_and_words(page: Page, folder: Path) -> None:
    for name in ("index.html", "indicators/open_datasets.html"):
        page.goto((folder / name).as_uri())
        charts = page.locator("svg[role=img]:visible")
        assert charts.count() == (11 if name == "index.html" else 1)
        for chart in charts.all():
            words = page.locator(f"id={(chart.get_attribute('aria-labelledby') or '').split()[1]}")
            assert "目標" in (words.text_content() or "") or "計画線" in (
                words.text_content() or ""
            )
    assert page.locator("#figures ~ .scroll table").first.locator("tbody tr").count() >= 4
    page.goto((folder / "index.html").as_uri())
    assert page.locator("figure + details table").count() == 11
