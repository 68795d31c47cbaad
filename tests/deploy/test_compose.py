"""compose.yaml: what it names is there, and nobody gets more than is needed."""

import re


def kazi(compose):
    return {name: one for name, one in compose["services"].items() if "kazi" in one["image"]}


def test_every_service_secret_and_volume_that_is_named_exists(compose):
    for service in compose["services"].values():
        assert set(service.get("depends_on", ())) <= set(compose["services"])
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
        sources = [volume.split(":")[0] for volume in service.get("volumes", ())]
        assert {one for one in sources if not one.startswith(".")} <= set(compose["volumes"])


def test_every_secret_and_volume_is_used(compose):
    services = compose["services"].values()
    assert set(compose["secrets"]) == {name for one in services for name in one.get("secrets", ())}
    mounted = {volume.split(":")[0] for one in services for volume in one.get("volumes", ())}
    assert set(compose["volumes"]) <= mounted


def test_the_files_that_are_mounted_are_in_the_repository(compose, deploy):
    mounts = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith("./") and volume.endswith(":ro")
    ]
    assert mounts
    assert not [path for path in mounts if not (deploy / path).is_file()]


def test_a_secret_is_read_where_it_is_mounted(compose):
    for service in compose["services"].values():
        for value in (service.get("environment") or {}).values():
            if value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]


def test_two_bots_wait_for_the_migration_and_the_migration_for_the_database(compose):
    services = compose["services"]
    bots = [one for name, one in services.items() if name.startswith("bot-")]
    assert len(bots) == 2
    for bot in bots:
        assert bot["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert services["postgres"]["healthcheck"]


def test_kazi_has_no_rights_to_lose_and_no_public_port(compose):
    for service in kazi(compose).values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "ports" not in service
    assert "ports" not in compose["services"]["postgres"]


def test_the_proxy_knows_every_bot_and_asks_whether_it_is_ready(compose, deploy):
    text = (deploy / "Caddyfile").read_text()
    upstreams = re.search(r"reverse_proxy (.+) \{", text)[1].split()
    bots = [name for name in compose["services"] if name.startswith("bot-")]
    assert upstreams == [f"{name}:8080" for name in bots]
    assert "health_uri /readyz" in text
    assert "lb_policy round_robin" in text


def test_the_image_is_not_run_by_root_and_gets_only_what_it_is_built_from(deploy):
    text = (deploy / "Dockerfile").read_text()
    assert re.search(r"^USER 10001", text, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\n.*/healthz", text, re.MULTILINE)
    assert "--frozen" in text
    allowed = [
        line[1:]
        for line in (deploy.parent / ".dockerignore").read_text().splitlines()
        if line[:1] == "!"
    ]
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert sorted(copied) == sorted(allowed)
    assert all((deploy.parent / name).exists() for name in copied)
