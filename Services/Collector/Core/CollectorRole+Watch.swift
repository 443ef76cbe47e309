import Cryptography
import Determinism
import RoleKit
import Wire

extension CollectorRole {
    /// A device asks to be told of its legs and results (S870).
    mutating func watch(_ watch: Watch, client: String?, token: UInt64, at now: Moment) -> [RoleEffect] {
        guard let client else { return refuseWatch(token, "only a client connection can watch") }
        let wall = now.wallMilliseconds
        let skew = watch.time > wall ? watch.time - wall : wall - watch.time
        guard skew <= Limits.watchSkewMilliseconds else { return refuseWatch(token, "the device's clock differs by \(skew) milliseconds") }
        guard checks.count < Limits.collectorPending else {
            return [.count(.overloaded, by: 1), .reply(token: token, .failure(.overloaded, detail: "too much waits; try again later"))]
        }
        return checks.add(.watch(watch, client: client, token: token), [watch.check(network: network.id)])
    }

    /// A watch's signature is checked: the device hears at once what waits for it.
    mutating func checked(_ watch: Watch, client: String, token: UInt64, holds: Bool, at now: Moment) -> [RoleEffect] {
        guard holds else { return [.count(.badSignature, by: 1)] + refuseWatch(token, "the signature does not hold") }
        watchers.add(client, watching: watch.account, at: now)
        return [.reply(token: token, .watch(true))] + legs.notices(for: watch.account).map { .push(client: client, .leg($0)) }
    }

    private func refuseWatch(_ token: UInt64, _ detail: String) -> [RoleEffect] {
        [.count(.refused, by: 1), .reply(token: token, .failure(.watchRefused, detail: detail))]
    }
}
