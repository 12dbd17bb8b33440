"""Credentials of a CKAN from the environment, and what is said where there are none."""

import shutil

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DatasetError

from tests.project import make_project

# Of Kedro and a library that it uses.
pytestmark = [
    pytest.mark.filterwarnings("ignore:register_new_resolver"),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_fields' attribute"),
]


@pytest.fixture
def open_catalog(tmp_path, monkeypatch):
    for name in ("CKAN_URL", "CKAN_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    project = make_project(tmp_path / "project")
    monkeypatch.chdir(project.path)

    def open_it(credentials=None):
        if credentials:
            (project.path / "conf/ckan/credentials.yml").write_text(credentials, "utf-8")
        bootstrap_project(project.path)
        with KedroSession.create(project.path, env="ckan") as session:
            return session.load_context().catalog

    yield open_it
    shutil.rmtree(project.path)


def test_what_is_missing_is_told_in_plain_words(open_catalog):
    with pytest.raises(DatasetError) as told:
        open_catalog()["observed_target"].load()
    address, token = str(told.value).splitlines()
    assert address.endswith("conf/ckan/credentials.yml か、環境変数 CKAN_URL に書いてください。")
    assert token.endswith("環境変数 CKAN_API_TOKEN に書いてください。")


def test_environment_goes_before_the_file_and_token_is_not_shown(open_catalog, monkeypatch):
    monkeypatch.setenv("CKAN_URL", "http://127.0.0.1:9")
    dataset = open_catalog("ckan: {url: 'http://elsewhere', token: from-the-file}")[
        "observed_target"
    ]
    settings = dataset.target.settings
    assert settings.url == "http://127.0.0.1:9"
    assert settings.token.get_secret_value() == "from-the-file"
    assert settings.organization == "t131075"
    assert "from-the-file" not in f"{dataset} {dataset.target}"
