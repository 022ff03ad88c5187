"""Dockerfile, compose file and manifests, read as they stand: no engine and no cluster runs here.

What they name must exist: commands and options, settings, probes, files, versions.
"""

import importlib.metadata
import os
import re
import subprocess
import tomllib
from pathlib import Path

import click
import psycopg
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.kafka.broker import Broker, BrokerError, version
from hub.audit.doctor import examine
from hub.cli import cli
from hub.processing.monitor import LIVE, METRICS, READY
from hub.projections.databases import database_of
from hub.settings import ProjectionSettings, Settings, load
from tests.brokers import missing
from tests.databases import load_server, running_postgres

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
ITEMS = yaml.safe_load((DEPLOY / "kubernetes/hub.yaml").read_text("utf-8"))["items"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
IMAGE = "county-hub:" + tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def pods() -> dict:
    """The pod of each workload, by kind and name."""
    found = {}
    for item in ITEMS:
        spec = item.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            found[f"{item['kind']}/{item['metadata']['name']}"] = spec["template"]["spec"]
    return found


PODS = pods()


def understood(words: list[str]) -> None:
    """Every command and option of a command line exists."""
    command: click.Command = cli
    for word in words:
        context = click.Context(command)
        if isinstance(command, click.Group) and (found := command.get_command(context, word)):
            command = found
        elif word.startswith("-"):
            assert word in {name for p in command.params for name in p.opts}, f"{command.name}: {word}"
    assert not isinstance(command, click.Group) or command.invoke_without_command, words


def commands_in(text: str) -> list[list[str]]:
    """The command lines of the hub in a text."""
    found = re.findall(r"(?:^|[\s`])hub ((?:--?[a-z]|[a-z])[^`;|&#\n]*)", text, re.MULTILINE)
    return [line.split() for line in found]


def test_images_are_pinned_to_the_versions_of_this_repository():
    services = COMPOSE["services"]
    assert {services[f"kafka-{n}"]["image"] for n in (1, 2, 3)} == {f"apache/kafka:{version()}"}
    assert {services[name]["image"] for name in ("worker", "ingest")} == {IMAGE}
    assert {c["image"] for pod in PODS.values() for c in pod["containers"]} == {IMAGE}
    assert IMAGE in DOCKERFILE
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(set(bases)) == 1 and re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", bases[0])
    assert re.fullmatch(r"postgres:\d+\.\d+-[a-z]+", services["postgres"]["image"])


def test_the_image_is_made_of_what_is_there_and_runs_as_nobody():
    sources = [
        w
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for w in line.split()[:-1]
    ]
    allowed = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert set(sources) == allowed
    assert all((ROOT / name).exists() for name in sources)
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", DOCKERFILE, re.MULTILINE)
    assert "--only-binary=:all:" in DOCKERFILE and "-c constraints.txt" in DOCKERFILE


def test_everything_the_image_installs_is_pinned():
    extras = set(re.search(r"'\.\[(.+)\]'", DOCKERFILE).group(1).split(","))
    pinned = {
        canonicalize_name(line.split("==")[0]) for line in (ROOT / "constraints.txt").read_text().split()
    }
    todo, seen = [("county-hub", frozenset(extras))], set()
    while todo:
        name, wanted = todo.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        for text in importlib.metadata.requires(name) or []:
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in wanted or {""}):
                todo.append((canonicalize_name(need.name), frozenset(need.extras)))
    assert {name for name, _ in seen} - {"county-hub"} <= pinned


def test_commands_and_settings_of_the_compose_file_exist():
    services = COMPOSE["services"]
    understood(services["worker"]["command"])
    (loop,) = services["ingest"]["command"]
    assert [understood(line) for line in commands_in(loop)]
    assert subprocess.run(["sh", "-n"], input=loop.replace("$$", "$"), text=True).returncode == 0
    said = load(DEPLOY / "compose/hub.toml", {})
    kept = {secret: f"/run/secrets/{secret}" for secret in COMPOSE["secrets"]}
    assert said.projection.password_file == kept["database_password"]
    assert said.secrets.pseudonym_key_file == kept["pseudonym_key"]
    assert said.log.replication == 3 and not said.log.accept_single_copy
    (probe,) = (w for w in services["worker"]["healthcheck"]["test"] if "urlopen" in w)
    assert f"127.0.0.1:{said.worker.metrics_port}{READY}" in probe
    for server in said.log.url.split("/")[2].split(","):
        assert server.split(":")[0] in services
    for service in services.values():
        assert "ports" not in service, "nothing is published"
        assert not [k for k in service.get("environment", {}) if re.search("PASSWORD$|SECRET$|KEY$", k)]
        assert set(service.get("secrets", [])) <= kept.keys()
    for name in ("worker", "ingest"):
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"]
    for path in ("./compose/hub.toml", "./postgres/role.sh", "./Dockerfile"):
        assert (DEPLOY / path).exists()


def test_brokers_of_the_compose_file_make_no_unsafe_topic():
    for number in (1, 2, 3):
        said = COMPOSE["services"][f"kafka-{number}"]["environment"]
        assert said["KAFKA_NODE_ID"] == str(number)
        assert said["KAFKA_ADVERTISED_LISTENERS"] == f"BROKER://kafka-{number}:9092"
        assert said["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
        assert said["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"] == "false"
        assert said["KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"] == "3"


def test_commands_and_settings_of_the_manifests_exist(tmp_path):
    config = next(item for item in ITEMS if item["kind"] == "ConfigMap")
    (tmp_path / "hub.toml").write_text(config["data"]["hub.toml"])
    said = load(tmp_path / "hub.toml", {})
    named = (said.log.ca_file, said.log.password_file, said.projection.password_file)
    text = (DEPLOY / "kubernetes/hub.yaml").read_text("utf-8")
    made = set(re.findall(r"--from-file=(\S+)", text))
    assert {Path(path).name for path in (*named, said.secrets.pseudonym_key_file)} == made
    for pod in PODS.values():
        (container,) = pod["containers"]
        understood(container["args"])
        places = {m["mountPath"] for m in container["volumeMounts"]}
        assert {"/etc/hub", "/run/secrets/hub", "/data", "/tmp"} <= places
        assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
        if "/drops" in container["args"]:
            assert "/drops" in places


@pytest.mark.parametrize("name", PODS)
def test_every_pod_is_bounded_and_may_do_nothing_it_need_not(name):
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert (
            container["resources"]["limits"].keys()
            == container["resources"]["requests"].keys()
            == {"cpu", "memory"}
        )
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert "env" not in container


def test_probes_ask_for_pages_that_a_worker_has():
    deployment = next(item for item in ITEMS if item["kind"] == "Deployment")
    (container,) = PODS["Deployment/hub-worker"]["containers"]
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": LIVE, "liveness": LIVE, "readiness": READY,
    }  # fmt: skip
    config = next(item for item in ITEMS if item["kind"] == "ConfigMap")
    port = tomllib.loads(config["data"]["hub.toml"])["worker"]["metrics_port"]
    assert container["ports"] == [{"name": "metrics", "containerPort": port}]
    assert {probe["port"] for probe in probes.values()} == {"metrics"}
    scraped = deployment["spec"]["template"]["metadata"]["annotations"]
    assert (scraped["prometheus.io/path"], scraped["prometheus.io/port"]) == (METRICS, str(port))


def test_commands_of_the_guide_exist():
    lines = commands_in((DEPLOY / "README.md").read_text("utf-8"))
    assert len(lines) >= 7
    for line in lines:
        understood(line)


def test_the_example_settings_name_every_setting_with_its_default():
    text = (DEPLOY / "hub.example.toml").read_text("utf-8")
    assert load(DEPLOY / "hub.example.toml", {}) == Settings(folder=DEPLOY)
    assert {"metrics_port", "metrics_host", "traces"} <= tomllib.loads(text)["worker"].keys()


def test_a_second_server_on_a_port_is_refused(postgres, tmp_path):
    module = load_server()
    with pytest.raises(module.ServerError, match="answers at port"):
        module.Server(tmp_path / "second", postgres.port).start()
    assert not (tmp_path / "second").exists()


def test_the_role_that_the_image_makes_is_enough_for_the_hub_and_no_more(tmp_path):
    with running_postgres() as server:
        owner = server.url.replace("//hub@", "//postgres@").rpartition("/")[0] + "/postgres"
        with psycopg.connect(owner, autocommit=True) as db:
            db.execute("DROP DATABASE hub")
            db.execute("DROP ROLE hub")
        (tmp_path / "password").write_text("it's a \\ secret\n")
        environ = os.environ | {
            "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "HUB_PASSWORD_FILE": str(tmp_path / "password"),
        }  # fmt: skip
        done = subprocess.run(
            [DEPLOY / "postgres/role.sh"], env=environ, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        database = ProjectionSettings(url=server.url, password_file=str(tmp_path / "password"))
        settings = Settings(folder=tmp_path, projection=database)
        assert [c for c in examine(settings) if not c.ok] == []
        home = database_of(settings)
        with home.owned(), home.connect():
            pass
        home.swap(home.beside())


def test_a_cluster_whose_id_begins_with_a_dash_is_formatted(tmp_path):
    try:
        broker = Broker(tmp_path)
        broker.cluster = "-" + broker.cluster[1:]
        broker.start()
    except BrokerError as error:
        raise missing(error) from None
    broker.stop()
    assert f"cluster.id={broker.cluster}\n" in (tmp_path / "data/meta.properties").read_text("utf-8")
