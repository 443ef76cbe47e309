// One transaction, one block, one account: asked for once, and again while something may still change.
import { amount, clock, facts, make, say, short, span, table } from "./dom.js";

const againMilliseconds = 2000;

// Asks now, and again as long as `isOpen` says so and the view is shown.
function follow(view, load, isOpen) {
  const fault = make("p", { class: "bad", role: "alert" });
  view.elements.push(fault);
  const turn = async () => {
    let goesOn = true;
    try {
      goesOn = isOpen(await load());
      say(fault, "");
    } catch (error) {
      say(fault, error.message);
    }
    if (goesOn) setTimeout(() => { if (fault.isConnected) turn(); }, againMilliseconds);
  };
  setTimeout(turn, 0);
  return view;
}

function stepsOf(status) {
  const steps = status.steps.slice().sort((left, right) => left.time_milliseconds - right.time_milliseconds);
  const first = steps.length ? steps[0].time_milliseconds : 0;
  const rows = [];
  for (const step of steps) {
    const known = rows.find((row) => row.step.step === step.step && row.step.what === step.what && row.step.chain === step.chain && row.step.height === step.height);
    if (known) known.others += 1; else rows.push({ step, others: 0 });
  }
  return rows.map(({ step, others }) => ({
    at: `+${span(step.time_milliseconds - first)}`,
    text: `${step.step} ${step.what}${step.chain ? `, ${step.chain}` : ""}${step.height ? ` block ${step.height}` : ""} (${step.source}${others ? ` and ${others} more` : ""})`,
  }));
}

export function transaction(parts, ask) {
  const id = parts[0] ?? "";
  const summary = facts(["state", "from", "to", "legs", "deadline", "memo", "id"]);
  const timeline = make("ol", { class: "steps" });
  const standings = table("How each chain sees it", ["Chain", "State", "#Block", "Why"]);
  const proofs = table("Receipt, as the gateway has verified it", ["Chain", "What", "Outcome", "#Block", "Recorded in notary block"]);
  const proofNote = make("p", {});
  const raw = make("pre", { tabindex: "0" });
  const panels = {
    Timeline: [make("h2", {}, "Timeline"), timeline, standings.element],
    Proofs: [make("h2", {}, "Proofs"), proofNote, proofs.element],
    JSON: [make("h2", {}, "JSON"), raw],
  };
  const tabs = make("div", { class: "tabs", role: "tablist", "aria-label": "What to show of it" });
  const sections = Object.entries(panels).map(([name, children], index) => {
    const tab = make("button", { role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "aria-selected": index === 0, tabindex: index === 0 ? 0 : -1 }, name);
    const panel = make("section", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` }, ...children);
    panel.hidden = index !== 0;
    tabs.append(tab);
    return { tab, panel };
  });
  function choose(index) {
    sections.forEach(({ tab, panel }, other) => {
      tab.setAttribute("aria-selected", other === index);
      tab.tabIndex = other === index ? 0 : -1;
      panel.hidden = other !== index;
    });
    sections[index].tab.focus();
  }
  sections.forEach(({ tab }, index) => {
    tab.addEventListener("click", () => choose(index));
    tab.addEventListener("keydown", (event) => {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (move) choose((index + move + sections.length) % sections.length);
    });
  });

  async function load() {
    let status;
    try { status = await ask(`/v1/cross-transactions/${id}`); } catch { status = await ask(`/v1/transactions/${id}/trace`); }
    const plain = await ask(`/v1/transactions/${id}`);
    const receipt = await ask(`/v1/receipts/${id}`).catch((error) => ({ missing: error.message, parts: [] }));
    const cross = status.cross;
    summary.set("state", { text: status.ended ? status.state : `waiting: ${status.state}`, mark: status.ended ? "good" : "warn" });
    summary.set("from", cross ? { text: cross.initiator, href: `#/account/${cross.initiator}` } : "-");
    const payee = cross?.legs[cross.legs.length - 1].to;
    summary.set("to", cross ? { text: payee, href: `#/account/${payee}` } : "-");
    summary.set("legs", cross ? cross.legs.map((leg) => `${amount(leg.amount, leg.asset)} on ${leg.chain}`).join(", ") : "-");
    summary.set("deadline", cross ? new Date(cross.deadline_milliseconds).toISOString() : "-");
    summary.set("memo", cross?.memo ?? "-");
    summary.set("id", { text: id, mark: "mono" });
    const items = stepsOf(status).map((step) => make("li", {}, make("span", { class: "at" }, step.at), step.text));
    if (!status.ended) items.push(make("li", { class: "open" }, make("span", { class: "at" }, "now"), status.state));
    timeline.replaceChildren(...items);
    standings.update(plain.chains.map((item) => [item.chain, item.state, item.height || "-", item.reason ?? ""]), "Collectors have put it away.");
    const file = make("a", { href: `/v1/receipts/${id}`, download: `${id}.json` }, "receipt as a file");
    if (receipt.missing) proofNote.replaceChildren(receipt.missing);
    else {
      proofNote.replaceChildren(
        `Holds: ${receipt.ending}${receipt.reason ? `, ${receipt.reason}` : ""}; ${receipt.recorded ? "recorded by the notaries" : "not recorded everywhere yet"}. Verify it yourself: `,
        make("code", {}, `concordat receipt get ${id}`), " or take the ", file, ".");
    }
    proofs.update(receipt.parts.map((part) => [part.chain, part.what, part.outcome, part.height, part.recorded_in_notary_height ?? "not yet"]), "No final block holds a part of it yet.");
    say(raw, JSON.stringify({ status, standings: plain.chains, receipt }, null, 1));
    return status.ended && receipt.recorded;
  }
  const view = {
    title: `Transaction ${short(id)}`, twin: `concordat trace ${id}`, tab: "transfers",
    elements: [summary.element, tabs, ...sections.map(({ panel }) => panel)], update() {},
  };
  return follow(view, load, (isDone) => !isDone);
}

export function block(chain, height, ask) {
  const summary = facts(["chain", "height", "time", "slot", "builder", "notaries signed", "votes", "parent", "hash", "state root"]);
  const list = table("Transactions", ["Id", "Kind", "Outcome", "From", "To", "Amount", "Memo"]);
  const view = {
    title: `Block ${height} of ${chain}`, twin: `concordat headers --chain ${chain}`, tab: "chains", elements: [summary.element, make("h2", {}, "Transactions"), list.element],
    update() {},
  };
  return follow(view, async () => {
    const item = await ask(`/v1/chains/${encodeURIComponent(chain)}/blocks/${encodeURIComponent(height)}`);
    const values = {
      chain: { text: item.chain, href: `#/chains/${item.chain}` }, height: item.height, time: new Date(item.time_milliseconds).toISOString(), slot: item.slot,
      builder: item.builder, "notaries signed": item.notary_signatures, votes: item.finality_signatures, parent: item.parent, hash: item.hash, "state root": item.state_root,
    };
    for (const [name, value] of Object.entries(values)) summary.set(name, value);
    list.update(item.transactions.map((one) => {
      const leg = one.cross?.legs[0];
      const last = one.cross?.legs[one.cross.legs.length - 1];
      const name = one.xid ?? one.id;
      return [
        { text: short(name), href: `#/transaction/${name}`, title: name }, one.kind, { text: one.outcome, mark: one.outcome === "applied" ? "good" : "bad" },
        { text: short(one.from ?? leg?.from), title: one.from ?? leg?.from }, { text: short(one.to ?? last?.to), title: one.to ?? last?.to },
        amount(one.amount ?? leg?.amount, one.asset ?? leg?.asset ?? one.contract), one.memo ?? one.cross?.memo ?? one.said ?? "",
      ];
    }), "It holds no transaction.");
    return true;
  }, () => false);
}

export function account(parts, ask) {
  const address = parts[0] ?? "";
  const balances = table("What it owns", ["Chain", "Asset", "#Amount", "#Held", "#As of block", "Time"]);
  const legs = table("What waits for its consent", ["Xid", "From", "Legs", "Deadline", "Memo"]);
  const view = {
    title: `Account ${short(address)}`, twin: `concordat balance ${address}`, tab: "chains",
    elements: [make("p", { class: "mono" }, address), balances.element, make("h2", {}, "Waiting for it"), legs.element], update() {},
  };
  return follow(view, async () => {
    const item = await ask(`/v1/accounts/${encodeURIComponent(address)}`);
    balances.update(item.chains.flatMap((chain) => chain.balances.map((balance) => [
      chain.chain, balance.asset, amount(balance.amount), amount(balance.held), chain.height, clock(chain.time_milliseconds),
    ])), "It owns nothing.");
    const waiting = await ask(`/v1/accounts/${encodeURIComponent(address)}/legs`);
    legs.update(waiting.map((cross) => [
      { text: short(cross.xid), href: `#/transaction/${cross.xid}`, title: cross.xid }, { text: short(cross.initiator), title: cross.initiator },
      cross.legs.map((leg) => `${amount(leg.amount, leg.asset)} on ${leg.chain}`).join(", "), clock(cross.deadline_milliseconds), cross.memo,
    ]), "Nothing waits for it.");
    return true;
  }, () => true);
}
