"""The main points of a quarter in sentences, with which every report begins."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sumida_data.base.metadata import Row
from sumida_data.plan.models import Indicator
from sumida_data.present.words import VERDICT_SYMBOLS, Language

_MOVED = ("前の四半期から動いたもの", "Moved since the quarter before")
_NEW = ("初めて値が出たもの", "Measured for the first time")
_UNKNOWN = ("判定できないもの", "No verdict")
_TO_CHECK = ("数え方を確かめる必要があるもの", "To be checked before use")
_UNCONFIRMED = ("まだ確認を受けていない定義", "Definitions not yet confirmed")
_GROUPS = (_MOVED, _NEW, _UNKNOWN, _TO_CHECK, _UNCONFIRMED)


@dataclass(frozen=True)
class IndicatorStatus:
    """An indicator in a quarter: its rows of the tables, and its value the quarter before.

    The row of ``indicator_progress`` is that of the primary method; a row may be None where there
    was no value before, or nobody has said anything.
    """

    indicator: Indicator
    value: Row
    before: Row | None
    progress: Row
    note: Row | None

    @property
    def verdict(self) -> str:
        """The verdict by the primary method."""
        return str(self.progress["verdict"])

    @property
    def reasons(self) -> tuple[str, str]:
        """The first sentence of the reason of the verdict, and what it adds."""
        first, _, rest = (self.progress["reason"] or "").partition("。")
        return f"{first}。", rest


def list_main_points(language: Language, statuses: Sequence[IndicatorStatus]) -> list[str]:
    """Say how many indicators have which verdict, which are behind, moved, new or to be checked."""
    if not statuses:
        return []
    points = [_count_verdicts(language, statuses)]
    points += [_describe_behind(language, one) for one in statuses if "behind" in one.verdict]
    groups: dict[tuple[str, str], list[str]] = {words: [] for words in _GROUPS}
    for one in statuses:
        for words, text in _sort(language, one):
            groups[words].append(text)
    if len(groups[_UNCONFIRMED]) == len(statuses):
        groups[_UNCONFIRMED] = [language.say("すべての指標", "those of all indicators")]
    return points + [
        language.say(f"{words[0]}：{'、'.join(found)}。", f"{words[1]}: {', '.join(found)}.")
        for words, found in groups.items()
        if found
    ]


def _count_verdicts(language: Language, statuses: Sequence[IndicatorStatus]) -> str:
    counts, say = Counter(one.verdict for one in statuses), language.say
    counted = [
        f"{language.word('indicator_progress.verdict', name)}{say('', ' ')}{counts[name]}"
        for name in VERDICT_SYMBOLS
        if counts[name]
    ]
    return say(
        f"指標{len(statuses)}のうち、{'、'.join(counted)}。",
        f"Of {len(statuses)} indicators: {', '.join(counted)}.",
    )


def _sort(language: Language, one: IndicatorStatus) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the groups to which an indicator belongs, each with what is said of it there."""
    indicator, title, say = one.indicator, language.title(one.indicator), language.say
    now, before = one.value["value"], one.before["value"] if one.before else None
    if None not in (before, now) and before != now:
        old = language.amount(indicator, before, indicator.decimals)
        old = old.removesuffix(say(indicator.unit, indicator.unit_en)).rstrip()
        yield _MOVED, f"{title} {old}→{language.amount(indicator, now, indicator.decimals)}"
    if one.before and before is None is not now:
        yield _NEW, title
    words, remark = map(language.translate, one.reasons)
    if one.verdict == "cannot_say":
        yield _UNKNOWN, f"{title}{say('', ' ')}({words.rstrip('。.')})"
    # What is far beyond its target may count something else than the target does.
    if one.verdict in ("achieved", "kept") and one.reasons[1]:
        yield _TO_CHECK, f"{title}{say('', ' ')}({remark.rstrip('。.')})"
    if not indicator.confirmed:
        yield _UNCONFIRMED, title


def _describe_behind(language: Language, one: IndicatorStatus) -> str:
    """Say that an indicator is behind, by how much, and what was said about it."""
    indicator, day = one.indicator, language.day(one.value["as_of"])
    verdict = language.word("indicator_progress.verdict", one.verdict)
    value = language.amount(indicator, one.value["value"], indicator.decimals)
    target = language.amount(indicator, indicator.target.value)
    texts = [
        language.say(
            f"{verdict}：{indicator.title}は{day}現在で{value}、目標は{target}。",
            f"{verdict}: {indicator.title_en}, {value} as of {day}, target {target}.",
        ),
        language.translate(one.reasons[0]),
    ]
    if one.note:
        texts += [
            language.say("理由：", "Why: ") + language.translate(one.note["cause"]),
            language.say("次にすること：", "Next: ") + language.translate(one.note["next_step"]),
        ]
    return language.say("", " ").join(texts)
