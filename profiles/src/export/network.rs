//! Kubernetes NetworkPolicy (networking.k8s.io/v1) and CiliumNetworkPolicy (cilium.io/v2).
use super::{Exported, has_files, lost_who, name, nets};
use crate::act::Act;
use crate::net::{Host, NetPattern};
use crate::profile::Profile;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

/// A port, or a range of them, of one protocol.
type Ports = BTreeSet<(u16, u16, &'static str)>;

#[derive(Default)]
struct Egress {
    addresses: BTreeMap<String, Ports>,
    names: BTreeMap<String, Ports>,
    anywhere: Ports,
    listens: Ports,
    lost: Vec<String>,
}

/// Where the profile lets packets go, loopback and sockets of the machine left out: policies do not see those.
fn egress(profile: &Profile) -> Egress {
    let mut all = Egress::default();
    for net in nets(profile, &[Act::Connect, Act::Send]) {
        let NetPattern::Inet { host, ports, protocol } = &net else { continue };
        if matches!(host, Host::Address(a) if a.is_loopback()) {
            continue;
        }
        let (Some(kind), Some((low, high))) = (kind(protocol), ports) else {
            all.lost.push(format!("network: {net}"));
            continue;
        };
        let port = (*low, *high, kind);
        match host {
            Host::Any => all.anywhere.insert(port),
            Host::Address(IpAddr::V4(a)) => all.addresses.entry(format!("{a}/32")).or_default().insert(port),
            Host::Address(IpAddr::V6(a)) => all.addresses.entry(format!("{a}/128")).or_default().insert(port),
            Host::Name(name) => all.names.entry(name.to_string()).or_default().insert(port),
        };
    }
    for net in nets(profile, &[Act::Listen]) {
        if let NetPattern::Inet { host, ports: Some((low, high)), protocol } = &net
            && !matches!(host, Host::Address(a) if a.is_loopback())
            && let Some(kind) = kind(protocol)
        {
            all.listens.insert((*low, *high, kind));
        }
    }
    if has_files(profile) {
        all.lost.push("programs and files: a network policy speaks of the network of a whole pod".to_owned());
    }
    lost_who(profile, &mut all.lost);
    all
}

fn kind(protocol: &str) -> Option<&'static str> {
    match protocol {
        "tcp" => Some("TCP"),
        "udp" => Some("UDP"),
        "sctp" => Some("SCTP"),
        _ => None,
    }
}

fn head(out: &mut String, version: &str, kind: &str, name: &str, selector: &str) {
    let _ = write!(
        out,
        "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: sekisho-{name}\nspec:\n  {selector}:\n    matchLabels:\n      sekisho.dev/step: \"{name}\"\n"
    );
}

pub(super) fn kubernetes(profile: &Profile) -> Exported {
    let mut all = egress(profile);
    let mut out = String::new();
    head(&mut out, "networking.k8s.io/v1", "NetworkPolicy", &name(profile), "podSelector");
    out.push_str("  policyTypes:\n    - Egress\n    - Ingress\n");
    out.push_str(if all.addresses.is_empty() && all.anywhere.is_empty() { "  egress: []\n" } else { "  egress:\n" });
    for (cidr, ports) in &all.addresses {
        let _ = writeln!(out, "    - to:\n        - ipBlock:\n            cidr: {cidr}");
        kubernetes_ports(&mut out, "      ", ports);
    }
    if !all.anywhere.is_empty() {
        out.push_str("    -\n");
        kubernetes_ports(&mut out, "      ", &all.anywhere);
    }
    if all.listens.is_empty() {
        out.push_str("  ingress: []\n");
    } else {
        out.push_str("  ingress:\n    -\n");
        kubernetes_ports(&mut out, "      ", &all.listens);
    }
    for name in all.names.keys() {
        all.lost.push(format!("host {name}: a NetworkPolicy has addresses only (`--to cilium` has names)"));
    }
    Exported { text: out, lost: all.lost }
}

fn kubernetes_ports(out: &mut String, indent: &str, ports: &Ports) {
    let _ = writeln!(out, "{indent}ports:");
    for (low, high, protocol) in ports {
        let _ = writeln!(out, "{indent}  - protocol: {protocol}");
        if (*low, *high) != (0, u16::MAX) {
            let _ = writeln!(out, "{indent}    port: {low}");
            if low != high {
                let _ = writeln!(out, "{indent}    endPort: {high}");
            }
        }
    }
}

pub(super) fn cilium(profile: &Profile) -> Exported {
    let mut all = egress(profile);
    let mut out = String::new();
    head(&mut out, "cilium.io/v2", "CiliumNetworkPolicy", &name(profile), "endpointSelector");
    let none = all.addresses.is_empty() && all.names.is_empty() && all.anywhere.is_empty();
    // One empty rule turns on default deny (docs.cilium.io, "Rule Basics").
    out.push_str(if none { "  egress:\n    - {}\n" } else { "  egress:\n" });
    for (name, ports) in &all.names {
        let key = if name.starts_with("*.") { "matchPattern" } else { "matchName" };
        let _ = writeln!(out, "    - toFQDNs:\n        - {key}: \"{name}\"");
        cilium_ports(&mut out, ports);
    }
    for (cidr, ports) in &all.addresses {
        let _ = writeln!(out, "    - toCIDR:\n        - {cidr}");
        cilium_ports(&mut out, ports);
    }
    if !all.anywhere.is_empty() {
        out.push_str("    - toEntities:\n        - world\n");
        cilium_ports(&mut out, &all.anywhere);
    }
    if !all.names.is_empty() {
        out.push_str(
            "    - toEndpoints:\n        - matchLabels:\n            k8s:io.kubernetes.pod.namespace: kube-system\n            k8s-app: kube-dns\n      \
             toPorts:\n        - ports:\n            - port: \"53\"\n              protocol: ANY\n          rules:\n            dns:\n",
        );
        for name in all.names.keys() {
            let key = if name.starts_with("*.") { "matchPattern" } else { "matchName" };
            let _ = writeln!(out, "              - {key}: \"{name}\"");
        }
    }
    if all.listens.is_empty() {
        out.push_str("  ingress:\n    - {}\n");
    } else {
        out.push_str("  ingress:\n    - fromEntities:\n        - all\n");
        cilium_ports(&mut out, &all.listens);
    }
    all.lost.push("ports of `*` are written as all ports of the protocol".to_owned());
    Exported { text: out, lost: all.lost }
}

fn cilium_ports(out: &mut String, ports: &Ports) {
    out.push_str("      toPorts:\n        - ports:\n");
    for (low, high, protocol) in ports {
        let low = if (*low, *high) == (0, u16::MAX) { 0 } else { *low };
        let _ = writeln!(out, "            - port: \"{low}\"");
        if low != *high && low > 0 {
            let _ = writeln!(out, "              endPort: {high}");
        }
        let _ = writeln!(out, "              protocol: {protocol}");
    }
}
