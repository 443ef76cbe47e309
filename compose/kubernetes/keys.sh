#!/bin/sh
# Prints what a network's processes need in Kubernetes, a ConfigMap of network.yaml and a Secret for each bus and each chain's nodes:
#   concordat init --host bus-SITE --data made && concordat keys split --data made --to parts
#   sh compose/kubernetes/keys.sh parts | kubectl apply -n concordat -f -
# It prints secrets: pipe them on, or keep them where secrets are kept.
set -eu
parts=${1:?"Give the folder that concordat keys split has made."}

# A folder of keys as one file, since names of keys have characters that a Secret's may not have.
packed() { tar -C "$1" --owner=0 --group=0 --sort=name -cf - keys | base64 -w 0; }

printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: network}\nbinaryData:\n  network.yaml: %s\n' "$(base64 -w 0 < "$parts/clients/network.yaml")"
for bus in "$parts"/buses/*; do
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: keys-bus-%s}\ntype: Opaque\ndata:\n  keys.tar: %s\n' "$(basename "$bus")" "$(packed "$bus")"
done
for chain in $(ls "$parts/nodes" | sed 's/-[0-9]*$//' | sort -u); do
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: keys-%s}\ntype: Opaque\ndata:\n' "$chain"
  for node in "$parts/nodes/$chain"-*; do printf '  %s.tar: %s\n' "$(basename "$node")" "$(packed "$node")"; done
done
printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: clients}\ntype: Opaque\ndata:\n  clients.tar: %s\n' "$(tar -C "$parts/clients" --owner=0 --group=0 --sort=name -cf - keys wallets | base64 -w 0)"
