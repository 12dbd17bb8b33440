"""The public target of an environment, as Kedro's catalogue and credentials describe it."""

import logging
from pathlib import Path

import click
from kedro.config import MissingConfigException
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from sumida_data.catalogue.record import Record
from sumida_data.catalogue.target import Target
from sumida_data.datasets import TargetDataset


def load_target(project: Path, env: str | None) -> tuple[Target, Record]:
    """Return the public target of an environment, and its record.

    Raises:
        click.ClickException: If the environment is not there or names no target.
    """
    logging.disable(logging.INFO)
    bootstrap_project(project)
    try:
        context = KedroSession.create(project, env=env).load_context()
        dataset = context.catalog["public_target"]
    except (MissingConfigException, KeyError) as error:
        raise click.ClickException(f"--env={env}: 公開先の設定を読めません。{error}") from error
    if not isinstance(dataset, TargetDataset):
        raise click.ClickException(f"--env={env}: public_target が公開先ではありません。")
    return dataset.target, dataset.record
