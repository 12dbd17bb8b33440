"""The second opinion of Great Expectations and frictionless on what is about to be public."""

from kedro.pipeline import Pipeline

from sumida_data.base.metadata import DataDictionary
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import Files, Frame, Summary, list_tables, wire
from sumida_data.quality.rules import QualityRules, SecondOpinion
from sumida_data.quality.second_opinion import ask_second_opinion


def get_second_opinion(
    rules: QualityRules,
    packages: Packages,
    dictionary: DataDictionary,
    files: Files,
    **tables: Frame,
) -> SecondOpinion:
    """Hold the tables behind the packages, and their files on disk, to the rules once more."""
    behind = {resource.table for one in packages.packages for resource in one.resources}
    frames = {name: frame for name, frame in tables.items() if name in behind}
    read = {name: file.read() for name, file in files.items() if name.endswith((".csv", ".json"))}
    return ask_second_opinion(rules, dictionary, frames, read)


def summarise_second_opinion(opinion: SecondOpinion) -> Summary:
    """Say what the engines found."""
    looked_at = (
        f"Great Expectations と frictionless で、公開の元になる{opinion.tables}個の表と、"
        f"公開するファイル{opinion.files}個({opinion.rows:,}行)を、{opinion.rules}件の検査で"
        "もう一度確かめました。"
    )
    if not opinion.objections:
        return {"lines": [looked_at, "SQLの結果と同じで、重い不合格はありません。"], "exit_code": 0}
    advice = "次にすること：上の行を直し、もう一度 kedro run を実行してください。"
    return {"lines": [looked_at, *opinion.objections, advice], "exit_code": 2}


def create_pipeline() -> Pipeline:
    """From tables and packages on disk to what the other engines say of them."""
    tables = list_tables("typed", "primary", "indicator", "check")
    nodes = [
        wire(get_second_opinion, "second_opinion", tables, files="preview_catalogue"),
        wire(summarise_second_opinion, "quality_summary", opinion="second_opinion"),
    ]
    return Pipeline(nodes, tags="quality")
