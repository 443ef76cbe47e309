// One view of the page each: its title, its twin on the command line, its elements, and how a new board changes them.
import { amount, clock, facts, make, mark, say, short, span, table } from "./dom.js";
import { account, block, transaction } from "./details.js";

const rate = (number) => (number === undefined ? "-" : `${number.toFixed(1)}/s`);
const oldAfterMilliseconds = 10000;

// How long ago something was, greyed when that is long.
function since(board, milliseconds) {
  if (!milliseconds) return { text: "never", mark: "old" };
  const age = board.time_milliseconds - milliseconds;
  return { text: `${span(age)} ago`, mark: age > oldAfterMilliseconds ? "old" : "" };
}

function stateMark(transfer) {
  if (!transfer.ended) return "warn";
  return transfer.state.startsWith("rejected") || transfer.state === "refunded" ? "bad" : "good";
}

function transferRow(board, transfer) {
  const waits = transfer.ended ? "" : `waits ${transfer.waiting}, ${span(board.time_milliseconds - transfer.first_milliseconds)}`;
  const what = [amount(transfer.amount, transfer.asset), amount(transfer.to_amount, transfer.to_asset)].filter(Boolean).join(" → ");
  return [
    { text: short(transfer.id), href: `#/transaction/${transfer.id}`, title: transfer.id }, transfer.kind, what || "-", transfer.chains.join(" → ") || "-",
    { text: transfer.state, mark: stateMark(transfer) }, { text: transfer.steps.map((step) => step.what).join(" · "), mark: "faint" }, waits, transfer.memo,
  ];
}

const transferHeadings = ["Id", "Kind", "Amount", "Chains", "State", "Steps", "Waiting", "Memo"];

function pipeline() {
  const flows = make("div");
  const note = make("p", { class: "faint" });
  const chains = table("Chains", ["Chain", "#Final block", "#Transactions", "Newest block", "Nodes that answer"]);
  const waiting = table("Oldest that have not ended", transferHeadings);
  const lists = new Map();
  const boxes = new Map();
  function flow(chain) {
    if (!lists.has(chain)) {
      const list = make("ul", { class: "flow", "aria-label": `Stages of ${chain} in the order in which a transaction meets them` });
      flows.append(make("h3", {}, chain), list);
      lists.set(chain, list);
    }
    return lists.get(chain);
  }
  function box(stage) {
    const key = `${stage.role}.${stage.chain}`;
    if (!boxes.has(key)) {
      const list = facts(["ready", "in", "out", "queue", "for", "busy", "faults"]);
      const item = make("li", {}, make("h4", {}, stage.role), list.element);
      flow(stage.chain).append(item);
      boxes.set(key, { item, list, name: item.firstElementChild });
    }
    return boxes.get(key);
  }
  return {
    title: "Pipeline", twin: "concordat top",
    elements: [make("h2", {}, "Stages"), flows, note, make("h2", {}, "Chains"), chains.element, make("h2", {}, "In flight"), waiting.element],
    update(board) {
      for (const stage of board.stages) {
        const { item, list, name } = box(stage);
        mark(item, stage.bottleneck ? "bottleneck" : "");
        say(name, stage.bottleneck ? `${stage.role} · bottleneck` : stage.role);
        list.set("ready", { text: `${stage.alive} of ${stage.expected}`, mark: stage.alive < stage.expected ? "bad" : "", title: stage.silent.join(", ") });
        list.set("in", rate(stage.received_per_second));
        list.set("out", rate(stage.sent_per_second));
        list.set("queue", stage.unsent ? `${stage.waiting}, and ${stage.unsent} for the bus` : stage.waiting);
        list.set("for", stage.waiting_milliseconds ? span(stage.waiting_milliseconds) : "-");
        list.set("busy", `${Math.round(stage.busy_share * 100)} %`);
        list.set("faults", { text: rate(stage.faults_per_second), mark: stage.faults_per_second > 0 ? "bad" : "" });
      }
      say(note, board.hearing.is_listening ? "Messages a second in and out; for how long something has waited; the busiest instance's share of its time."
        : "Roles are not heard: the gateway has no key of a tap.");
      chains.update(board.chains.map((chain) => {
        const newest = chain.blocks[chain.blocks.length - 1];
        const alive = chain.nodes.filter((node) => board.time_milliseconds - node.answered_milliseconds < oldAfterMilliseconds).length;
        return [
          { text: chain.chain, href: `#/chains/${chain.chain}` }, newest ? newest.height : "-", rate(chain.transactions_per_second),
          newest ? since(board, newest.time_milliseconds) : "-", { text: `${alive} of ${chain.nodes.length}`, mark: alive < chain.nodes.length ? "bad" : "good" },
        ];
      }));
      waiting.update(board.waiting.map((transfer) => transferRow(board, transfer)), "Nothing waits.");
    },
  };
}

function transfers() {
  const choice = make("select", { id: "choice" }, ...["all", "waiting", "ended", "rejected or refunded"].map((name) => make("option", { value: name }, name)));
  const list = table("Newest first", transferHeadings);
  const count = make("p", { class: "faint" });
  let last = null;
  const view = {
    title: "Transfers", twin: "concordat trace ID",
    elements: [make("p", {}, make("label", { for: "choice" }, "Show "), choice), count, list.element],
    update(board) {
      last = board;
      const isShown = {
        all: () => true, waiting: (item) => !item.ended, ended: (item) => item.ended, "rejected or refunded": (item) => item.ended && stateMark(item) === "bad",
      }[choice.value];
      const items = choice.value === "waiting" ? board.waiting : board.transfers.filter(isShown);
      say(count, `${board.waiting_count} wait, of those that this gateway has seen`);
      list.update(items.map((transfer) => transferRow(board, transfer)), "No transfer has been seen yet.");
    },
  };
  choice.addEventListener("change", () => last && view.update(last));
  return view;
}

function consensus() {
  const nodes = table("Nodes", ["Chain", "Node", "#Final block", "#Behind", "Last answer"]);
  const notaries = table("Notaries: which of them signed the last blocks of sub-chains (● signed, · did not)", ["Notary", "Signed", "#Share"]);
  const voters = table("Voters: whose votes made the last blocks final", ["Chain", "Node", "Signed", "#Share"]);
  function grid(blocks, isSigned) {
    const signs = blocks.map((item) => (isSigned(item) ? "●" : "·"));
    return [{ text: signs.join(""), mark: "grid" }, blocks.length ? `${Math.round((100 * signs.filter((sign) => sign === "●").length) / blocks.length)} %` : "-"];
  }
  return {
    title: "Consensus and notaries", twin: "concordat status; concordat notary list",
    elements: [nodes.element, make("h2", {}, "Notaries"), notaries.element, make("h2", {}, "Voters"), voters.element],
    update(board) {
      nodes.update(board.chains.flatMap((chain) => {
        const highest = Math.max(0, ...chain.nodes.map((node) => node.height ?? 0));
        return chain.nodes.map((node) => [
          chain.chain, node.node, node.height ?? "-", { text: node.height === undefined ? "-" : highest - node.height, mark: highest - (node.height ?? 0) > 3 ? "bad" : "" },
          since(board, node.answered_milliseconds),
        ]);
      }));
      const notary = board.chains.find((chain) => chain.chain === "notary");
      const certified = board.chains.filter((chain) => chain.chain !== "notary").flatMap((chain) => chain.blocks).filter((item) => item.notary_signers.length)
        .sort((left, right) => left.time_milliseconds - right.time_milliseconds).slice(-40);
      notaries.update((notary?.nodes ?? []).map((node) => [node.node, ...grid(certified, (item) => item.notary_signers.includes(node.node))]));
      voters.update(board.chains.flatMap((chain) => {
        const voted = chain.blocks.filter((item) => item.finality_signers.length).slice(-40);
        return chain.nodes.map((node) => [chain.chain, node.node, ...grid(voted, (item) => item.finality_signers.includes(node.node))]);
      }));
    },
  };
}

function chains(parts, ask) {
  if (parts.length > 1) return block(parts[0], parts[1], ask);
  const list = table("Chains", ["Chain", "Engine", "#Final block", "#Transactions", "#Nodes"]);
  const blocks = table("Newest blocks", ["Chain", "#Height", "Time", "#Transactions", "#Notaries signed", "#Votes", "Hash"]);
  const only = parts[0];
  return {
    title: only ? `Chain ${only}` : "Chains and accounts", twin: only ? `concordat status; concordat headers --chain ${only}` : "concordat status; concordat balance NAME",
    tab: "chains",
    elements: [make("p", { class: "faint" }, "An account is shown when its address is given above."), list.element, make("h2", {}, "Blocks"), blocks.element],
    update(board) {
      const shown = board.chains.filter((chain) => !only || chain.chain === only);
      list.update(shown.map((chain) => [
        { text: chain.chain, href: `#/chains/${chain.chain}` }, chain.engine, chain.blocks.length ? chain.blocks[chain.blocks.length - 1].height : "-",
        rate(chain.transactions_per_second), chain.nodes.length,
      ]), "There is no such chain.");
      const newest = shown.flatMap((chain) => chain.blocks).sort((left, right) => right.time_milliseconds - left.time_milliseconds).slice(0, 40);
      blocks.update(newest.map((item) => [
        item.chain, { text: item.height, href: `#/chains/${item.chain}/${item.height}` }, clock(item.time_milliseconds), item.transactions, item.notary_signatures,
        item.finality_signatures, { text: short(item.hash), title: item.hash },
      ]), "No block has been seen yet.");
    },
  };
}

function bridge() {
  const list = table("Pegs: what is in custody on the main chain against what is out on the side chain", [
    "Peg", "#Custody", "#Out", "#To issue", "#To release", "Covered", "Issuers", "Releasers"]);
  return {
    title: "Bridge", twin: "concordat bridge status", elements: [list.element],
    update(board) {
      list.update(board.pegs.map((peg) => {
        const [custody, out, toIssue, toRelease] = [peg.custody, peg.outstanding, peg.to_issue, peg.to_release].map(BigInt);
        const isCovered = custody >= out + toRelease;
        return [
          `${peg.peg}@${peg.version}`, amount(peg.custody, `${peg.asset} on ${peg.main}`), amount(peg.outstanding, `${peg.wrapped} on ${peg.side}`),
          { text: amount(peg.to_issue), mark: toIssue > 0n ? "warn" : "" }, { text: amount(peg.to_release), mark: toRelease > 0n ? "warn" : "" },
          { text: isCovered ? "yes" : "NO", mark: isCovered ? "good" : "bad" }, `${peg.issue_threshold} of ${peg.issuers}`, `${peg.release_threshold} of ${peg.releasers}`,
        ];
      }), "This network has no peg.");
    },
  };
}

function roles() {
  const list = table("Role instances, as they say of themselves every two seconds", ["Instance", "Role", "Chain", "Node", "#Block", "#Queue", "For", "#Faults", "Up", "Last sign"]);
  return {
    title: "Roles", twin: "concordat top; concordat tap --kind beat", elements: [list.element],
    update(board) {
      list.update(board.roles.map((role) => [
        role.source, role.role, role.chain, role.node, role.height || "-", role.waiting, role.waiting_milliseconds ? span(role.waiting_milliseconds) : "-",
        role.faults, role.started_milliseconds ? span(board.time_milliseconds - role.started_milliseconds) : "-", since(board, role.beat_milliseconds),
      ]), "This network has no role.");
    },
  };
}

function alarms() {
  const note = make("p", { class: "faint" });
  const list = table("The gravest first", ["Severity", "Code", "#Times", "Last", "By", "What"]);
  return {
    title: "Alarms", twin: "concordat alarms", elements: [note, list.element],
    update(board) {
      const { is_listening: isListening, silent_sites: silent, missed } = board.hearing;
      say(note, !isListening ? "Alarms are not heard: the gateway has no key of a tap." : silent.length ? `Not heard: the bus of ${silent.join(", ")}.`
        : missed ? `${missed} messages were lost before they were heard.` : "What to do about each: docs/operations.md.");
      list.update(board.alarms.map((alarm) => [
        { text: alarm.severity, mark: alarm.severity === "critical" ? "bad" : alarm.severity === "warning" ? "warn" : "" }, alarm.code, alarm.times,
        since(board, alarm.last_milliseconds).text, alarm.sources.join(", "), alarm.detail,
      ]), "No alarm, as far as the buses' logs go back.");
    },
  };
}

export const views = { pipeline, transfers, consensus, chains, bridge, roles, alarms, transaction, account };
