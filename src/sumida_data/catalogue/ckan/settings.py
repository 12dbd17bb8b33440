"""Which CKAN, as whom, and by which of its habits."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import Field as Described
from pydantic import SecretStr, field_validator

from sumida_data.base.metadata import Model
from sumida_data.packages.models import FREQUENCIES

_LICENSES = {"CC-BY-4.0": ("CC-BY-4.0", "cc-by-4.0", "cc-by")}


class CkanSettings(Model):
    """Settings of a CKAN target.

    Attributes:
        url: Its address; empty where it has not been set.
        token: API token of an editor of the organisation, who is no administrator.
        organization: Name of the organisation, such as t131075 in the catalogue of Tokyo.
        name_prefix: Put before the names of datasets where others could take them.
        group: Name of the group for administration and finance, set where the token allows it.
        licenses: Ids under which a site may know a licence, by the id in packages.yml.
        update_frequencies: The words for 更新頻度 that the catalogue knows.
        datastore: Whether to fill the DataStore where the site does not do so itself.
        max_file_bytes: Largest file that the site takes; it does not tell.
        timeout: Seconds to wait for an answer.
        backoff: Seconds before an uncertain call is looked into; doubled each time.
        attempts: How often in all.
    """

    url: str = ""
    token: SecretStr = SecretStr("")
    organization: str = "t131075"
    name_prefix: str = Described(default="", pattern=r"^[a-z0-9_-]*$")
    group: str = "c029"
    licenses: Mapping[str, tuple[str, ...]] = _LICENSES
    update_frequencies: tuple[str, ...] = tuple(FREQUENCIES)
    datastore: bool = True
    max_file_bytes: int = 100_000_000
    timeout: float = 120
    backoff: float = 1
    attempts: int = 6

    @field_validator("url")
    @classmethod
    def _refuse_other_addresses(cls, url: str) -> str:
        if url and not (urlsplit(url).hostname and urlsplit(url).scheme in ("http", "https")):
            raise ValueError(f"{url} は http(s):// で始まる住所ではありません")
        return url

    @property
    def on_loopback(self) -> bool:
        """Whether nobody but this machine sees the site."""
        host = urlsplit(self.url).hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False
