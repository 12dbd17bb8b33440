"""What Kedro is to do besides running pipelines."""

import os

from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

_CKAN = {"url": "CKAN_URL", "token": "CKAN_API_TOKEN"}  # names of variables, not a password


class EnvironmentCredentials:
    """Takes the credentials of a CKAN from the environment where it has them.

    Kedro refuses a catalogue whose credentials stand nowhere, before the target could say in
    plain words what is missing.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Add the credentials to those in the files; the environment goes first."""
        loader = context.config_loader
        try:
            known = loader["credentials"]
        except MissingConfigException:
            known = {}
        given = {key: os.environ[name] for key, name in _CKAN.items() if os.environ.get(name)}
        loader["credentials"] = known | {"ckan": known.get("ckan", {}) | given}
