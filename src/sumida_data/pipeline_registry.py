"""The pipelines by name, as `kedro run --pipelines=...` takes them."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

from sumida_data.pipelines import indicators, ingest, packages, quality, report
from sumida_data.pipelines.wiring import PROJECT

# What `kedro run` does: the quarter from received files to preview and report. Sample data are
# made, forms are written, readings are kept, other engines are asked, and anything is published,
# only when asked for.
QUARTER = ("ingest", "indicators", "returns", "checks", "packages", "changes", "report")


def register_pipelines() -> dict[str, Pipeline]:
    """Return the pipelines by name, and the quarter as default."""
    # Kedro finds only the pipelines asked for on the command line, or all where none is.
    pipelines = find_pipelines(raise_errors=True)
    quarter = sum((pipelines[name] for name in QUARTER if name in pipelines), Pipeline([]))
    for name in {"forms", "keep", "returns"} & pipelines.keys():
        # They begin with the registers and settings by which the quarter reads its returns.
        pipelines[name] += ingest.create_pipeline().only_nodes("prepare_collector")
    if "changes" in pipelines:
        # It compares what is passed on in memory.
        pipelines["changes"] += packages.create_pipeline().only_nodes("build_preview")
        pipelines["changes"] += report.create_pipeline().only_nodes("gather_report")
    for name in {"returns", "report", "changes"} & pipelines.keys():
        # They show the period that is chosen from the answers; so each can be made again alone.
        pipelines[name] += indicators.create_pipeline().only_nodes("choose_period")
    if "publish" in pipelines:
        # Nothing is published before the other engines have looked at it.
        pipelines["publish"] += quality.create_pipeline()
    if PROJECT.is_many and "many" in pipelines:
        quarter = pipelines["many"]
    return pipelines | {"__default__": quarter}
