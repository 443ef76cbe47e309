import Hummingbird

/// Everything that can be asked; /v1/openapi.json says the same for others.
package enum Routes {
    package static let all: [Route] = [
        Route(.get, "/v1/openapi.json") { _ in JSONAnswer.bytes(GatewayDocument.openAPI, type: "application/json") },
        Route(.get, "/v1/network", ChainAnswers.network),
        Route(.get, "/v1/chains", ChainAnswers.chains),
        Route(.get, "/v1/chains/{chain}", ChainAnswers.chain),
        Route(.get, "/v1/chains/{chain}/blocks", query: ["from", "limit"], ChainAnswers.blocks),
        Route(.get, "/v1/chains/{chain}/blocks/{height}", ChainAnswers.block),
        Route(.post, "/v1/chains/{chain}/transactions", SubmitAnswers.transaction),
        Route(.post, "/v1/chains/{chain}/answers", SubmitAnswers.answer),
        Route(.get, "/v1/accounts/{account}", AccountAnswers.account),
        Route(.get, "/v1/accounts/{account}/legs", AccountAnswers.legs),
        Route(.get, "/v1/transactions/{id}", TransactionAnswers.status),
        Route(.get, "/v1/transactions/{id}/trace", TransactionAnswers.trace),
        Route(.get, "/v1/cross-transactions/{id}", TransactionAnswers.cross),
        Route(.get, "/v1/receipts/{id}", TransactionAnswers.receipt),
        Route(.get, "/v1/contracts", BridgeAnswers.contracts),
        Route(.get, "/v1/bridge", BridgeAnswers.pegs),
        Route(.get, "/v1/bridge/{peg}/orders", BridgeAnswers.orders),
        Route(.get, "/v1/brakes", WatchAnswers.brakes),
        Route(.get, "/v1/evidence", WatchAnswers.evidence),
        Route(.get, "/v1/pending", query: ["chain", "account", "limit"], WatchAnswers.pending),
        Route(.get, "/v1/transactions", query: ["chain", "account", "limit"], LiveAnswers.transactions),
        Route(.get, "/v1/alarms", LiveAnswers.alarms),
        Route(.get, "/v1/roles", LiveAnswers.roles),
        Route(.get, "/v1/board", LiveAnswers.board),
        Route(.get, "/v1/events", query: ["kinds"], EventAnswers.events),
    ] + PageAnswers.routes
}
