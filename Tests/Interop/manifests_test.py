"""Compose files and Kubernetes manifests against the program and against themselves: python manifests_test.py PATH_OF_CONCORDAT"""
import base64
import io
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

import kubernetes_validate
import yaml

from catalogue import Catalogue, check, in_shell, said, served, twins

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "compose"
KUBERNETES = COMPOSE / "kubernetes"
METRICS_PORT = 9464


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


# Compose

def compose_profiles(program, compose, whole, small):
    services = compose["services"]
    for name, service in services.items():
        check(service.get("profiles"), f"the service {name} has no profile: it would always run")
        check("container_name" not in service, f"the service {name} has a container_name, which forbids scaling")
        check(service.get("image"), f"the service {name} has no image")
        # Podman starts what a service depends on anew with it, and restarts nothing that depends on what has ended.
        check("depends_on" not in service, f"{name} depends on another service: a process waits by itself")
    for profile, network in [("quorum", whole), ("solo", small)]:
        runs = [role for service in services.values() if profile in service["profiles"] for role in compose_roles(program, service)]
        check(len(runs) == len(set(runs)), f"{profile} runs a role twice: {sorted(role for role in runs if runs.count(role) > 1)}")
        check(set(runs) == network.processes, f"{profile}: missing {sorted(network.processes - set(runs))}, unknown {sorted(set(runs) - network.processes)}")
    said("compose: every service has a profile, and solo and quorum each serve every role and bus of their network, once")


def compose_roles(program, service):
    command = service.get("command", [])
    if service["image"].startswith("docker.io/") or "prom/" in service["image"] or "grafana/" in service["image"]:
        return []
    if service.get("entrypoint") == ["sh", "-ec"]:
        return [role for words in in_shell(command[0]) for role in served(program, words)]
    return served(program, command)


def compose_folders(compose, whole):
    """Each process sees its own keys only, and keeps its data."""
    services, volumes = compose["services"], compose["volumes"]
    used = set()
    for name, service in services.items():
        mounts = [mount.split(":") for mount in service.get("volumes", []) if not mount.startswith(".")]
        used |= {mount[0] for mount in mounts}
        keys = [mount[0] for mount in mounts if mount[0].startswith("keys-")]
        if name == "init":
            check(set(keys) == {volume for volume in volumes if volume.startswith("keys-")}, "init does not hand out all keys")
            for source, target in ((mount[0], mount[1]) for mount in mounts if mount[0].startswith("keys-")):
                part = pathlib.Path(whole.parts) / target.removeprefix("/parts/")
                check(part.is_dir(), f"init hands out {source} at {target}, which concordat keys split does not write")
            continue
        check("network" not in [mount[0] for mount in mounts], f"{name} sees all keys")
        if keys:
            own = name.removeprefix("collector-")
            check(keys == [f"keys-{own}"], f"{name} sees the keys {keys}")
            check([mount[2:] for mount in mounts if mount[0] == keys[0]] == [["ro"]], f"{name} may write to its keys")
            stores = [mount for mount in mounts if mount[0].startswith("data-")]
            check(own.startswith("bus-") or stores == [[f"data-{own}", f"/var/lib/concordat/data/{own}"]], f"{name} keeps no data: {stores}")
        check(service.get("read_only") or name == "grafana", f"{name} may write to its image")
        check(service.get("cap_drop") == ["ALL"] and service.get("user") is None, f"{name} has rights that it does not need")
    check(used == set(volumes), f"volumes that are declared and those that are used differ: {used ^ set(volumes)}")
    audited = {mount.split(":")[0] for mount in services["audit"]["volumes"]}
    check({volume for volume in volumes if volume.startswith("data-")} <= audited, "the audit does not see every store")
    said("compose: each process sees its own keys, read-only, and keeps its stores; the audit sees all stores")


def compose_health(compose):
    for name, service in compose["services"].items():
        if not compose_is_role(service):
            continue
        check("exec concordat" in service["entrypoint"][2] and "handed-out" in service["entrypoint"][2], f"{name} does not wait for its keys")
        check(service["healthcheck"]["test"][:3] == ["CMD", "concordat", "health"], f"{name} has no health check")
        wants = "on-failure" if name.startswith("collector-") else "unless-stopped"
        check(service["restart"] == wants, f"{name} restarts {service['restart']}")
        check((service.get("stop_signal") == "SIGUSR1") == name.startswith("collector-"), f"{name} stops by {service.get('stop_signal')}")
    said("compose: every process has a health check, and collectors drain when they are taken away")


def compose_is_role(service):
    return service.get("command", [""])[0] == "run"


def compose_environment(program, compose):
    known = twins(program)
    text = (COMPOSE / "Containerfile").read_text() + "".join(file.read_text() for file in sorted(COMPOSE.glob("*.env")) + sorted((COMPOSE / "systemd").rglob("*")) if file.is_file())
    names = set(re.findall(r"CONCORDAT_[A-Z_]+", text)) | {name for service in compose["services"].values() for name in service.get("environment", {}) if name.startswith("CONCORDAT_")}
    check(names <= known, f"no command has an option for {sorted(names - known)}")
    said("every CONCORDAT_ variable of the image, the services and the units is an option's twin")


def prometheus_finds_all(compose):
    config = yaml.safe_load((COMPOSE / "observability/containers.yml").read_text())
    lookup = config["scrape_configs"][0]["dns_sd_configs"][0]
    processes = {name for name, service in compose["services"].items() if compose_is_role(service)}
    check(set(lookup["names"]) == processes, f"Prometheus does not look for {sorted(processes ^ set(lookup['names']))}")
    check(lookup["port"] == METRICS_PORT and f"CONCORDAT_METRICS=0.0.0.0:{METRICS_PORT}" in (COMPOSE / "Containerfile").read_text(), "ports of metrics differ")
    reach = set(compose["services"]["prometheus"]["networks"])
    check(all(set(compose["services"][name]["networks"]) & reach for name in processes), "Prometheus cannot reach every process")
    done = subprocess.run(["promtool", "check", "config", str(COMPOSE / "observability/containers.yml")], capture_output=True, text=True, timeout=60)
    check(done.returncode == 0, f"promtool says: {done.stdout}{done.stderr}")
    said("Prometheus looks for every process by its service's name, and shares a network with each")


# Kubernetes

def kubernetes_resources():
    resources = []
    for name in yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]:
        resources += documents(KUBERNETES / name)
    listed = set(yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]) | {"kustomization.yaml"}
    there = {file.name for file in KUBERNETES.glob("*.yaml")}
    check(there == listed, f"kustomization.yaml leaves out {sorted(there ^ listed)}")
    return resources


def kubernetes_schema(resources, secrets):
    for resource in resources + secrets:
        kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)
    said(f"Kubernetes {kubernetes_validate.latest_version()}: {len(resources)} objects and {len(secrets)} made by keys.sh hold to its schemas, strictly")


def matches(selector, labels):
    def holds(rule):
        value, values = labels.get(rule["key"]), rule.get("values", [])
        return {"In": value in values, "NotIn": value not in values, "Exists": value is not None, "DoesNotExist": value is None}[rule["operator"]]

    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(map(holds, selector.get("matchExpressions", [])))


def kubernetes_selectors(resources):
    sets = [resource for resource in resources if resource["kind"] == "StatefulSet"]
    pods = [(one["metadata"]["name"], one["spec"]["template"]["metadata"]["labels"]) for one in sets]
    for one in sets:
        name = one["metadata"]["name"]
        chosen = [pod for pod, labels in pods if matches(one["spec"]["selector"], labels)]
        check(chosen == [name], f"the selector of {name} takes pods of {chosen}")
        services = [resource for resource in resources if resource["kind"] == "Service" and resource["metadata"]["name"] == one["spec"]["serviceName"]]
        check(len(services) == 1, f"{name} names the service {one['spec']['serviceName']}, of which there are {len(services)}")
    for resource in resources:
        if resource["kind"] == "Service":
            chosen = [pod for pod, labels in pods if matches({"matchLabels": resource["spec"]["selector"]}, labels)]
            check(chosen == [resource["metadata"]["name"]], f"the service {resource['metadata']['name']} leads to pods of {chosen}")
            ports = {port["name"] for port in containers(next(one for one in sets if one["metadata"]["name"] == chosen[0]))[0]["ports"]}
            check(all(port["targetPort"] in ports for port in resource["spec"]["ports"]), f"the service {chosen[0]} names a port that its pods do not have")
    said("every selector takes the pods it means and no others, and every port that is named exists")


def containers(resource):
    return resource["spec"]["template"]["spec"]["containers"]


def kubernetes_budgets(resources):
    sets = {resource["metadata"]["name"]: resource for resource in resources if resource["kind"] == "StatefulSet"}
    budgets = [resource["spec"] for resource in resources if resource["kind"] == "PodDisruptionBudget"]
    for name, one in sets.items():
        labels = one["spec"]["template"]["metadata"]["labels"]
        own = [budget for budget in budgets if matches(budget["selector"], labels)]
        if labels["app.kubernetes.io/component"] == "bus":
            check(not own, f"{name} has one pod: a budget would hold up every drain of its machine")
            continue
        check(len(own) == 1, f"{name} has {len(own)} budgets")
        replicas = one["spec"]["replicas"]
        stays = own[0].get("minAvailable", replicas - own[0].get("maxUnavailable", 0))
        check(stays < replicas, f"{name}: no pod may ever be moved")
        if labels["app.kubernetes.io/component"] == "node":
            check(stays >= 2 * replicas // 3 + 1, f"{name}: {stays} of {replicas} are no quorum")
    said("disruption budgets let one pod go, and leave a quorum of every chain and of the notaries")


def expanded(program, one):
    """The command lines of every pod of a set: what a shell in it would compute is computed by a shell."""
    name, replicas, start = one["metadata"]["name"], one["spec"]["replicas"], one["spec"].get("ordinals", {}).get("start", 0)
    container = containers(one)[0]
    for ordinal in range(start, start + replicas):
        pod = f"{name}-{ordinal}"
        if container.get("command"):
            script = container["args"][0].replace("exec concordat", "printf '%s\\n'")
            done = subprocess.run([*container["command"], script], env={"HOSTNAME": pod, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True)
            yield pod, done.stdout.split()
        else:
            variables = {variable["name"]: pod for variable in container.get("env", []) if variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath") == "metadata.name"}
            yield pod, [re.sub(r"\$\((\w+)\)", lambda match: variables[match[1]], word) for word in container["args"]]


def kubernetes_roles(program, resources, whole):
    runs = []
    for one in resources:
        if one["kind"] == "StatefulSet":
            for _, words in expanded(program, one):
                runs += served(program, words)
    check(len(runs) == len(set(runs)) and set(runs) == whole.processes, f"missing {sorted(whole.processes - set(runs))}, unknown or twice {sorted(set(runs) - whole.processes)}")
    services = {resource["metadata"]["name"]: {port["name"]: port["port"] for port in resource["spec"]["ports"]} for resource in resources if resource["kind"] == "Service"}
    for site, doors in whole.sites.items():
        for door, endpoint in doors.items():
            host, port = re.fullmatch(r"tcp://(.+):(\d+)", endpoint).groups()
            check(services.get(host, {}).get(door) == int(port), f"no service leads to {endpoint}, the door {door} of {site}")
    said("Kubernetes: every role and bus is served once, and every endpoint of network.yaml is a service's port")
    collectors = next(one for one in resources if one["kind"] == "StatefulSet" and one["metadata"]["name"] == "collector-alpha")
    collectors["spec"]["replicas"] = 8
    names = {words[words.index("--role") + 1] for _, words in expanded(program, collectors)}
    check(names == {f"collector.alpha@alpha-{node}/{replica}" for node in range(1, 5) for replica in (1, 2)}, f"eight collectors are {sorted(names)}")
    said("scaled to eight, the collectors of a chain are two a node, each with a name of its own")


def kubernetes_pods(resources):
    for one in resources:
        if one["kind"] != "StatefulSet":
            continue
        name, pod = one["metadata"]["name"], one["spec"]["template"]["spec"]
        check(pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False, f"{name} may more than it needs")
        claims = {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", [])}
        volumes = {volume["name"] for volume in pod["volumes"]} | claims
        for container in pod["containers"] + pod["initContainers"]:
            rights = container["securityContext"]
            check(rights["readOnlyRootFilesystem"] and rights["capabilities"]["drop"] == ["ALL"] and not rights["allowPrivilegeEscalation"], f"{name}: {container['name']} may more than it needs")
            check({mount["name"] for mount in container["volumeMounts"]} <= volumes, f"{name}: {container['name']} mounts what is not there")
            check(container["resources"]["requests"] and container["resources"]["limits"], f"{name}: {container['name']} has no bounds")
        main = pod["containers"][0]
        for probe, path in [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]:
            check(main[probe]["httpGet"] == {"path": path, "port": "metrics"}, f"{name}: {probe} asks {main[probe]}")
        check({"name": "metrics", "containerPort": METRICS_PORT} in main["ports"], f"{name} shows no metrics")
        signs = one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] != "bus"
        check(bool(claims) == signs, f"{name}: who stores something has a claim, and nobody else")
        if signs:
            check(one["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}, f"{name}: stores could be deleted")
    said("every pod has probes, bounds, a claim if it stores, and no right that it does not need")


def kubernetes_policies(resources):
    """Who may connect to whom, computed from the policies, against what the network needs."""
    policies = [resource["spec"] for resource in resources if resource["kind"] == "NetworkPolicy"]
    pods = {one["metadata"]["name"]: one for one in resources if one["kind"] == "StatefulSet"}
    labels = {name: one["spec"]["template"]["metadata"]["labels"] for name, one in pods.items()}
    labels["a client"] = {"app.kubernetes.io/component": "client"}
    labels["somebody else"] = {}

    def allows(direction, side, mine, other, port):
        rules = [rule for policy in policies if direction in policy["policyTypes"] and matches(policy["podSelector"], labels[mine]) for rule in policy.get(direction.lower(), [])]
        return any(
            any("podSelector" in peer and "namespaceSelector" not in peer and matches(peer["podSelector"], labels[other]) for peer in rule.get(side, []))
            and any(one["port"] == port for one in rule.get("ports", [])) for rule in rules)

    for target in pods:
        for port in ["members", "publish", "clients", "metrics"]:
            for source in labels:
                if source == target:
                    continue
                part, site = labels[target]["app.kubernetes.io/component"], labels[target]["concordat/site"]
                own = labels[source].get("app.kubernetes.io/component")
                inside = own in ("node", "collector") and labels[source]["concordat/site"] == site
                wanted = part == "bus" and (port in ("members", "publish") and (inside or own == "bus") or port == "clients" and own == "client")
                may = allows("Ingress", "from", target, source, port) and allows("Egress", "to", source, target, port)
                check(may == wanted, f"{source} {'may' if may else 'may not'} reach the port {port} of {target}")
    metrics = [rule for policy in policies for rule in policy.get("ingress", []) if {"protocol": "TCP", "port": "metrics"} in rule["ports"]]
    check(len(metrics) == 1 and metrics[0]["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}], "metrics are open to others than the watchers")
    said("policies let each process reach its bus, buses each other, clients the clients' doors, watchers the metrics, and nobody anything else")


def kubernetes_keys(whole):
    """What keys.sh prints is what the pods unpack."""
    done = subprocess.run(["sh", str(KUBERNETES / "keys.sh"), whole.parts], capture_output=True, text=True, check=True)
    made = {resource["metadata"]["name"]: resource for resource in yaml.safe_load_all(done.stdout)}
    public = base64.b64decode(made["network"]["binaryData"]["network.yaml"])
    check(public == pathlib.Path(whole.made, "network.yaml").read_bytes(), "the ConfigMap is not network.yaml")
    seen = {}
    for name, resource in made.items():
        if resource["kind"] == "Secret":
            for entry, value in resource["data"].items():
                with tarfile.open(fileobj=io.BytesIO(base64.b64decode(value))) as tar:
                    files = {member.name: member.mode for member in tar.getmembers() if member.isfile()}
                check(files and all(mode & 0o077 == 0 for file, mode in files.items() if file != "wallets/book.yaml"), f"{name}/{entry}: {files}")
                seen[f"{name}/{entry}"] = files
    for node in [f"{chain}-{number}" for chain in ("alpha", "beta", "notary") for number in range(1, 5)]:
        files = seen[f"keys-{node.rsplit('-', 1)[0]}/{node}.tar"]
        check(f"keys/{node}.key" in files and all(f"@{node}.key" in file or file == f"keys/{node}.key" for file in files), f"{node} gets {sorted(files)}")
    check([file for files in seen.values() for file in files if file.startswith("wallets/")] and all("wallets" not in file for name, files in seen.items() if name != "clients/clients.tar" for file in files), "accounts' keys go to others than clients")
    said("keys.sh gives each bus and each node its own keys, of mode 0600, and accounts to clients alone")
    return list(made.values())


def kubernetes_secrets_exist(resources, secrets):
    there = {(resource["kind"], resource["metadata"]["name"]) for resource in secrets}
    for one in resources:
        if one["kind"] == "StatefulSet":
            for volume in one["spec"]["template"]["spec"]["volumes"]:
                if "secret" in volume:
                    check(("Secret", volume["secret"]["secretName"]) in there, f"{one['metadata']['name']} mounts {volume['secret']['secretName']}, which keys.sh does not make")
                if "configMap" in volume:
                    check(("ConfigMap", volume["configMap"]["name"]) in there, f"{one['metadata']['name']} mounts {volume['configMap']['name']}, which keys.sh does not make")
    said("every Secret and ConfigMap that pods mount is one that keys.sh makes")


def main(program):
    compose = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    resources = kubernetes_resources()
    with tempfile.TemporaryDirectory(prefix="concordat-manifests-") as folder:
        whole, small = Catalogue(program, folder, 4, 4), Catalogue(program, folder, 1, 1)
        compose_profiles(program, compose, whole, small)
        compose_folders(compose, whole)
        compose_health(compose)
        compose_environment(program, compose)
        prometheus_finds_all(compose)
        secrets = kubernetes_keys(whole)
        kubernetes_schema(resources, secrets)
        kubernetes_secrets_exist(resources, secrets)
        kubernetes_selectors(resources)
        kubernetes_budgets(resources)
        kubernetes_pods(resources)
        kubernetes_policies(resources)
        kubernetes_roles(program, resources, whole)


if __name__ == "__main__":
    main(sys.argv[1])
