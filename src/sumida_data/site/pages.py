"""Every page of the site, in Japanese and, below ``en/``, in English.

Links are relative and name a file, so that the site works from disk and below any path.
"""

import posixpath
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.resources import files
from itertools import chain
from typing import Any, NamedTuple

from sumida_data.base.metadata import DataDictionary, HomeMunicipality, Row
from sumida_data.base.periods import Period
from sumida_data.packages.models import FREQUENCIES
from sumida_data.plan.models import Plan, Plans
from sumida_data.present.language import Language
from sumida_data.present.points import list_main_points
from sumida_data.present.templates import load_templates
from sumida_data.present.words import VERDICT_SYMBOLS
from sumida_data.site import content
from sumida_data.site.content import IndicatorPage
from sumida_data.site.figures import write_bundles, write_cell, write_figures
from sumida_data.site.models import SiteSettings
from sumida_data.site.published import Dataset, Published
from sumida_data.survey.form import Waves

_TITLES = {
    "index.html": ("指標", "Indicators"),
    "procedures.html": ("オンライン手続", "Online procedures"),
    "initiatives.html": ("取組事例", "Initiatives"),
    "dataset/index.html": ("データ", "Data"),
    "corrections.html": ("訂正", "Corrections"),
    "calendar.html": ("公表の予定", "Calendar"),
    "search.html": ("検索と索引", "Search and index"),
    "about.html": ("このサイトについて", "About"),
    "glossary.html": ("用語", "Glossary"),
    "accessibility.html": ("アクセシビリティ", "Accessibility"),
    "contact.html": ("問い合わせ", "Contact"),
}
_FOOTER = ("about.html", "glossary.html", "accessibility.html", "contact.html")
_TILES = ("achieved", "kept", "on_track", "slightly_behind", "behind", "cannot_say")
_FIRST_ROWS = 5


class Page(NamedTuple):
    """A page before it is given its form.

    Attributes:
        path: Its path within its language.
        template: The template that it fills in.
        titles: Its Japanese and its English title.
        section: Path of the page of the navigation to which it belongs.
        values: What its template needs beyond what every page has.
    """

    path: str
    template: str
    titles: tuple[str, str]
    section: str
    values: dict[str, Any]


def build_site(
    published: Published,
    municipality: HomeMunicipality,
    plans: Plans,
    waves: Waves,
    site: SiteSettings,
    dictionary: DataDictionary,
) -> dict[str, bytes]:
    """Build the site.

    Args:
        published: Everything that is published, and nothing else.
        municipality: Whose site it is.
        plans: The plans, with the definitions of their indicators.
        waves: The quarters that are asked for.
        site: What the site says about itself.
        dictionary: The descriptions of all fields, with the words of their codes.

    Returns:
        Contents by path, such as ``indicators/open_datasets.html`` and ``assets/site.css``.
    """
    indicators = [content.gather_indicators(plan, published) for plan in plans.root]
    plan = _choose_plan(plans, published)
    common = {
        "municipality": municipality,
        "plan": plan,
        "plans": plans,
        "site": site,
        "sample": published.sample,
        "address": published.address,
        "symbols": VERDICT_SYMBOLS,
        "tiles": _TILES,
    }
    pages = [
        *_describe_plans(plans, plan, indicators, published),
        *_describe_datasets(published),
        *_describe_other_pages(plans, indicators, published, waves, site),
    ]
    japanese, english = Language("ja", dictionary), Language("en", dictionary, site.english)
    figures = (
        write_figures(one, published, municipality, site, (japanese, english))
        for pages_of_plan in indicators
        for one in pages_of_plan
    )
    rendered = dict(
        _render(page, language, other, common)
        for language, other in ((japanese, english), (english, japanese))
        for page in pages
    )
    return {
        **_read_assets(),
        **content.write_lists(published, site, rendered),
        **dict(chain.from_iterable((*figures, *map(write_bundles, published.datasets)))),
        **rendered,
    }


def _choose_plan(plans: Plans, published: Published) -> Plan:
    newest = max((row["period"] for row in published.rows("indicator_value")), default=None)
    return plans.reported_in(Period.parse(newest)) if newest else plans.root[-1]


def _describe_plans(
    plans: Plans,
    shown: Plan,
    indicators: Sequence[Sequence[IndicatorPage]],
    published: Published,
) -> Iterator[Page]:
    dataset = published.find("indicator_value")
    paths = {one.plan_id: f"plans/{one.plan_id}.html" for one in plans.root}
    paths[shown.plan_id] = "index.html"
    for plan, pages in zip(plans.root, indicators, strict=True):
        newest = max((one.current["period"] for one in pages if one.current), default=None)
        yield Page(
            paths[plan.plan_id],
            "overview.html",
            (plan.title, plan.title_en),
            "index.html",
            {
                "indicators": pages,
                "plan": plan,
                "others": [(one, paths[one.plan_id]) for one in plans.root if one is not plan],
                "newest": newest,
                "standings": [one.standing for one in pages if one.standing],
            },
        )
        for one in pages:
            yield Page(
                f"indicators/{one.indicator.indicator_id}.html",
                "indicator.html",
                (one.indicator.title, one.indicator.title_en),
                "index.html",
                {
                    "one": one,
                    "plan": plan,
                    "dataset": dataset,
                    "peers": content.gather_peers(one, published),
                },
            )


def _describe_datasets(published: Published) -> Iterator[Page]:
    yield _page("dataset/index.html", "datasets.html", datasets=published.datasets)
    for dataset in published.datasets:
        values = {
            "dataset": dataset,
            "frequency": FREQUENCIES.get(dataset.descriptor["sumida:updateFrequency"]),
            "checks": content.gather_checks(published, dataset),
            "previews": {one["name"]: _read_first_rows(dataset, one) for one in dataset.tables},
        }
        yield Page(dataset.page, "dataset.html", dataset.titles, "dataset/index.html", values)


def _describe_other_pages(
    plans: Plans,
    indicators: Sequence[Sequence[IndicatorPage]],
    published: Published,
    waves: Waves,
    site: SiteSettings,
) -> Iterator[Page]:
    every = [one for pages in indicators for one in pages]
    procedures = content.gather_procedures(published)
    dataset = published.find("procedure")
    yield _page("procedures.html", procedures=procedures, dataset=dataset)
    yield _page("initiatives.html", initiatives=content.gather_initiatives(published))
    yield _page(
        "corrections.html",
        notices=published.rows("correction_notice"),
        by_id={one.indicator.indicator_id: one.indicator for one in every},
        revisions=[pair for one in every for pair in one.revisions],
        corrections=content.gather_corrections(published),
    )
    yield _page("calendar.html", calendar=content.gather_calendar(waves, site, published))
    index = content.build_index(plans, published, _TITLES)
    yield _page("search.html", index=index, synonyms=site.synonyms)
    licenses = published.datasets[0].descriptor["licenses"] if published.datasets else []
    yield _page("about.html", licenses=licenses)
    yield _page("glossary.html")
    yield _page("accessibility.html")
    yield _page("contact.html")


def _page(path: str, template: str | None = None, **values: Any) -> Page:
    return Page(path, template or path, _TITLES[path], path, values)


def _render(
    page: Page, language: Language, other: Language, common: dict[str, Any]
) -> tuple[str, bytes]:
    say = language.say
    here = _place(page.path, language)
    menu = {path: say(*titles) for path, titles in _TITLES.items()}
    trail = [path for path in dict.fromkeys(("index.html", page.section)) if path != page.path]
    text = (
        load_templates("site")
        .get_template(page.template)
        .render(
            **(common | page.values),
            language=language,
            other=other,
            say=say,
            points=partial(list_main_points, language),
            to=partial(_link, here, language),
            file=partial(_relative, here),
            in_other_language=_link(here, other, page.path),
            here=here,
            there=_place(page.path, other),
            page=page.path,
            section=page.section,
            title=say(*page.titles),
            navigation=[item for item in menu.items() if item[0] not in _FOOTER],
            footer=[(path, menu[path]) for path in _FOOTER],
            trail=[(path, menu[path]) for path in trail],
        )
    )
    return here, text.encode()


def _place(path: str, language: Language) -> str:
    return language.say(path, f"en/{path}")


def _link(here: str, language: Language, path: str) -> str:
    return _relative(here, _place(path, language))


def _relative(here: str, path: str) -> str:
    return posixpath.relpath(path, posixpath.dirname(here) or ".")


def _read_assets() -> dict[str, bytes]:
    folder = files("sumida_data.site") / "assets"
    found = sorted(folder.iterdir(), key=lambda asset: asset.name)
    return {f"assets/{asset.name}": asset.read_bytes() for asset in found}


def _read_first_rows(dataset: Dataset, table: Row) -> list[Row]:
    rows = dataset.read(table["name"]).slice(0, _FIRST_ROWS).to_pylist()
    return [{name: write_cell(value) for name, value in row.items()} for row in rows]
