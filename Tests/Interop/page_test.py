"""The gateway's page in a real browser, by clicks and keys: python page_test.py PATH_OF_CONCORDAT [FOLDER_FOR_PICTURES]"""
import json
import pathlib
import signal
import subprocess
import sys
import time

from browser import Browser
from gateway_test import Gateway, check, said

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
PAINT_MILLISECONDS = 1_000
CORE_SHARE = 0.02


def text(browser, selector):
    return browser.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")


def visit(browser, name):
    browser.click(f'nav a[href="#/{name}"]')
    browser.until(f"document.querySelector('nav a[aria-current]')?.getAttribute('href') === '#/{name}'", f"{name} is shown")
    browser.until("document.activeElement.id === 'content'", f"{name}: what was asked for has the focus")
    check(text(browser, "#twin").startswith("concordat "), f"{name}: the twin on the command line is named")
    browser.until("document.querySelector('#view').innerText.trim().length > 20", f"{name} shows something")


def views(browser, pictures):
    for name in ["pipeline", "transfers", "consensus", "chains", "bridge", "roles", "alarms"]:
        visit(browser, name)
        browser.picture(pictures / f"{name}.png")
    visit(browser, "pipeline")
    check(all(chain in text(browser, "#view") for chain in ["alpha", "beta", "notary"]), "the pipeline names every chain")
    flows = "[...document.querySelectorAll('.flow')].map((flow) => [...flow.children].map((item) => item.innerText.toLowerCase().split('\\n').join(' ')).join('|'))"
    for position, stages in enumerate([["collector ready 2 of 2", "builder ready 2 of 2", "validator ready 1 of 1", "consensus ready 2 of 2"]] * 2 + [["consensus ready 1 of 1", "recorder ready 1 of 1"]]):
        browser.until(f"(({flows})[{position}] ?? '').split('|').map((item) => item.split(' ').slice(0, 5).join(' ')).join() === '{','.join(stages)}'", f"the stages {stages} are shown")
    visit(browser, "consensus")
    check("●" in text(browser, "#view") and "100 %" in text(browser, "#view"), "who signed is shown")
    said("every view is shown by a click, with its twin on the command line")


def payment(browser, gateway, pictures):
    """A payment that waits, then ends, with a memo that would do harm in a careless page."""
    sending = subprocess.Popen(
        [gateway.path, "send", "--from", "alice", "--to", "bob", "--asset", "X", "--amount", "12345", "--memo", MARKUP, "--data", gateway.folder, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    visit(browser, "transfers")
    browser.until("[...document.querySelectorAll('#view td')].some((cell) => cell.innerText.includes('waits for the receiver on beta'))", "what the payment waits for is shown")
    cells = browser.run("[...document.querySelectorAll('#view tbody tr')[0].cells].map((cell) => cell.innerText)")
    check(cells[7] == MARKUP, f"the memo is shown as it was written: {cells}")
    check(browser.run("document.querySelectorAll('main img, main script').length") == 0, "no markup of a memo becomes a part of the page")
    browser.picture(pictures / "transfers-waiting.png")
    browser.click("#view tbody a")
    browser.until("document.querySelectorAll('.steps li').length > 3", "the steps of the payment are shown")
    check(MARKUP in text(browser, "#view"), "the memo is shown beside its payment")
    check(browser.run("document.querySelectorAll('main img, main script').length") == 0, "nor there")
    browser.picture(pictures / "transaction-waiting.png")
    gateway.start("agent")
    browser.until("document.querySelector('#view dd').innerText.startsWith('settled')", "the payment ends without a reload", 20)
    check(sending.wait(20) == 0, "the payer sees the same")
    xid = json.loads(sending.stdout.read())["id"]
    browser.picture(pictures / "transaction.png")
    # By keys alone: to the next tab and the one after.
    browser.run("document.querySelector('[role=tab]').focus()")
    browser.key("ArrowRight", 39)
    browser.until("document.activeElement.id === 'tab-Proofs' && !document.querySelector('#panel-Proofs').hidden", "an arrow leads to the proofs")
    browser.until("document.querySelector('#panel-Proofs').innerText.includes('Holds: settled')", "the receipt is shown to hold")
    browser.picture(pictures / "proofs.png")
    browser.key("ArrowRight", 39)
    browser.until(f"document.querySelector('#panel-JSON').innerText.includes('{xid}')", "and another to the JSON")
    said("a payment waits, with the reason, then settles, with timeline and proofs, and its memo stays text")
    return xid


def search(browser, gateway, xid):
    account = gateway.get(f"/v1/cross-transactions/{xid}")["cross"]["initiator"]
    for words, title, content in [(account, "Account", "87655"), (xid[:12], "Transaction", "settled")]:
        browser.run("document.querySelector('#query').value = ''; document.querySelector('#query').focus()")
        browser.type(words)
        browser.key("Enter", 13)
        browser.until(f"document.querySelector('#title').innerText.startsWith('{title}') && document.querySelector('#view').innerText.replace(/\\u202f/g, '').includes('{content}')", f"{title} is found")
    visit(browser, "chains")
    browser.click('#view a[href^="#/chains/alpha/"]')
    browser.until("document.querySelector('#title').innerText.startsWith('Block') && document.querySelectorAll('#view dd').length === 10 && document.querySelector('#view dd').innerText === 'alpha'", "a block is shown")
    said("an account, a transaction and a block are found by search and click")


def peg(browser, gateway, pictures):
    """Value that is locked on one chain and issued on another."""
    gateway.run("contract", "deploy", str(EXAMPLES / "contracts" / "vault.yaml"), "--from", "alice")
    gateway.run("bridge", "lock", "--from", "alice", "--to", "bob", "--amount", "100", "--wait", "0")
    visit(browser, "bridge")
    row = "[...document.querySelectorAll('#view tbody td')].map((cell) => cell.innerText).join('|')"
    browser.until(f"{row} === 'vault@1|100 X on alpha|0 alpha/X on beta|100|0|yes|2 of 3|2 of 3'", "what is locked is shown, and that it is to be issued", 30)
    visit(browser, "pipeline")
    browser.until("document.querySelector('#view').innerText.includes(\"waits for the peg's members to attest it\")", "the lock is shown to wait for the members")
    for name in ["alice", "bob"]:
        gateway.start("bridge", "issue", "--from", name)
    visit(browser, "bridge")
    browser.until(f"{row} === 'vault@1|100 X on alpha|100 alpha/X on beta|0|0|yes|2 of 3|2 of 3'", "what is issued is shown against what is in custody", 30)
    browser.picture(pictures / "bridge-peg.png")
    visit(browser, "transfers")
    browser.until("[...document.querySelectorAll('#view tr')].some((row) => row.innerText.includes('locked · issued'))", "the lock and its issue are one transfer")
    said("a peg is shown with custody against what is out, and what is on its way")


def live(browser, gateway):
    visit(browser, "alarms")
    gateway.run("brakes", "pause", "--chain", "beta", "--notary", "notary-1")
    browser.until("document.querySelector('#view').innerText.includes('new business with chain beta is stopped')", "an alarm is shown without a reload", 20)
    said("an alarm appears by itself")
    gateway.process.send_signal(signal.SIGSTOP)
    browser.until("document.querySelector('#freshness').innerText.startsWith('Stale') && document.body.className === 'stale'", "stale data says so", 15)
    gateway.process.send_signal(signal.SIGCONT)
    browser.until("document.querySelector('#freshness').innerText === 'live' && document.body.className === ''", "and is live again", 15)
    said("when the gateway is stopped the page says that it is stale, and comes back")
    browser.problems.clear()
    browser.call("Network.setBlockedURLs", urls=["*/v1/events*"])
    browser.open(gateway.url + "/#/pipeline")
    browser.call("Page.reload")
    browser.until("document.querySelector('#freshness').innerText === 'asked every 2 s'", "without events the page asks", 15)
    browser.call("Network.setBlockedURLs", urls=[])
    browser.problems.clear()
    said("without events the page asks again and again")


def costs(browser, gateway):
    browser.call("Page.navigate", url="about:blank")
    time.sleep(0.5)
    browser.open(gateway.url + "/")
    paint = browser.until("performance.getEntriesByType('paint').find((entry) => entry.name === 'first-contentful-paint')?.startTime", "something is painted")
    check(paint < PAINT_MILLISECONDS, f"first paint after {paint:.0f} ms")
    browser.until("document.querySelector('#freshness').innerText === 'live'", "the page is live")

    def spent():
        fields = pathlib.Path(f"/proc/{gateway.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    begin, tasks, cpu = time.monotonic(), browser.metric("TaskDuration"), spent()
    time.sleep(20)
    wall = time.monotonic() - begin
    page, server = (browser.metric("TaskDuration") - tasks) / wall, (spent() - cpu) / wall
    check(page < CORE_SHARE, f"a page of live data takes {page * 100:.1f} % of a core")
    said(f"first paint {paint:.0f} ms; a page of live data takes {page * 100:.2f} % of a core, the gateway {server * 100:.2f} %")


CONTRAST = """
(() => {
  const channel = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const back = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!c.startsWith('rgba(0, 0, 0, 0')) return c; } return 'rgb(255,255,255)'; };
  let worst = [99, ''];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.offsetParent) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(back(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, `${e.tagName} ${e.className} ${e.innerText.slice(0, 30)}`];
  }
  return worst;
})()
"""


def looks(browser, pictures):
    backs = []
    for scheme in ["light", "dark"]:
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        for name in ["pipeline", "transfers", "alarms"]:
            visit(browser, name)
            ratio, where = browser.run(CONTRAST)
            check(ratio >= 4.5, f"{scheme}, {name}: the contrast is {ratio:.1f} at {where}")
            browser.picture(pictures / f"{name}-{scheme}.png")
        backs.append(browser.run("getComputedStyle(document.body).backgroundColor"))
    check(backs[0] != backs[1], "light and dark differ")
    for node in browser.call("Accessibility.getFullAXTree")["nodes"]:
        if node.get("role", {}).get("value") in ["link", "button", "searchbox", "combobox", "tab", "region", "table", "navigation"]:
            check(node.get("name", {}).get("value"), f"everything that can be used has a name: {node}")
    browser.call("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=True)
    visit(browser, "pipeline")
    check(browser.run("document.documentElement.scrollWidth <= 400"), "a narrow screen does not scroll sideways")
    browser.picture(pictures / "narrow.png")
    said("light, dark and narrow screens; contrast of 4.5 and more; everything that can be used has a name")


def main():
    pictures = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "out/page")
    pictures.mkdir(parents=True, exist_ok=True)
    gateway = Gateway(sys.argv[1], "--nodes", "2", "--notaries", "1", devices=False)
    browser = Browser()
    try:
        browser.open(gateway.url + "/")
        browser.until("document.querySelector('#freshness').innerText === 'live'", "the page is live")
        xid = payment(browser, gateway, pictures)
        views(browser, pictures)
        search(browser, gateway, xid)
        peg(browser, gateway, pictures)
        check(not browser.problems, f"the browser complains of nothing: {browser.problems}")
        live(browser, gateway)
        costs(browser, gateway)
        looks(browser, pictures)
        check(not browser.problems, f"the browser complains of nothing: {browser.problems}")
        gateway.run("down")
        browser.until("document.querySelector('#freshness').innerText === 'Stale: the network does not answer the gateway'", "a silent network is told from a silent gateway", 30)
        said("when the network is stopped the page says so")
        check(0 == gateway.stop_gateway(), "the gateway stops cleanly")
    except AssertionError:
        browser.picture(pictures / "failed.png")
        raise
    finally:
        browser.close()
        gateway.remove()
    print("page: all passed")


if __name__ == "__main__":
    main()
