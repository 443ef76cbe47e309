// What is shown comes from one board of the gateway: by server-sent events, and by asking when these do not come.
import { mark, say, span } from "./dom.js";
import { views } from "./views.js";

const pollMilliseconds = 2000;
const staleMilliseconds = 4000;
const silentMilliseconds = 6000;

const state = { board: null, heardAt: 0, way: "none", view: null, route: null };
const byId = (id) => document.getElementById(id);

export async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  const content = await answer.json();
  if (!answer.ok) throw new Error(`${content.detail}. ${content.suggestion}`);
  return content;
}

function take(board, way) {
  state.board = board;
  state.heardAt = performance.now();
  state.way = way;
  say(byId("network"), `· ${board.name} · ${board.network.slice(0, 8)}`);
  const grave = board.alarms.filter((alarm) => alarm.severity === "critical").length;
  const count = byId("alarm-count");
  count.hidden = grave === 0;
  say(count, grave);
  count.setAttribute("aria-label", `${grave} critical`);
  if (state.view) state.view.update(board);
  tellFreshness();
}

function tellFreshness() {
  const line = byId("freshness");
  const age = state.heardAt ? performance.now() - state.heardAt : null;
  // The gateway may be well, and the network behind it silent.
  const silence = state.board ? state.board.time_milliseconds - Math.max(...state.board.chains.map((chain) => chain.heard_milliseconds)) : 0;
  const isSilent = silence > silentMilliseconds;
  const isStale = age !== null && (age > staleMilliseconds || isSilent);
  mark(document.body, isStale ? "stale" : "");
  if (age === null) return;
  mark(line, isStale ? "stale" : "");
  const way = state.way === "events" ? "live" : "asked every 2 s";
  // Said once a second it would keep a screen reader talking: only changes are said.
  say(line, !isStale ? way : isSilent ? "Stale: the network does not answer the gateway" : `Stale: nothing new for more than ${Math.floor(staleMilliseconds / 1000)} s`);
  line.title = isStale ? `last news ${span(age)} ago` : "";
}

let source = null;
function listen() {
  if (source || document.hidden) return;
  source = new EventSource("/v1/events?kinds=board");
  source.addEventListener("board", (event) => take(JSON.parse(event.data), "events"));
  source.addEventListener("cut", () => { source.close(); source = null; });
}

async function poll() {
  if (!document.hidden) {
    const isQuiet = !state.heardAt || performance.now() - state.heardAt > pollMilliseconds + 500;
    if (isQuiet || state.way === "asking") {
      try { take(await ask("/v1/board"), "asking"); } catch { tellFreshness(); }
    }
    if (source && source.readyState === EventSource.CLOSED) source = null;
    listen();
    tellFreshness();
  }
  setTimeout(poll, pollMilliseconds);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden && source) { source.close(); source = null; } else listen();
});

function route() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent).filter(Boolean);
  const name = views[parts[0]] ? parts[0] : "pipeline";
  const key = [name, ...parts.slice(1)].join("/");
  if (state.route === key) return byId("content").focus();
  const isFirst = state.route === null;
  state.route = key;
  const view = views[name](parts.slice(1), ask);
  state.view = view;
  say(byId("title"), view.title);
  document.title = `${view.title} · Concordat`;
  say(byId("twin"), view.twin);
  byId("view").replaceChildren(...view.elements);
  for (const link of byId("views").querySelectorAll("a")) {
    if (link.getAttribute("href") === `#/${view.tab ?? name}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  if (state.board) view.update(state.board);
  if (!isFirst) byId("content").focus();
}

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("query").value.trim();
  if (/^cc1[0-9a-z]{58}$/.test(text)) location.hash = `#/account/${text}`;
  else if (/^[0-9a-fA-F]{4,64}$/.test(text)) {
    const known = [...(state.board?.transfers ?? []), ...(state.board?.waiting ?? [])].find((item) => item.id.startsWith(text.toLowerCase()));
    location.hash = `#/transaction/${known ? known.id : text.toLowerCase()}`;
  } else {
    byId("query").setCustomValidity("An id or xid of hexadecimal digits, or an address that begins with cc1.");
    byId("query").reportValidity();
  }
});
byId("query").addEventListener("input", () => byId("query").setCustomValidity(""));
addEventListener("hashchange", route);
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); byId("content").focus(); });

route();
listen();
poll();
setInterval(tellFreshness, 1000);
