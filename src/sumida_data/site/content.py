"""What the pages say, before it is given their form."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from operator import itemgetter
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.base.xlsx import SAMPLE_MARK
from sumida_data.packages.changelog import FeedEntry, FeedHead, write_atom
from sumida_data.plan.models import Indicator, Plan
from sumida_data.present.chart import LARGE, SMALL, Chart, Frame, Point, lay_out_chart
from sumida_data.site.language import publication_day
from sumida_data.site.models import Site
from sumida_data.site.published import Published, PublishedDataset
from sumida_data.survey.form import Waves

# What is not known comes first: it is older than what is.
_ORDERS: Mapping[str, Callable[[Row], Any]] = {
    "indicator_value": itemgetter("period", "revision"),
    "indicator_progress": itemgetter("period", "revision"),
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

    @property
    def verdict(self) -> str:
        """The verdict by the plan's primary method."""
        return str(self.progress[0]["verdict"]) if self.progress else "cannot_say"

    @property
    def newest(self) -> tuple[Row, ...]:
        """The newest revision of each period's value, oldest period first."""
        return tuple({row["period"]: row for row in self.series}.values())

    @property
    def revisions(self) -> list[tuple[Indicator, Row, Row]]:
        """Each revision of a published value: the row before and the row after."""
        return [
            (self.indicator, before, after)
            for before, after in pairwise(self.series)
            if before["period"] == after["period"]
        ]


@dataclass(frozen=True, slots=True)
class Initiative:
    """A case study.

    Attributes:
        row: Its row of ``initiative`` in the newest period that names it.
        effects: Its rows of ``initiative_effect`` in the same period.
    """

    row: Row
    effects: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """A quarter in the calendar.

    Attributes:
        period: The quarter.
        due_on: The day by which departments answer.
        planned_on: The day on which it is to be published.
        published: Whether its values are on the site.
    """

    period: str
    due_on: date
    planned_on: date
    published: bool


def gather_indicators(plan: Plan, published: Published) -> tuple[IndicatorPage, ...]:
    """Gather what is said about each indicator of the plan, in the plan's order."""
    tables = {
        name: sorted(
            (row for row in published.rows(name) if row["plan_id"] == plan.plan_id),
            key=order,
        )
        for name, order in _ORDERS.items()
    }
    responses = _gather_responses(published)
    return tuple(
        _gather(
            plan,
            indicator,
            {name: _of(indicator, rows) for name, rows in tables.items()},
            responses if indicator.source == "survey" else {},
        )
        for indicator in plan.indicators
    )


def _gather_responses(published: Published) -> dict[str, list[Row]]:
    rows = sorted(published.rows("response_rate"), key=lambda row: row["level"] != "区")
    return {
        period: [row for row in rows if row["period"] == period]
        for period in {row["period"] for row in rows}
    }


def _of(indicator: Indicator, rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row["indicator_id"] == indicator.indicator_id)


def _gather(
    plan: Plan,
    indicator: Indicator,
    tables: Mapping[str, tuple[Row, ...]],
    responses: Mapping[str, Sequence[Row]],
) -> IndicatorPage:
    series = tables["indicator_value"]
    current = series[-1] if series else None
    day = Period.parse(current["period"]).last_day if current else plan.last_day
    shown = indicator.on(day)
    progress = _progress_of(plan, current, tables["indicator_progress"])
    points = [
        Point(row["as_of"], row["value"])
        for row in {row["period"]: row for row in series}.values()
        if row["value"] is not None
    ]
    charts = [
        _draw(plan, shown, progress, points, frame) if series else None for frame in (LARGE, SMALL)
    ]
    return IndicatorPage(
        indicator=shown,
        current=current,
        progress=progress,
        series=series,
        versions=tables["indicator"],
        targets=tables["indicator_target"],
        responses=tuple(responses.get(current["period"], ())) if current else (),
        chart=charts[0],
        small_chart=charts[1],
    )


def _progress_of(plan: Plan, current: Row | None, rows: Sequence[Row]) -> tuple[Row, ...]:
    if current is None:
        return ()
    found = {
        row["method"]: row
        for row in rows
        if (row["period"], row["revision"]) == (current["period"], current["revision"])
    }
    return tuple(found[cuts.method] for cuts in plan.methods if cuts.method in found)


def _draw(
    plan: Plan,
    indicator: Indicator,
    progress: Sequence[Row],
    points: Sequence[Point],
    frame: Frame,
) -> Chart:
    start = None
    if progress and progress[0]["start_date"] and progress[0]["start_value"] is not None:
        start = Point(progress[0]["start_date"], progress[0]["start_value"])
    target = Point(indicator.target.target_date, indicator.target.value)
    return lay_out_chart(start, target, points, plan.first_day, frame)


def gather_initiatives(published: Published) -> tuple[Initiative, ...]:
    """Gather the case studies of the newest period."""
    rows = published.rows("initiative")
    newest = max((row["period"] for row in rows), default="")
    effects = [row for row in published.rows("initiative_effect") if row["period"] == newest]
    return tuple(
        Initiative(row, tuple(one for one in effects if _same_initiative(one, row)))
        for row in rows
        if row["period"] == newest
    )


def _same_initiative(effect: Row, initiative: Row) -> bool:
    keys = ("department_code", "initiative_name")
    return all(effect.get(key) == initiative.get(key) for key in keys)


def gather_corrections(published: Published) -> dict[str, Any] | None:
    """Gather the published columns and rows of the corrections of answers, if there are any."""
    dataset, rows = published.find("correction"), published.rows("correction")
    if dataset is None or not rows:
        return None
    table = next(one for one in dataset.tables if one["name"] == "correction")
    return {"fields": table["schema"]["fields"], "rows": rows}


def gather_checks(published: Published, dataset: PublishedDataset) -> list[Row]:
    """Gather the results of the checks of the dataset's tables, those that failed first."""
    names = {table["name"] for table in dataset.tables}
    rows = [row for row in published.rows("check_result") if row["table_name"] in names]
    return sorted(rows, key=lambda row: (row["passed"] is not False, row["rule_id"]))


def gather_calendar(waves: Waves, site: Site, published: Published) -> tuple[Publication, ...]:
    """Gather the quarters that are asked for, oldest first.

    Which of them are still to come is told from the values on the site, because a page that asked
    the clock would not be the same tomorrow.
    """
    there = {row["period"] for row in published.rows("indicator_value")}
    return tuple(
        Publication(period, wave.due_on, publication_day(wave.due_on, site), period in there)
        for period, wave in sorted(waves.root.items(), key=lambda item: Period.parse(item[0]))
    )


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One entry of the index.

    Attributes:
        name: Its machine name.
        title: Its Japanese title.
        title_en: Its English title.
        description: What it is, in Japanese.
        path: The page that tells about it; empty where several do.
        places: The pages of a column, each with the Japanese and the English title of the table.
    """

    name: str
    title: str
    title_en: str
    description: str
    path: str = ""
    places: tuple[tuple[str, str, str], ...] = ()


def list_indicators(indicators: Iterable[Indicator]) -> list[IndexEntry]:
    """Return an entry for each indicator."""
    return [
        IndexEntry(
            one.indicator_id,
            one.title,
            one.title_en,
            one.definition,
            f"indicators/{one.indicator_id}.html",
        )
        for one in indicators
    ]


def list_datasets(published: Published) -> list[IndexEntry]:
    """Return an entry for each dataset."""
    return [
        IndexEntry(
            dataset.name,
            dataset.descriptor["title"],
            dataset.descriptor["sumida:titleEn"],
            dataset.descriptor["description"],
            dataset.page,
        )
        for dataset in published.datasets
    ]


def list_columns(published: Published) -> list[IndexEntry]:
    """Return an entry for each column; tables that describe it in the same words share one."""
    places: dict[tuple[str, str, str, str], list[tuple[str, str, str]]] = {}
    for dataset in published.datasets:
        for table in dataset.tables:
            for field in table["schema"]["fields"]:
                words = (
                    field["name"],
                    field["title"],
                    field["sumida:titleEn"],
                    field.get("description", ""),
                )
                place = f"{dataset.page}#{table['name']}.{field['name']}"
                titles = (table["title"], table["sumida:titleEn"])
                places.setdefault(words, []).append((place, *titles))
    return [
        IndexEntry(name, title, title_en, description, places=tuple(found))
        for (name, title, title_en, description), found in sorted(places.items())
    ]


def write_site_feed(published: Published, site: Site) -> bytes:
    """Write what was published as an Atom feed, the newest first.

    Days are those that the data speak of and not the time of a clock, so that the same data give
    the same feed.
    """
    stamp = f"【{SAMPLE_MARK}】" if published.sample else ""
    entries = [
        FeedEntry(
            uuid5(UUID(dataset.descriptor["id"]), version["version"]),
            f"{dataset.descriptor['title']} 第{version['version']}版",
            version["as_of"],
            dataset.page,
            "".join(change["text"] for change in version["changes"]),
        )
        for dataset in published.datasets
        for version in dataset.versions
    ]
    return write_atom(
        FeedHead(
            uuid5(NAMESPACE_URL, f"{site.contact.page}#feed"),
            f"{stamp}{site.title}",
            site.contact.office,
            "feed.xml",
            "index.html",
        ),
        sorted(entries, key=lambda one: one.day or "", reverse=True),
    )
