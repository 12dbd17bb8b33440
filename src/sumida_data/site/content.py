"""What the pages say, before it is given their form."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, UUID, uuid5

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.base.xlsx import SAMPLE_MARK
from sumida_data.packages.versions import FeedEntry, FeedHead, write_atom
from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.plan.values import round_half_up
from sumida_data.present.chart import LARGE, SMALL, Chart, lay_out_progress
from sumida_data.present.points import Standing
from sumida_data.site.models import SiteSettings
from sumida_data.site.published import Dataset, Published
from sumida_data.survey.form import Waves

# What is not known comes first: it is older than what is.
_ORDERS: Mapping[str, Callable[[Row], Any]] = {
    "indicator_value": itemgetter("period", "revision"),
    "indicator_progress": itemgetter("period", "revision"),
    "progress_note": itemgetter("period"),
    "indicator": lambda row: row["valid_from"] or date.min,
    "indicator_target": lambda row: (row["decided_on"] or date.min, row["target_date"] or date.min),
}


@dataclass(frozen=True, slots=True)
class IndicatorPage:
    """What is said about one indicator.

    Attributes:
        indicator: The indicator by the definition of its newest value.
        current: Its newest row of ``indicator_value``; None if none is published.
        progress: Rows of ``indicator_progress`` for that value, the primary method first.
        series: All rows of ``indicator_value``, oldest first, every revision.
        versions: Rows of ``indicator``: the versions of its definition, oldest first.
        targets: Rows of ``indicator_target``, oldest first.
        responses: Rows of ``response_rate`` of the newest value's period, the whole city first;
            none if departments are not asked.
        chart: Its chart; None if no value is published.
        small_chart: The same for the overview.
        notes: Rows of ``progress_note``, oldest first.
    """

    indicator: Indicator
    current: Row | None
    progress: tuple[Row, ...]
    series: tuple[Row, ...]
    versions: tuple[Row, ...]
    targets: tuple[Row, ...]
    responses: tuple[Row, ...]
    chart: Chart | None
    small_chart: Chart | None
    notes: tuple[Row, ...]

    @property
    def standing(self) -> Standing | None:
        """Where it is, and where it was in the quarter before; None where nothing is judged."""
        if not self.current or not self.progress:
            return None
        before = self.newest[-2] if len(self.newest) > 1 else None
        period = self.current["period"]
        note = next((row for row in self.notes if row["period"] == period), None)
        return Standing(self.indicator, self.current, before, self.progress[0], note)

    @property
    def verdict(self) -> str:
        """The verdict by the plan's primary method."""
        return str(self.progress[0]["verdict"]) if self.progress else "cannot_say"

    @property
    def newest(self) -> tuple[Row, ...]:
        """The newest revision of each period's value, oldest period first."""
        return _newest_revisions(self.series)

    @property
    def revisions(self) -> list[tuple[Indicator, Row, Row]]:
        """Each revision of a published value: the row before and the row after."""
        return [
            (self.indicator, before, after)
            for before, after in pairwise(self.series)
            if before["period"] == after["period"]
        ]


class Peer(NamedTuple):
    """A municipality, or all of a prefecture or the country, with the sums and their ratio."""

    names: tuple[str, str]
    municipalities: int
    numerator: int
    denominator: int
    value: Decimal
    is_home: bool = False


class Peers(NamedTuple):
    """A municipality among others, by the file of a ministry that lists them all.

    Attributes:
        as_of: The day of the figures.
        members: Those of the same prefecture and kind, in the order of their codes.
        wholes: The members, the prefecture and the country, each summed up.
        credits: The sources.
    """

    as_of: date
    members: list[Peer]
    wholes: list[Peer]
    credits: list[str]


def gather_peers(page: IndicatorPage, published: Published) -> Peers | None:
    """Place the newest value of a ratio among those of other municipalities.

    Ratios come from summed numerators and denominators. None where the table behind the indicator
    does not list other municipalities, or not that of the value.
    """
    indicator, current = page.indicator, page.current
    dataset = published.find(indicator.table)
    if not (current and dataset and indicator.denominator_fields):
        return None
    listed = [row for row in published.rows(indicator.table) if row["period"] == current["period"]]
    key = "municipality_code"
    home = next((row for row in listed if row[key] == current[key]), None)
    if home is None or "prefecture_name" not in home:
        return None
    names = (indicator.numerator_fields[0], indicator.denominator_fields[0])
    counted = [
        row
        for row in listed
        if row["as_of"] == home["as_of"] and None not in map(row.get, names) and row[names[1]]
    ]
    around = [row for row in counted if row["prefecture_name"] == home["prefecture_name"]]
    kind = home["municipality_name"][-1]
    alike = [row for row in around if row["municipality_name"].endswith(kind)]

    def add(rows: Sequence[Row], japanese: str, english: str = "") -> Peer:
        part, whole = (sum(row[name] for row in rows) for name in names)
        value = round_half_up(100 * Decimal(part) / whole, indicator.decimals)
        is_home = rows == [home]
        return Peer((japanese, english or japanese), len(rows), part, whole, value, is_home)

    prefecture = home["prefecture_name"]
    members = sorted(alike, key=itemgetter(key))
    return Peers(
        home["as_of"],
        [add([row], row["municipality_name"]) for row in members],
        [
            add(alike, f"{prefecture}の{len(alike)}{kind}", "These municipalities together"),
            add(around, prefecture, "The whole prefecture"),
            add(counted, "全国", "Japan"),
        ],
        [source["sumida:credit"] for source in dataset.descriptor["sources"]],
    )


class Initiative(NamedTuple):
    """A case study: its row of ``initiative`` and its rows of ``initiative_effect``."""

    row: Row
    effects: list[Row]

    @property
    def anchor(self) -> str:
        """Its place on the page of all."""
        name = f"{self.row['department_code']}-{self.row['initiative_name']}"
        return re.sub(r"[^\w-]", "-", name)


class CalendarEntry(NamedTuple):
    """A quarter in the calendar: when departments answer, and when it is to be published."""

    period: str
    due_on: date
    planned_on: date
    published: bool


class IndexEntry(NamedTuple):
    """An entry of the search index, with the page that tells about it.

    Attributes:
        title_en: Empty where the data have only a Japanese title.
        description: What else is searched, in Japanese.
        path: Of a column empty: it has no page of its own but places.
        places: The pages that show a column, each with the Japanese and the English title of its
            table.
        name: Its machine name, if it has one.
    """

    title: str
    title_en: str
    description: str
    path: str
    places: tuple[tuple[str, str, str], ...] = ()
    name: str = ""


def gather_indicators(plan: Plan, published: Published) -> tuple[IndicatorPage, ...]:
    """Gather what is said about each indicator of the plan, in the plan's order."""
    tables = {
        name: sorted(
            (row for row in published.rows(name) if row.get("plan_id") in (None, plan.plan_id)),
            key=by,
        )
        for name, by in _ORDERS.items()
    }
    responses = sorted(published.rows("response_rate"), key=lambda row: row["level"] == "部")
    return tuple(
        _gather(
            plan,
            one,
            {name: _of(one.indicator_id, rows) for name, rows in tables.items()},
            responses if one.source == "survey" else (),
        )
        for one in plan.indicators
    )


def _of(indicator_id: str, rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row["indicator_id"] == indicator_id)


def _gather(
    plan: Plan,
    indicator: Indicator,
    tables: Mapping[str, tuple[Row, ...]],
    responses: Sequence[Row],
) -> IndicatorPage:
    series = tables["indicator_value"]
    current = series[-1] if series else None
    shown = indicator.on(Period.parse(current["period"]).last_day if current else plan.last_day)
    progress = _progress_of(plan, current, tables["indicator_progress"])
    first, newest = next(iter(progress), None), _newest_revisions(series)
    charts = [
        lay_out_progress(plan, shown, first, newest, frame) if series else None
        for frame in (LARGE, SMALL)
    ]
    return IndicatorPage(
        indicator=shown,
        current=current,
        progress=progress,
        series=series,
        versions=tables["indicator"],
        targets=tables["indicator_target"],
        responses=tuple(row for row in responses if current and row["period"] == current["period"]),
        chart=charts[0],
        small_chart=charts[1],
        notes=tables["progress_note"],
    )


def _progress_of(plan: Plan, current: Row | None, rows: Sequence[Row]) -> tuple[Row, ...]:
    value = current and (current["period"], current["revision"])
    found = {row["method"]: row for row in rows if (row["period"], row["revision"]) == value}
    return tuple(found[cuts.method] for cuts in plan.methods if cuts.method in found)


def _newest_revisions(series: Sequence[Row]) -> tuple[Row, ...]:
    return tuple({row["period"]: row for row in series}.values())


def gather_initiatives(published: Published) -> list[Initiative]:
    """Gather the case studies of the newest period, each with its department and effects."""
    effects, key = published.rows("initiative_effect"), itemgetter("department_code", "period")
    return [
        Initiative(
            row,
            [
                one
                for one in effects
                if (key(one), one["initiative_name"]) == (key(row), row["initiative_name"])
            ],
        )
        for row in _name_departments(published, "initiative")
    ]


def gather_procedures(published: Published) -> list[Row]:
    """Gather the procedures of the newest period, each with its department and ways to pay.

    They come by department and number; a department that is not published has its code for a name.
    """
    methods: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in published.rows("procedure_payment_method"):
        methods[row["period"], row["procedure_number"]].append(row["payment_method"])
    gathered = [
        row | {"payment_methods": methods[row["period"], row["procedure_number"]]}
        for row in _name_departments(published, "procedure")
    ]
    key = itemgetter("department_code", "procedure_number")
    return sorted(gathered, key=lambda row: (row["section"] == "", *map(str, key(row))))


def _name_departments(published: Published, table: str) -> Iterator[Row]:
    """Yield the rows of a table in its newest period with division and section of that time."""
    rows = published.rows(table)
    newest = max((row["period"] for row in rows), default="")
    names = sorted(published.rows("department"), key=itemgetter("valid_from"))
    for row in rows:
        if row["period"] == newest:
            code = row["department_code"] or ""
            yield (
                row
                | {"division": "", "section": code}
                | {
                    key: one[key]
                    for one in names
                    if one["department_code"] == code and one["valid_from"] <= row["as_of"]
                    for key in ("division", "section")
                }
            )


def gather_corrections(published: Published) -> dict[str, Any] | None:
    """Gather the published columns and rows of the corrections of answers, if there are any."""
    dataset, rows = published.find("correction"), published.rows("correction")
    if dataset is None or not rows:
        return None
    table = next(one for one in dataset.tables if one["name"] == "correction")
    return {"fields": table["schema"]["fields"], "rows": rows}


def gather_checks(published: Published, dataset: Dataset) -> list[Row]:
    """Gather the results of the checks of the dataset's tables, those that failed first."""
    names = {table["name"] for table in dataset.tables}
    rows = [row for row in published.rows("check_result") if row["table_name"] in names]
    return sorted(rows, key=lambda row: (row["passed"] is not False, row["rule_id"]))


def gather_calendar(waves: Waves, site: SiteSettings, published: Published) -> list[CalendarEntry]:
    """Gather the quarters that are asked for, oldest first.

    Which of them are still to come is known from the values on the site, because a page that asked
    the clock would not be the same tomorrow.
    """
    there = {row["period"] for row in published.rows("indicator_value")}
    wait = timedelta(days=site.days_to_publication)
    return [
        CalendarEntry(period, wave.due_on, wave.due_on + wait, period in there)
        for period, wave in sorted(waves.root.items(), key=lambda item: Period.parse(item[0]))
    ]


def build_index(
    plans: Plans, published: Published, pages: Mapping[str, tuple[str, str]]
) -> dict[tuple[str, str], list[IndexEntry]]:
    """Return everything that can be searched for, by its heading in both languages.

    Args:
        plans: The plans, for their indicators.
        published: Everything that is published.
        pages: Japanese and English titles of the pages of the navigation, by path.
    """
    return {
        ("ページ", "Pages"): [IndexEntry(*titles, "", path) for path, titles in pages.items()],
        ("指標", "Indicators"): [
            IndexEntry(
                one.title,
                one.title_en,
                f"{one.printed_title or ''} {one.definition}".strip(),
                f"indicators/{one.indicator_id}.html",
                name=one.indicator_id,
            )
            for one in plans.indicators
        ],
        ("取組事例", "Initiatives"): [
            IndexEntry(
                one.row["initiative_name"],
                "",
                f"{one.row['section']} {one.row['category']} {one.row.get('summary') or ''}",
                f"initiatives.html#{one.anchor}",
            )
            for one in gather_initiatives(published)
        ],
        ("データ", "Datasets"): [
            IndexEntry(
                *one.titles,
                f"{one.descriptor['description']} {'、'.join(one.formats)}",
                one.page,
                name=one.name,
            )
            for one in published.datasets
        ],
        **_list_procedures(published),
        ("列", "Columns"): list(_list_columns(published)),
    }


def _list_procedures(published: Published) -> dict[tuple[str, str], list[IndexEntry]]:
    """Return the entries of the procedures and of the departments that have some."""
    procedures = gather_procedures(published)
    sections = dict.fromkeys((row["section"], row["division"]) for row in procedures)
    return {
        ("手続", "Procedures"): [
            IndexEntry(
                row["procedure_name"] or row["procedure_number"],
                "",
                row["section"],
                f"procedures.html#{row['procedure_number']}",
            )
            for row in procedures
        ],
        ("手続のある課", "Departments with procedures"): [
            IndexEntry(
                section, "", division, f"procedures.html?{urlencode({'department': section})}"
            )
            for section, division in sections
            if section
        ],
    }


def _list_columns(published: Published) -> Iterator[IndexEntry]:
    """Yield an entry for each column; tables that describe it in the same words share one."""
    places: dict[tuple[str, str, str, str], list[tuple[str, str, str]]] = {}
    for dataset in published.datasets:
        for table in dataset.tables:
            for field in table["schema"]["fields"]:
                titles = (field["title"], field["sumida:titleEn"])
                words = (field["name"], *titles, field.get("description", ""))
                place = f"{dataset.page}#{table['name']}.{field['name']}"
                shown = (place, table["title"], table["sumida:titleEn"])
                places.setdefault(words, []).append(shown)
    for (name, title, title_en, text), found in sorted(places.items()):
        yield IndexEntry(title, title_en, text, "", tuple(found), name)


def write_lists(published: Published, site: SiteSettings, pages: Iterable[str]) -> dict[str, bytes]:
    """Write what machines follow: the feed of what was published, and the map of the pages."""
    address = published.address
    site_map = "".join(f"{address}{page}\n" for page in pages)
    return {
        "feed.xml": _write_feed(published, site),
        "sitemap.txt": site_map.encode(),
        "robots.txt": f"User-agent: *\nAllow: /\nSitemap: {address}sitemap.txt\n".encode(),
    }


def _write_feed(published: Published, site: SiteSettings) -> bytes:
    """Write what was published as an Atom feed, the newest first.

    Days are those on which versions were published and not the time of a clock, so that the same
    data give the same feed.
    """
    stamp = f"【{SAMPLE_MARK}】" if published.sample else ""
    versions = [(dataset, one) for dataset in published.datasets for one in dataset.versions]
    entries = [
        FeedEntry(
            uuid5(UUID(dataset.descriptor["id"]), version["version"]),
            f"{dataset.descriptor['title']} 第{version['version']}版",
            version["published_on"],
            f"{published.address}{dataset.page}",
            "".join(change["text"] for change in version["changes"]),
        )
        for dataset, version in versions
    ]
    head = FeedHead(
        uuid5(NAMESPACE_URL, f"{site.contact.page}#feed"),
        f"{stamp}{site.title}",
        site.contact.office,
        f"{published.address}feed.xml",
        f"{published.address}index.html",
    )
    return write_atom(head, sorted(entries, key=lambda one: one.day, reverse=True))
