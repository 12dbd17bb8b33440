"""The plan as data: indicators, baselines, targets and footnotes, and their tables."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import ClassVar, Literal, NamedTuple, Self, TypeVar

from pydantic import Field as Described
from pydantic import RootModel, field_validator, model_validator

from sumida_data.base.database import Select
from sumida_data.base.metadata import Mistakes, Model, Name, Row, Title, find_repeated, refuse
from sumida_data.base.periods import Period, fiscal_year_of

IndicatorKind = Literal["stock", "ratio", "cumulative", "flow"]
Goal = Literal[
    "at_least", "at_most", "keep_at_least", "keep_at_most", "range", "reach_zero", "yes_no"
]
Method = Literal["linear", "yearly_share", "compound_growth"]


class Decided(Model):
    """What a verdict rests on: it stays as it was decided, and what is decided later is added.

    Attributes:
        decided_on: The day it was decided, or None where that is not known: of the first alone.
    """

    decided_on: date | None = None


class Baseline(Decided):
    """The value of an indicator when the plan began.

    Attributes:
        value: Plan data, never recomputed; None where it was not measured.
        as_of: The day it is of, or None where that is not known.
        assumed: Whether that day is an assumption.
        reason: What is known about value and day.
    """

    value: Decimal | None
    as_of: date | None = None
    assumed: bool = False
    reason: str = ""


class IndicatorTarget(Decided):
    """A target that is or was in force.

    Attributes:
        target_date: The day by which it is to be reached.
        target_min: The value to reach at least.
        target_max: The value not to exceed.
        reason: Why it was decided so.
        note: What else is known about it.
        footnote: Name of the plan's footnote that belongs to it.
    """

    target_date: date
    target_min: Decimal | None = None
    target_max: Decimal | None = None
    reason: str = ""
    note: str = ""
    footnote: str | None = None

    def _mistakes(self) -> Mistakes:
        return {
            "target_min か target_max のどちらかを書いてください": not self.bounds,
            "target_min は target_max 以下にしてください": self.bounds != sorted(self.bounds),
            "target_date は decided_on より後の日を書いてください": self.decided_on
            and self.decided_on > self.target_date,
        }

    @property
    def bounds(self) -> list[Decimal]:
        """The bounds that it has."""
        return [bound for bound in (self.target_min, self.target_max) if bound is not None]

    @property
    def value(self) -> Decimal:
        """The bound that progress is measured against; of a range its middle."""
        return sum(self.bounds, Decimal(0)) / len(self.bounds)

    def is_reached_by(self, value: Decimal) -> bool:
        """Tell whether a value is within the bounds."""
        above = self.target_min is None or value >= self.target_min
        return above and (self.target_max is None or value <= self.target_max)


class LaterVersion(Model):
    """A later version of a definition: what changes, and why; what is not given stays as it was.

    Attributes:
        valid_from: The first day in force; a period has the definition in force on its last day.
        version_reason: Why the definition changed.
        series_break: Whether values from here on count something else than those before.
    """

    definition_version: str
    valid_from: date
    version_reason: str
    series_break: bool = False
    easy: str | None = None
    definition: str | None = None
    numerator_words: str | None = None
    denominator_words: str | None = None
    limits: str | None = None
    confirmed: bool | None = None
    table: Name | None = None
    numerator_fields: tuple[Name, ...] | None = None
    denominator_fields: tuple[Name, ...] | None = None
    query: Select | None = None


class Predecessor(Model):
    """The indicator of an earlier plan that an indicator continues."""

    plan_id: str
    indicator_id: Name


class Indicator(Model):
    """One indicator: what it counts, and the query that counts it.

    What is given here is the first version of the definition; later ones say what they change.

    Attributes:
        indicator_id: Its id, which never changes and belongs to one plan.
        continues: The indicator of an earlier plan that it continues.
        valid_from: The first day on which this version is in force; None for the first.
        version_reason: Why this version took the place of the one before.
        series_break: Whether its values count something else than those of the version before.
        later_versions: Later versions of the definition, the oldest first.
        printed_title: The title as the ward's deck prints it, where that differs.
        easy: The same in やさしい日本語, for everybody.
        definition: What is counted, and how.
        numerator_words: The numerator, or what is counted, in words.
        denominator_words: The denominator in words; None for counts.
        kind: ``stock``, ``ratio``, ``cumulative`` over the plan, or ``flow`` in a fiscal year.
        year_to_date: Of a ratio: whether it counts from the start of the fiscal year, as a flow.
        goal: Which way the target is.
        decimals: Places to which the value is rounded half up.
        value_prefix: A word shown before the value, such as 延べ.
        value_prefix_en: The same in English, with the blank after it.
        source: ``survey`` or ``external``.
        table: The typed table whose rows count.
        owner: Department that answers for it.
        confirmed: Whether the ward has confirmed the definition.
        limits: What a reader must know before using the value.
        limit: The most that there can be, such as the length of a list; more is worth a look.
        part_of: Id of the indicator that includes this one.
        as_of: ``period``: the last day of the period; ``rows``: the newest as-of date of the
            rows that count; ``rows_of_other_periods``: the same, where the definition says that
            they come from other periods.
        title_footnote: Name of the plan's footnote that belongs to the title.
        unknown_targets: What is said of targets before the first one listed, which are not known;
            empty where there were none.
        later_baselines: Baselines decided later, oldest first; each says why.
        targets: Every target known to have been in force, oldest first.
        query: DuckDB SQL that returns the rows that count: row_id, numerator, denominator.
        numerator_fields: Fields of the table on which the numerator rests.
        denominator_fields: Fields of the table on which the denominator rests.
    """

    named_by: ClassVar[str] = "indicator_id"

    indicator_id: Name
    continues: Predecessor | None = None
    definition_version: str
    valid_from: date | None = None
    version_reason: str = ""
    series_break: bool = False
    later_versions: tuple[LaterVersion, ...] = ()
    title: Title
    title_en: Title
    easy: str = ""
    printed_title: str | None = None
    definition: str
    numerator_words: str
    denominator_words: str | None = None
    kind: IndicatorKind
    year_to_date: bool = False
    goal: Goal
    unit: str
    unit_en: str
    decimals: int = Described(ge=0, le=4)
    value_prefix: str = ""
    value_prefix_en: str = ""
    source: Literal["survey", "external"]
    table: Name
    owner: str
    confirmed: bool
    limits: str = ""
    limit: Decimal | None = None
    part_of: Name | None = None
    as_of: Literal["period", "rows", "rows_of_other_periods"] = "period"
    title_footnote: str | None = None
    baseline: Baseline
    later_baselines: tuple[Baseline, ...] = ()
    unknown_targets: str = ""
    targets: tuple[IndicatorTarget, ...] = Described(min_length=1)
    query: Select
    numerator_fields: tuple[Name, ...]
    denominator_fields: tuple[Name, ...] = ()

    def _mistakes(self) -> Mistakes:
        repeated = find_repeated(one.definition_version for one in self.versions)
        days = [one.valid_from for one in self.later_versions]
        return {
            "kind が ratio の指標には denominator_fields が要り、それ以外には書けません": any(
                (self.kind == "ratio") != bool(one.denominator_fields) for one in self.versions
            ),
            **self._find_unfit_targets(),
            f"definition_version {repeated} が2回書かれています": repeated,
            "later_versions は valid_from の古い順に書いてください": days != sorted(set(days)),
        }

    def _find_unfit_targets(self) -> Mistakes:
        bounds, fits = _GOALS[self.goal]
        limits = [one for one in (self.limit, self.most_possible) if one is not None]
        allowed = f"0以上{min(limits)}以下" if limits else "0以上"
        return {
            f"goal が {self.goal} の目標には {bounds} を書いてください": not all(
                map(fits, self.targets)
            ),
            **{
                f"目標の {bound} は {allowed} にしてください": not 0
                <= bound
                <= min([*limits, bound])
                for target in self.targets
                for bound in target.bounds
            },
            **_find_disorder("targets", self.targets),
            **_find_disorder("later_baselines", self.baselines),
            "later_baselines には reason を書いてください": not all(
                one.reason for one in self.later_baselines
            ),
        }

    @property
    def most_possible(self) -> Decimal | None:
        """The most that its value can be whatever is counted; None where nothing limits it."""
        return Decimal(100) if self.kind == "ratio" and self.unit == "%" else None

    @property
    def difference_unit(self) -> str:
        """The unit of differences: percentages differ in ポイント."""
        return "ポイント" if self.unit == "%" else self.unit

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """Every baseline, in the order in which they were decided."""
        return (self.baseline, *self.later_baselines)

    @property
    def target(self) -> IndicatorTarget:
        """The last target decided."""
        return self.targets[-1]

    @property
    def versions(self) -> tuple["Indicator", ...]:
        """The indicator by every version of its definition, the first one first."""
        first = self.model_copy(update={"later_versions": ()})
        changes = (later.model_dump(exclude_none=True) for later in self.later_versions)
        return tuple(
            accumulate(changes, lambda one, new: one.model_copy(update=new), initial=first)
        )

    def on(self, day: date) -> "Indicator":
        """Return the indicator as it was on a day: its definition, and what was decided by then."""
        # Before the first target is decided there is none to show but that.
        decided = decided_by(self.targets, day) or self.targets[:1]
        baseline = (decided_by(self.baselines, day) or self.baselines)[-1]
        update = {"targets": decided, "baseline": baseline, "later_baselines": ()}
        return self.version_on(day).model_copy(update=update)

    def version_on(self, day: date) -> "Indicator":
        """Return the indicator by the definition in force on a day."""
        *_, newest = (one for one in self.versions if not one.valid_from or one.valid_from <= day)
        return newest

    def break_between(self, start: date, end: date) -> "Indicator | None":
        """Return the newest version by which values do not connect, begun after start up to end."""
        breaks = (one for one in reversed(self.versions) if one.series_break and one.valid_from)
        return next((one for one in breaks if start < (one.valid_from or start) <= end), None)


# Which bounds a target of each goal has, in words and as a test.
_ONLY_MIN = ("target_min だけ", lambda one: one.target_max is None)
_ONLY_MAX = ("target_max だけ", lambda one: one.target_min is None)
_GOALS: dict[Goal, tuple[str, Callable[[IndicatorTarget], bool]]] = {
    "at_least": _ONLY_MIN,
    "keep_at_least": _ONLY_MIN,
    "at_most": _ONLY_MAX,
    "keep_at_most": _ONLY_MAX,
    "range": ("target_min と target_max", lambda one: len(one.bounds) == 2),
    "reach_zero": ("target_max: 0", lambda one: one.target_min is None and one.target_max == 0),
    "yes_no": ("target_min: 1", lambda one: one.target_min == 1 and one.target_max is None),
}


class CutPoints(Decided):
    """A method of judging progress, and where one verdict ends and the next begins.

    Attributes:
        on_track: Smallest progress ratio that is 順調.
        slightly_behind: Smallest progress ratio that is やや遅れ.
        yearly_shares: Of method ``yearly_share``: the shares of the way, in percent, due in each
            year of the plan; without them the years have equal shares, as they have on the way
            to a target that is due before or after the end of the plan.
        reason: Why these.
    """

    named_by: ClassVar[str] = "method"

    method: Method
    on_track: Decimal
    slightly_behind: Decimal
    yearly_shares: tuple[Decimal, ...] = ()
    reason: str

    def _mistakes(self) -> Mistakes:
        shares = self.yearly_shares
        return {
            "0 < slightly_behind <= on_track になるように書いてください": not (
                0 < self.slightly_behind <= self.on_track
            ),
            "yearly_shares は method が yearly_share のときに、最後を100として書いてください": (
                shares and (self.method != "yearly_share" or shares[-1] != 100)
            ),
            "yearly_shares は小さい順に書いてください": list(shares) != sorted(shares),
        }


class LaterMethod(CutPoints):
    """A method as it was decided anew, which it may be several times."""

    named_by: ClassVar[str] = ""


class HintBounds(Model):
    """A value is worth a look if it is more than ``jump`` times the one before or the baseline."""

    jump: Decimal


class Policy(Model):
    """A policy of the plan (方針), and the names of the initiatives that serve it."""

    title: Title
    title_en: Title
    description: str
    initiatives: tuple[str, ...] = ()


class Plan(Model):
    """A plan with its indicators.

    Attributes:
        owner: Department that answers for the plan.
        baseline_fiscal_year: Fiscal year under which baselines are shown.
        assumed_baseline_day: Where the path to a target starts if a baseline has no known day.
        assumed_baseline_reason: Why.
        methods: The methods of judging progress; the first is the primary one.
        later_methods: The same as they were decided anew later, oldest first.
        hints: From where on a value is worth a second look.
        footnotes: Footnotes by name.
        policies: What the plan aims at, in its own order.
        indicators: The indicators, in the order in which they are shown.
    """

    plan_id: str
    title: Title
    title_en: Title
    owner: str
    first_day: date
    last_day: date
    baseline_fiscal_year: int
    assumed_baseline_day: date
    assumed_baseline_reason: str
    methods: tuple[CutPoints, ...] = Described(min_length=1)
    later_methods: tuple[LaterMethod, ...] = ()
    hints: HintBounds
    footnotes: dict[Name, str]
    policies: tuple[Policy, ...] = ()
    indicators: tuple[Indicator, ...]

    def indicator(self, indicator_id: str) -> Indicator:
        """Return one of its indicators; StopIteration if it has none of that id."""
        return next(one for one in self.indicators if one.indicator_id == indicator_id)

    def on(self, day: date) -> "Plan":
        """Return the plan as it was on a day: definitions in force, what was decided by then."""
        indicators = tuple(indicator.on(day) for indicator in self.indicators)
        update = {"indicators": indicators, "methods": self.methods_on(day), "later_methods": ()}
        return self.model_copy(update=update)

    def methods_on(self, day: date) -> tuple[CutPoints, ...]:
        """Return the methods as they were decided by a day."""
        known = {one.method: one for one in (*self.methods, *decided_by(self.later_methods, day))}
        return tuple(known[one.method] for one in self.methods)

    def _mistakes(self) -> Mistakes:
        ids = [one.indicator_id for one in self.indicators]
        used = {one.title_footnote for one in self.indicators}
        used |= {target.footnote for one in self.indicators for target in one.targets}
        loose = sorted(map(str, used - {None} - set(self.footnotes)))
        unknown = sorted(map(str, {one.part_of for one in self.indicators} - {None, *ids}))
        years = fiscal_year_of(self.last_day) - fiscal_year_of(self.first_day) + 1
        return {
            "first_day は last_day より前の日を書いてください": self.first_day >= self.last_day,
            **self._find_senseless_days(),
            f"脚注 {loose} が footnotes にありません": loose,
            f"yearly_shares は計画の年数({years})と同じ数だけ書いてください": any(
                len(cuts.yearly_shares) not in {0, years}
                for cuts in (*self.methods, *self.later_methods)
            ),
            **_find_disorder("later_methods", (*self.methods[:1], *self.later_methods)),
            "later_methods には methods にある method だけが書けます": (
                {one.method for one in self.later_methods} - {one.method for one in self.methods}
            ),
            f"part_of の {unknown} という指標はありません": unknown,
        }

    def _find_senseless_days(self) -> Mistakes:
        # A target may be for some time after the plan; one further off is a slip.
        latest = self.last_day + timedelta(days=3653)
        targets = [(one, target.target_date) for one in self.indicators for target in one.targets]
        return {
            f"{one.indicator_id} の target_date {day} は計画の first_day "
            f"{self.first_day} から last_day の10年後までの日にしてください": (
                not self.first_day <= day <= latest
            )
            for one, day in targets
        } | {
            f"{one.indicator_id} の baseline の as_of {one.baseline.as_of} は計画の "
            f"last_day {self.last_day} より前の日にしてください": (
                one.baseline.as_of and one.baseline.as_of > self.last_day
            )
            for one in self.indicators
        }


class Plans(RootModel[tuple[Plan, ...]]):
    """The plans, the oldest first.

    An indicator's id belongs to one plan only, so that a value's key, which has no plan, names one
    definition. Plans may overlap: the last year of one is the first year of baselines of the next.
    """

    root: tuple[Plan, ...]

    @model_validator(mode="after")
    def _refuse_mistakes(self) -> Self:
        plans = find_repeated(plan.plan_id for plan in self.root)
        repeated = find_repeated(one.indicator_id for one in self.indicators)
        refuse(
            {
                "計画を1つ以上書いてください": not self.root,
                f"plan_id {plans} が2回書かれています": plans,
                f"indicator_id {repeated} が2つの計画にあります。新しい計画では別の名前にし、"
                "continues に続きであることを書いてください": repeated,
            }
        )
        known: set[tuple[str, str]] = set()
        for plan in self.root:
            for one in plan.indicators:
                before = one.continues
                if before and (before.plan_id, before.indicator_id) not in known:
                    raise ValueError(
                        f"{one.indicator_id} の continues にある {before.plan_id} の "
                        f"{before.indicator_id} は、それより前に書かれた計画にありません"
                    )
            known |= {(plan.plan_id, one.indicator_id) for one in plan.indicators}
        return self

    @property
    def owners(self) -> dict[str, tuple[Plan, Indicator]]:
        """Every indicator with its plan, by indicator_id."""
        return {one.indicator_id: (plan, one) for plan in self.root for one in plan.indicators}

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """The indicators of all plans, in their order."""
        return tuple(indicator for plan in self.root for indicator in plan.indicators)

    def measured_in(self, period: Period) -> tuple[Plan, ...]:
        """Return the plan reported, and those measured: from the year of their baselines on.

        A plan that has ended is still measured: some of its last figures come later.
        """
        year, reported = period.fiscal_year, self.reported_in(period)
        return tuple(p for p in self.root if p is reported or year >= p.baseline_fiscal_year)

    def reported_in(self, period: Period) -> Plan:
        """Return the plan begun last by the end of a period; before all plans, the first."""
        begun = [plan for plan in self.root if plan.first_day <= period.last_day]
        return max(begun, key=lambda plan: plan.first_day, default=self.root[0])

    def list_owned(self, period: str) -> dict[str, dict[str, str]]:
        """Return of each owner its indicators of the plan reported in a quarter: ids by titles."""
        owned: dict[str, dict[str, str]] = {}
        asked = Period.parse(period)
        for one in self.reported_in(asked).on(asked.last_day).indicators:
            owned.setdefault(one.owner, {})[one.title] = one.indicator_id
        return owned


class InitiativeRules(Model):
    """What may be done with the effects of initiatives.

    Attributes:
        additive: Kinds of effects that may be added, each with the unit that it must have.
        plain_conditions: Conditions that limit nothing but the time counted.
    """

    additive: dict[str, str]
    plain_conditions: tuple[str, ...] = ()


class ReportedPeriod(RootModel[str]):
    """The quarter that is reported: ``latest``, or one such as ``FY2022Q3``."""

    @field_validator("root")
    @classmethod
    def _refuse_other_forms(cls, text: str) -> str:
        return text if text == "latest" else str(Period.parse(text))

    def choose(self, periods: Iterable[str]) -> str:
        """Return the quarter, or the latest of these."""
        return max(periods, default="") if self.root == "latest" else self.root


_Decided = TypeVar("_Decided", bound=Decided)


def decided_by(found: Sequence[_Decided], day: date) -> tuple[_Decided, ...]:
    """Return what was decided by a day; empty if the first was decided later."""
    return tuple(one for one in found if not one.decided_on or one.decided_on <= day)


def _find_disorder(name: str, found: Sequence[Decided]) -> Mistakes:
    decided = [one.decided_on for one in found]
    known = [day for day in decided if day is not None]
    disorder = None in decided[1:] or known != sorted(known)
    return {
        f"{name} は decided_on の古い順に書いてください。空にできるのは最初の1つだけです": disorder
    }


class Start(NamedTuple):
    """Where the path to the target starts, and what had to be assumed of it; '' if nothing."""

    value: Decimal
    day: date
    assumption: str


def find_start(plan: Plan, indicator: Indicator, day: date = date.max) -> Start | None:
    """Return where the path starts as decided by a day, or None if it starts from nothing."""
    baseline = (decided_by(indicator.baselines, day) or indicator.baselines)[-1]
    if indicator.kind == "cumulative":
        # Whether or not anything was measured before.
        eve = plan.first_day - timedelta(days=1)
        return Start(Decimal(0), eve, "延べ数は計画の初日の前日を0として数える。")
    if baseline.value is None:
        return None
    if baseline.as_of is None:
        return Start(baseline.value, plan.assumed_baseline_day, plan.assumed_baseline_reason)
    return Start(baseline.value, baseline.as_of, baseline.reason if baseline.assumed else "")


def describe_indicators(plans: Plans) -> list[Row]:
    """Return the rows of table ``indicator``; one row is one version of a definition."""
    rows = []
    for plan, indicator in plans.owners.values():
        for one in indicator.versions:
            assumption = getattr(find_start(plan, one), "assumption", None)
            own = {
                "row_id": f"{plan.plan_id}/{one.indicator_id}/{one.definition_version}",
                "plan_id": plan.plan_id,
                "continues_plan_id": getattr(one.continues, "plan_id", None),
                "continues_indicator_id": getattr(one.continues, "indicator_id", None),
                "indicator_title": one.title,
                "indicator_title_en": one.title_en,
                "version_reason": one.version_reason or None,
                "limits": one.limits or None,
                # One line, because a record of a CSV file is one.
                "query": " ".join(one.query.split()),
                "baseline": one.baselines[-1].value,
                "baseline_as_of": one.baselines[-1].as_of,
                "baseline_reason": one.baselines[-1].reason or assumption or None,
            }
            rows.append(one.model_dump() | own)
    return rows


def describe_baselines(plans: Plans) -> list[Row]:
    """Return the rows of table ``indicator_baseline``; one row is one baseline as decided."""
    return [
        {
            "row_id": f"{plan.plan_id}/{one.indicator_id}/{number}",
            "plan_id": plan.plan_id,
            "indicator_id": one.indicator_id,
            "baseline_number": number,
            "decided_on": baseline.decided_on,
            "baseline": baseline.value,
            "baseline_as_of": baseline.as_of,
            "unit": one.unit,
            "reason": baseline.reason or None,
        }
        for plan, one in plans.owners.values()
        for number, baseline in enumerate(one.baselines, start=1)
    ]


def describe_methods(plans: Plans) -> list[Row]:
    """Return the rows of table ``judging_method``; one row is one method as decided."""
    rows = []
    for plan in plans.root:
        numbers = Counter[str]()
        for one in (*plan.methods, *plan.later_methods):
            numbers[one.method] += 1
            own = {"plan_id": plan.plan_id, "method_number": numbers[one.method]}
            own["row_id"] = "/".join((plan.plan_id, one.method, str(numbers[one.method])))
            cuts = {"on_track_from": one.on_track, "slightly_behind_from": one.slightly_behind}
            shares = {"yearly_shares": "、".join(map(str, one.yearly_shares)) or None}
            rows.append(one.model_dump() | own | cuts | shares)
    return rows


def describe_targets(plans: Plans) -> list[Row]:
    """Return the rows of table ``indicator_target``; one row is one target, known or not."""
    rows: list[Row] = []
    for plan, one in plans.owners.values():
        unknown = {"target_number": 0, "target_state": "unknown", "note": one.unknown_targets}
        known = [
            target.model_dump()
            | {"target_number": number, "target_state": "known"}
            | {"reason": target.reason or None, "note": target.note or None}
            for number, target in enumerate(one.targets, start=1)
        ]
        for row in [unknown, *known] if one.unknown_targets else known:
            own = {"plan_id": plan.plan_id, "indicator_id": one.indicator_id, "unit": one.unit}
            row_id = f"{plan.plan_id}/{one.indicator_id}/{row['target_number']}"
            rows.append(row | own | {"row_id": row_id})
    return rows


def describe_plans(plans: Plans) -> dict[str, list[Row]]:
    """Return the tables that say what plans aim at and how they judge, by name."""
    return {
        "indicator": describe_indicators(plans),
        "indicator_target": describe_targets(plans),
        "indicator_baseline": describe_baselines(plans),
        "judging_method": describe_methods(plans),
    }
