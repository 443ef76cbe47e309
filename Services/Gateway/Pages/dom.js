// Everything that is shown goes through textContent: other people's words stay text.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  for (const child of children) element.append(typeof child === "object" ? child : document.createTextNode(String(child)));
  return element;
}

export function say(element, text) {
  const words = String(text);
  if (element.textContent !== words) element.textContent = words;
}

export function mark(element, name) {
  if (element.className !== name) element.className = name;
}

// A cell is text, or {text, href, mark, title}. Rows and cells that are there are used again, so that an update touches what has changed.
function fill(cell, value) {
  const item = typeof value === "object" && value !== null ? value : { text: value ?? "" };
  mark(cell, item.mark ?? "");
  if (item.title) { if (cell.title !== item.title) cell.title = item.title; } else if (cell.title) cell.removeAttribute("title");
  if (!item.href) {
    say(cell, item.text);
    return;
  }
  let link = cell.firstElementChild;
  if (!link || link.tagName !== "A") {
    link = make("a");
    cell.replaceChildren(link);
  }
  if (link.getAttribute("href") !== item.href) link.setAttribute("href", item.href);
  say(link, item.text);
}

export function table(caption, headings) {
  const body = make("tbody");
  const head = make("tr");
  for (const heading of headings) {
    const isNumber = heading.startsWith("#");
    head.append(make("th", { scope: "col", class: isNumber ? "number" : undefined }, isNumber ? heading.slice(1) : heading));
  }
  const element = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, make("table", {}, make("caption", {}, caption), make("thead", {}, head), body));
  const numbers = headings.map((heading) => heading.startsWith("#"));
  return {
    element,
    update(rows, empty = "nothing") {
      const shown = rows.length ? rows : [[{ text: empty, mark: "faint" }]];
      while (body.rows.length > shown.length) body.deleteRow(-1);
      shown.forEach((row, index) => {
        const line = body.rows[index] ?? body.insertRow();
        while (line.cells.length > row.length) line.deleteCell(-1);
        row.forEach((value, column) => {
          const cell = line.cells[column] ?? line.insertCell();
          fill(cell, value);
          if (rows.length && numbers[column]) cell.classList.add("number");
          cell.colSpan = rows.length ? 1 : headings.length;
        });
      });
    },
  };
}

export function facts(pairs) {
  const list = make("dl");
  const cells = new Map();
  for (const name of pairs) {
    const cell = make("dd");
    cells.set(name, cell);
    list.append(make("dt", {}, name), cell);
  }
  return { element: list, set(name, value) { fill(cells.get(name), value); } };
}

export const short = (text) => (text && text.length > 18 ? `${text.slice(0, 10)}…${text.slice(-4)}` : text ?? "");

export function amount(text, asset) { return text ? `${text.replace(/\B(?=(\d{3})+$)/g, "\u202f")} ${asset ?? ""}`.trim() : ""; }

export function clock(milliseconds) { return milliseconds ? `${new Date(milliseconds).toISOString().slice(11, 23)}` : "-"; }

export function span(milliseconds) {
  if (milliseconds === null || milliseconds === undefined || Number.isNaN(milliseconds)) return "-";
  const value = Math.max(0, milliseconds);
  if (value < 1000) return `${Math.round(value)} ms`;
  if (value < 60000) return `${(value / 1000).toFixed(1)} s`;
  if (value < 3600000) return `${Math.floor(value / 60000)} min ${Math.round((value % 60000) / 1000)} s`;
  return `${Math.floor(value / 3600000)} h ${Math.round((value % 3600000) / 60000)} min`;
}
