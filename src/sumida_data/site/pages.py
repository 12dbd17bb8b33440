"""Every page of the site, in Japanese and, below ``en/``, in English, and what can be taken along.

Links are relative and name a file, so that the site works from disk and below any path.
"""

import csv
import io
import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from importlib.resources import files
from itertools import chain, islice
from operator import itemgetter
from typing import Any, NamedTuple

from sumida_data.base.disk import pack
from sumida_data.base.metadata import DataDictionary, HomeMunicipality, Row, group_by
from sumida_data.base.periods import Period
from sumida_data.packages.models import FREQUENCIES, MUNICIPALITY
from sumida_data.packages.published import Dataset
from sumida_data.plan.models import Plans
from sumida_data.present.points import list_main_points
from sumida_data.present.words import Language, load_templates
from sumida_data.site import content
from sumida_data.site.content import IndicatorPage, Published, SiteSettings
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
# Of each table a page shows so many rows, and of one with few columns more.
_FIRST_ROWS, _FIRST_CELLS = 3, 60
_RANKS = {"number": 1, "integer": 2}
# Of an indicator's values, in its CSV and its JSON file.
_COLUMNS = (
    *("period", "fiscal_year", "fiscal_quarter", "as_of", "value", "numerator", "denominator"),
    *("value_status", "definition_version", "series_break", "revision"),
)
_DEFINITION = {"title", "title_en", "definition", "kind", "goal", "decimals", "confirmed"}
_DEFINITION |= {"unit", "unit_en", "owner", "limits"}


class Page(NamedTuple):
    """A page before it is given its form, with what its template needs of its own.

    Its path is the one within its language, its section the page of the navigation that it is of.
    """

    path: str
    template: str
    titles: tuple[str, str]
    section: str
    values: Row


def build_site(
    published: Published,
    municipality: HomeMunicipality,
    plans: Plans,
    waves: Waves,
    site: SiteSettings,
    dictionary: DataDictionary,
) -> dict[str, bytes]:
    """Build the site from what is published, and nothing else, as contents by path."""
    indicators = {one.plan_id: content.gather_indicators(one, published) for one in plans.root}
    every = [one for pages in indicators.values() for one in pages]
    newest = max((row["period"] for row in published.rows("indicator_value")), default=None)
    plan = plans.reported_in(Period.parse(newest)) if newest else plans.root[-1]
    common = {
        "municipality": municipality,
        "plan": plan,
        "plans": plans,
        "site": site,
        "sample": published.sample,
        "address": published.address,
    }
    pages = [
        *_describe_plans(indicators, published, common),
        *_describe_datasets(published),
        *_describe_other_pages(every, published, waves, common),
    ]
    languages = Language("ja", dictionary), Language("en", dictionary, site.english)
    rendered = {
        _place(page.path, language): _render(page, language, other, common)
        for language, other in (languages, languages[::-1])
        for page in pages
    }
    figures = (_write_figures(one, published, languages, common) for one in every)
    assets = sorted((files("sumida_data.site") / "assets").iterdir(), key=lambda one: one.name)
    return {
        **{f"assets/{asset.name}": asset.read_bytes() for asset in assets},
        **content.write_lists(published, site, rendered),
        **dict(chain.from_iterable((*figures, *map(_write_bundles, published.datasets)))),
        **rendered,
    }


def _describe_plans(
    indicators: Mapping[str, list[IndicatorPage]], published: Published, common: Row
) -> Iterator[Page]:
    dataset, plans = published.find("indicator_value"), common["plans"]
    paths = {one.plan_id: f"plans/{one.plan_id}.html" for one in plans.root}
    paths[common["plan"].plan_id] = "index.html"
    for plan in plans.root:
        pages = indicators[plan.plan_id]
        values = {
            "indicators": pages,
            "plan": plan,
            "others": [(one, paths[one.plan_id]) for one in plans.root if one is not plan],
            "newest": max((one.current["period"] for one in pages if one.current), default=None),
            "statuses": [one.status for one in pages if one.status],
        }
        titles = (plan.title, plan.title_en)
        yield Page(paths[plan.plan_id], "overview.html", titles, "index.html", values)
        for one in pages:
            titles = (one.indicator.title, one.indicator.title_en)
            peers = content.gather_peers(one, published)
            values = {"one": one, "plan": plan, "dataset": dataset, "peers": peers}
            path = f"indicators/{one.indicator.indicator_id}.html"
            yield Page(path, "indicator.html", titles, "index.html", values)


def _describe_datasets(published: Published) -> Iterator[Page]:
    yield _page("dataset/index.html", "datasets.html", datasets=published.datasets)
    results = published.rows("check_result", "rule_id")
    for dataset in published.datasets:
        shown = {one["name"]: _arrange(one["schema"]) for one in dataset.tables}
        first = {
            name: [*islice(dataset.read_texts(name), max(_FIRST_ROWS, _FIRST_CELLS // len(fields)))]
            for name, fields in shown.items()
        }
        ours = [row for row in results if row["table_name"] in shown]
        checks = group_by(ours, itemgetter("rule_id", "passed"))
        values = {
            "dataset": dataset,
            "linked_data": json.loads(dataset.files["schema_org.jsonld"]),
            "frequency": FREQUENCIES.get(dataset.descriptor["sumida:updateFrequency"]),
            # By rule and result; those that failed come first.
            "checks": sorted(checks.values(), key=lambda rows: rows[0]["passed"] is not False),
            "previews": first,
            "shown": shown,
        }
        yield Page(dataset.page, "dataset.html", dataset.titles, "dataset/index.html", values)


def _arrange(schema: Row) -> list[Row]:
    """Return the columns as a page shows them: what identifies rows, then numbers, then others."""

    def rank(field: Row) -> int:
        if field["name"] in MUNICIPALITY:
            return 4
        return 0 if field["name"] in schema["primaryKey"] else _RANKS.get(field["type"], 3)

    return sorted(schema["fields"], key=rank)


def _describe_other_pages(
    indicators: list[IndicatorPage], published: Published, waves: Waves, common: Row
) -> Iterator[Page]:
    site = common["site"]
    procedures, dataset = content.gather_procedures(published), published.find("procedure")
    yield _page("procedures.html", procedures=procedures, dataset=dataset)
    initiatives, sums = content.gather_initiatives(published), content.gather_sums(published)
    yield _page("initiatives.html", initiatives=initiatives, sums=sums)
    yield _page(
        "corrections.html",
        notices=published.rows("correction_notice"),
        by_id={one.indicator.indicator_id: one.indicator for one in indicators},
        revisions=[pair for one in indicators for pair in one.revisions],
        corrections=published.rows("correction"),
        corrected=published.find("correction"),
    )
    yield _page("calendar.html", calendar=content.gather_calendar(waves, site, published))
    index = content.build_index(common["plans"], published, _TITLES)
    yield _page("search.html", index=index, synonyms=site.synonyms)
    licenses = published.datasets[0].descriptor["licenses"] if published.datasets else []
    yield _page("about.html", licenses=licenses)
    yield from map(_page, ("glossary.html", "accessibility.html", "contact.html"))


def _page(path: str, template: str | None = None, **values: Any) -> Page:
    return Page(path, template or path, _TITLES[path], path, values)


def _render(page: Page, language: Language, other: Language, common: Row) -> bytes:
    here, there = _place(page.path, language), _place(page.path, other)
    menu = [(path, language.say(*titles)) for path, titles in _TITLES.items()]
    above = [path for path in ("index.html", page.section) if path != page.path]
    template = load_templates("site").get_template(page.template)
    text = template.render(
        common | page.values,
        language=language,
        other=other,
        say=language.say,
        points=partial(list_main_points, language),
        to=lambda path: _relative(here, _place(path, language)),
        file=partial(_relative, here),
        in_other_language=_relative(here, there),
        here=here,
        there=there,
        page=page.path,
        section=page.section,
        title=language.say(*page.titles),
        navigation=[item for item in menu if item[0] not in _FOOTER],
        footer=[item for item in menu if item[0] in _FOOTER],
        trail=[item for item in menu if item[0] in above],
    )
    return text.encode()


def _place(path: str, language: Language) -> str:
    return language.say(path, f"en/{path}")


def _relative(here: str, path: str) -> str:
    return posixpath.relpath(path, posixpath.dirname(here) or ".")


def _write_figures(
    one: IndicatorPage, published: Published, languages: Iterable[Language], common: Row
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an indicator by path; none before it has a value or a reason for none."""
    dataset = published.find("indicator_value")
    if not one.charts or dataset is None:
        return
    name, terms = one.indicator.indicator_id, dataset.descriptor["licenses"][0]
    start, text = f"indicators/{name}", io.StringIO(newline="")
    for language in languages:
        words = {"one": one, "language": language, "say": language.say, "license": terms["name"]}
        card = load_templates("site").get_template("figure.xml").render(common | words)
        yield _place(f"{start}.svg", language), card.encode()
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    values = dataset.read_texts("indicator_value")
    writer.writerows(row for row in values if row["indicator_id"] == name)
    yield f"{start}.csv", text.getvalue().encode()
    bounds = {"target_date", "target_min", "target_max"}
    described = {
        "indicator_id": name,
        **one.indicator.model_dump(include=_DEFINITION),
        "verdict": one.verdict,
        "baseline": one.indicator.baseline.value,
        "target": one.indicator.target.model_dump(include=bounds),
        "values": [{key: row[key] for key in _COLUMNS} for row in one.rows["indicator_value"]],
        "sample": published.sample,
        "source": f"{common['municipality'].name} {common['site'].title}",
        "license": terms["path"],
        "page": f"{published.address}{start}.html",
    }
    yield f"{start}.json", f"{_write_json(described, indent=1)}\n".encode()


def _write_bundles(dataset: Dataset) -> Iterator[tuple[str, bytes]]:
    """Yield each table of a dataset as JSON, and a ZIP of all its files, by path."""
    for table in dataset.tables:
        lines = ",\n".join(map(_write_json, dataset.read(table["name"]).to_pylist()))
        yield f"dataset/{dataset.name}/{table['name']}.json", f"[\n{lines}\n]\n".encode()
    bundle = {f"{dataset.name}/{path}": file for path, file in sorted(dataset.files.items())}
    yield f"dataset/{dataset.name}/{dataset.name}.zip", pack(bundle)


def _write_json(value: Row, indent: int | None = None) -> str:
    """Write what JSON can say: a number stays one, a day becomes its text."""

    def write(value: Any) -> Any:
        if isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        return value.isoformat()

    return json.dumps(value, ensure_ascii=False, indent=indent, default=write)
