"""The manifests say what matters: who runs, how it is watched, how it stops, what it may use."""

import pytest

WORKLOADS = ("Deployment", "Job")


def pod(manifest):
    return manifest["spec"]["template"]["spec"]


def test_the_kustomization_applies_everything_but_the_example(manifests, deploy):
    files = {path.name for path in (deploy / "k8s").glob("*.yaml")}
    applied = set(manifests["Kustomization"]["resources"])
    assert files - applied == {"kustomization.yaml", "secret.example.yaml"}
    assert applied <= files


def test_no_manifest_decides_the_namespace(manifests):
    assert not [kind for kind, one in manifests.items() if "namespace" in one.get("metadata", {})]


@pytest.mark.parametrize("kind", WORKLOADS)
def test_nothing_runs_as_root_or_can_become_it(kind, manifests):
    spec = pod(manifests[kind])
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_service_called_kazi_does_not_become_the_setting_of_the_port(kind, manifests):
    """Kubernetes would set KAZI_PORT=tcp://…, which is no port."""
    assert pod(manifests[kind])["enableServiceLinks"] is False


@pytest.mark.parametrize("kind", WORKLOADS)
def test_what_it_needs_is_told(kind, manifests):
    for container in pod(manifests[kind])["containers"]:
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert container["resources"]["limits"]["memory"]


def test_a_bot_without_its_database_gets_no_requests_but_lives_on(manifests):
    (bot,) = pod(manifests["Deployment"])["containers"]
    assert bot["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert bot["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert bot["startupProbe"]["httpGet"]["path"] == "/healthz"


def test_a_bot_is_taken_from_the_balancer_before_it_stops(manifests):
    spec = pod(manifests["Deployment"])
    (bot,) = spec["containers"]
    pause = int(bot["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert spec["terminationGracePeriodSeconds"] >= pause + 30
    assert manifests["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_two_bots_of_which_one_always_stays(manifests):
    assert manifests["Deployment"]["spec"]["replicas"] == 2
    assert manifests["PodDisruptionBudget"]["spec"]["minAvailable"] == 1


def test_every_selector_finds_the_bots_and_not_the_migration(manifests):
    bots = manifests["Deployment"]["spec"]["template"]["metadata"]["labels"]
    job = manifests["Job"]["spec"]["template"]["metadata"]["labels"]
    for chosen in (
        manifests["Deployment"]["spec"]["selector"]["matchLabels"],
        manifests["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        manifests["Service"]["spec"]["selector"],
    ):
        assert chosen.items() <= bots.items()
        assert not chosen.items() <= job.items()


def test_the_way_from_the_ingress_to_the_bot_is_whole(manifests):
    (rule,) = manifests["Ingress"]["spec"]["rules"]
    paths = rule["http"]["paths"]
    (port,) = manifests["Service"]["spec"]["ports"]
    (bot,) = pod(manifests["Deployment"])["containers"]
    assert [path["path"] for path in paths] == ["/telegram", "/payments"]
    for path in paths:
        assert path["backend"]["service"]["name"] == manifests["Service"]["metadata"]["name"]
        assert path["backend"]["service"]["port"]["name"] == port["name"]
    assert port["targetPort"] == bot["ports"][0]["name"]
    assert str(bot["ports"][0]["containerPort"]) == manifests["ConfigMap"]["data"]["KAZI_PORT"]


@pytest.mark.parametrize("kind", WORKLOADS)
def test_every_secret_file_that_is_set_is_in_the_secret(kind, manifests):
    (volume,) = [one for one in pod(manifests[kind])["volumes"] if "secret" in one]
    secret = manifests["Secret"]
    assert volume["secret"]["secretName"] == secret["metadata"]["name"]
    (mount,) = [
        one
        for one in pod(manifests[kind])["containers"][0]["volumeMounts"]
        if one["name"] == volume["name"]
    ]
    settings = manifests["ConfigMap"]["data"]
    files = {value for name, value in settings.items() if name.endswith("_FILE")}
    assert files == {f"{mount['mountPath']}/{name}" for name in secret["stringData"]}
