"""Settings of the Kedro project."""

import os
from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog, MemoryDataset
from omegaconf import OmegaConf

from sumida_data import keep_to_itself
from sumida_data.base.disk import list_settings
from sumida_data.base.settings_files import read_settings
from sumida_data.runs.records import RECORDER, name_from

keep_to_itself()

_CKAN = {"url": "CKAN_URL", "token": "CKAN_API_TOKEN"}  # names of variables, not a password


class ProjectHooks:
    """Tells Kedro what the environment, the form and the catalogue say."""

    _project: Path

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Note project and tables, and take credentials of a CKAN from the environment.

        Kedro refuses a catalogue whose credentials are nowhere, before the target could say in
        plain words what is missing. Those of the environment go before those in files. Pipelines
        are put together later, of the tables that the project's form and sources make.
        """
        # Imported here because a run for which nothing has changed does not get so far.
        from sumida_data.pipelines.wiring import note_tables  # noqa: PLC0415

        self._project, loader = context.project_path, context.config_loader
        try:
            known = loader["credentials"]
        except MissingConfigException:
            known = {}
        given = {key: os.environ[name] for key, name in _CKAN.items() if os.environ.get(name)}
        loader["credentials"] = known | {"ckan": known.get("ckan", {}) | given}
        note_tables(loader["parameters"])

    @hook_impl
    def after_catalog_created(self, catalog: DataCatalog, conf_catalog: dict[str, Any]) -> None:
        """Add the dataset ``locations``: the path of each dataset that has one, by name.

        Nodes tell it to people; what is in the project is named from there.
        """
        entries = {name: one for name, one in conf_catalog.items() if isinstance(one, dict)}
        paths = {name: one.get("path", one.get("filepath")) for name, one in entries.items()}
        named = {name: name_from(self._project, Path(one)) for name, one in paths.items() if one}
        catalog["locations"] = MemoryDataset(dict(sorted(named.items())))


class SettingsLoader(OmegaConfigLoader):
    """Reads parameters with YAML's own loader: that of OmegaConf takes longer than a short run."""

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Return settings of a kind; an environment's parameters go before those of the base."""
        if key != "parameters" or key in self or self._protocol != "file":
            return super().__getitem__(key)
        source = Path(self.conf_source)
        found: dict[str, Any] = {}
        for name in (self.base_env, self.env or self.default_run_env):
            found |= read_settings(list_settings(source / name, key))
        if not found:
            raise MissingConfigException(f"No {key} in {source}")
        if given := self.runtime_params:
            known = {name: found[name] for name in given if name in found}
            found |= OmegaConf.to_container(OmegaConf.merge(known, given))  # type: ignore[arg-type]
        return found


HOOKS = (ProjectHooks(), RECORDER)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
CONFIG_LOADER_CLASS = SettingsLoader
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
