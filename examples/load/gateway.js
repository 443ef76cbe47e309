// k6 run -e GATEWAY=http://127.0.0.1:8080 -e RATE=20 -e DURATION=10s examples/load/gateway.js
//
// Hands signed payments to a gateway in an open loop. k6 cannot sign, so signed.json is made before, beside this file (docs/load.md).
import http from "k6/http";
import { check } from "k6";
import { SharedArray } from "k6/data";
import exec from "k6/execution";

const signed = new SharedArray("signed", () => JSON.parse(open("./signed.json")));
const gateway = __ENV.GATEWAY || "http://127.0.0.1:8080";

export const options = {
  scenarios: {
    payments: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE || 20),
      timeUnit: "1s",
      duration: __ENV.DURATION || "10s",
      preAllocatedVUs: 50,
    },
  },
  thresholds: {
    http_req_failed: ["rate<0.01"],
    http_req_duration: ["p(99)<500"],
    dropped_iterations: ["count<1"],
  },
};

export default function () {
  const item = signed[exec.scenario.iterationInTest];
  if (!item) exec.test.abort("signed.json holds fewer payments than are to be sent");
  const body = JSON.stringify({ transaction: item.transaction });
  const answer = http.post(`${gateway}/v1/chains/${item.chain}/transactions`, body, { headers: { "Content-Type": "application/json" } });
  check(answer, { "a collector has stored it": (response) => response.status === 202 });
}
