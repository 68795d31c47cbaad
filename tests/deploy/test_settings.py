"""deploy/env.example tells every setting, and what it is when left out."""

from bot.settings import PREFIX, Settings

SETTINGS = {f"{PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items()}


def lines(deploy):
    return (deploy / "env.example").read_text().splitlines()


def told(deploy):
    return dict(line.split("=", 1) for line in lines(deploy) if line and not line.startswith("#"))


def test_every_setting_is_in_the_example_and_nothing_else(deploy):
    assert set(told(deploy)) == set(SETTINGS)


def test_no_setting_is_told_twice_or_without_a_word(deploy):
    found = lines(deploy)
    at = [number for number, line in enumerate(found) if line and not line.startswith("#")]
    assert len(at) == len(told(deploy))
    assert not [found[number] for number in at if not found[number - 1].startswith("# ")]


def test_the_example_as_it_is_changes_nothing(deploy, monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    plain = Settings(_env_file=None)
    assert Settings(_env_file=deploy / "env.example") == plain


def test_what_compose_and_kubernetes_set_exists(compose, manifests):
    images = [
        service["environment"] for name, service in compose["services"].items() if "bot" in name
    ]
    for names in (*images, manifests["ConfigMap"]["data"]):
        plain = {name.removesuffix("_FILE") for name in names}
        assert plain <= set(SETTINGS)
        assert len(plain) == len(names), "a plain name wins over its file"


def test_the_image_sets_nothing_that_a_secret_file_should(deploy, compose):
    files = {
        name.removesuffix("_FILE")
        for name in compose["services"]["bot-1"]["environment"]
        if name.endswith("_FILE")
    }
    image = (deploy / "Dockerfile").read_text()
    assert not [name for name in files if f"{name}=" in image]
