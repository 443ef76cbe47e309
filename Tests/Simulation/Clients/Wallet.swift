import Cryptography
import Determinism
import RoleKit
import Wire

/// A person with a key on every chain: pays, follows each payment to its end, and answers for what arrives.
package final class Wallet: SimulatedClient {
    /// What a call of this wallet was about.
    enum Pending {
        case submit(payment: Int)
        case status(payment: Int)
        case cancel(payment: Int)
        case answer(xid: Digest)
        case legs
        case watch
    }

    package let name: String
    let signer: Signer
    let manner: DeviceManner
    var index = 0
    var payments: [Payment] = []
    /// Chains on which something may wait for this device.
    var receivingChains: [ChainID] = []
    /// Cross payments to this device that have not ended.
    var expecting = 0
    /// Answers a collector has taken.
    var answered: Set<Digest> = []
    private var pending: [UInt64: Pending] = [:]
    private var lastCall: UInt64 = 0
    private var isDeviceRunning = false
    private(set) var endings: [String: Int] = [:]

    static let callTimeoutMilliseconds: UInt64 = 3_000
    private static let settled = Status.State.settled.code
    private static let deviceKey = -1
    private static let cancelKeys = 1_000_000

    init(name: String, signer: Signer, manner: DeviceManner) {
        self.name = name
        self.signer = signer
        self.manner = manner
    }

    /// Whether every payment has ended, but for those that were handed to a corrupt or dead chain: what an honest chain holds for one comes
    /// back, by a freeze if need be (R8).
    package func isDone(but corrupt: ChainID?) -> Bool { payments.allSatisfy { $0.isEnded || $0.chain == corrupt } }

    /// Payments that have not ended, for people.
    package func openPayments(but corrupt: ChainID?) -> [String] {
        payments.filter { !$0.isEnded && $0.chain != corrupt }.map { "\(name) \($0.kind.rawValue) \($0.id) \($0.cross.map { "xid \($0.xid)" } ?? "") on \($0.chain): \($0.stage)\($0.lastRefusal.map { ", refused: \($0.code)" } ?? "")" }
    }

    func plan(_ payment: Payment, startMilliseconds: UInt64, world: World) {
        payments.append(payment)
        world.setClientTimer(index, key: payments.count - 1, afterMilliseconds: startMilliseconds)
    }

    func ask(_ what: Pending, _ service: String, _ request: Request, world: World) {
        lastCall += 1
        pending[lastCall] = what
        world.request(service, request, client: index, id: lastCall, timeoutMilliseconds: Wallet.callTimeoutMilliseconds)
    }

    package func timerFired(_ key: Int, world: World) {
        if key == Wallet.deviceKey {
            deviceActs(world)
        } else if key >= Wallet.cancelKeys {
            submitCancel(key - Wallet.cancelKeys, world)
        } else {
            step(key, world)
        }
    }

    package func answered(_ call: UInt64, _ response: Response, world: World) {
        guard let what = pending.removeValue(forKey: call) else { return }
        switch what {
        case .submit(let payment): submitted(payment, response, world)
        case .status(let payment): statusKnown(payment, response, world)
        case .cancel(let payment):
            if case .submit(let result) = response, result.rejection.map({ !Wallet.isPassing($0) }) ?? true { return }
            world.setClientTimer(index, key: Wallet.cancelKeys + payment, afterMilliseconds: 1_500)
        case .answer(let xid): if case .submit(let result) = response, result.rejection == nil { answered.insert(xid) }
        case .legs: if case .legs(let legs) = response { for leg in legs { consider(leg, world) } }
        case .watch: break
        }
    }

    package func noticed(_ notice: Notice, world: World) {
        if case .leg(let leg) = notice { consider(leg, world) }
    }

    // MARK: paying

    private func step(_ position: Int, _ world: World) {
        switch payments[position].stage {
        case .planned:
            for receiver in payments[position].receivers { receiver.wallet?.expect(world) }
            submit(position, world)
            for _ in 1..<payments[position].kind.copies { submit(position, world) }
            if payments[position].cancel != nil {
                world.setClientTimer(index, key: Wallet.cancelKeys + position, afterMilliseconds: 100 + world.random.below(3_000))
            }
        case .submitting: submit(position, world)
        case .following: poll(position, world)
        case .ended: break
        }
    }

    private func submit(_ position: Int, _ world: World) {
        let payment = payments[position]
        payments[position].stage = .submitting
        payments[position].attempts += 1
        ask(.submit(payment: position), payment.services[payment.attempts % payment.services.count], .submit(payment.bytes), world: world)
    }

    /// Reasons that say "not now".
    static func isPassing(_ reason: Reason) -> Bool { reason == .overloaded || reason == .notReady || reason == .notFound || reason == .chainUnknown }

    private func submitted(_ position: Int, _ response: Response, _ world: World) {
        guard !payments[position].isEnded else { return }
        let again: UInt64 = 300 + world.random.below(1_200)
        guard case .submit(let result) = response else {
            if payments[position].stage != .following { world.setClientTimer(index, key: position, afterMilliseconds: again) }
            return
        }
        if let reason = result.rejection {
            payments[position].lastRefusal = reason
            if !Wallet.isPassing(reason) {
                end(position, "refused: \(reason.code)", world)
            } else if payments[position].stage != .following {
                world.setClientTimer(index, key: position, afterMilliseconds: again)
            }
            return
        }
        follow(position, world, afterMilliseconds: again)
    }

    private func follow(_ position: Int, _ world: World, afterMilliseconds: UInt64) {
        guard payments[position].stage != .following else { return }
        payments[position].stage = .following
        world.setClientTimer(index, key: position, afterMilliseconds: afterMilliseconds)
    }

    private func poll(_ position: Int, _ world: World) {
        let payment = payments[position]
        payments[position].polls += 1
        // Every fifth time it is handed in again (S821), which must change nothing.
        if payment.polls % 5 == 4 {
            let service = payment.services[payment.polls / 5 % payment.services.count]
            ask(.submit(payment: position), service, .submit(payment.bytes), world: world)
        }
        let name = payment.cross != nil && payment.polls % 2 == 1 ? payment.cross?.xid ?? payment.id : payment.id
        ask(.status(payment: position), Service.name(.collector, chain: payment.chain), .status(name), world: world)
    }

    private func statusKnown(_ position: Int, _ response: Response, _ world: World) {
        guard !payments[position].isEnded else { return }
        if case .status(let status) = response {
            switch status.state {
            case .rejected: return end(position, "rejected: \(status.reason?.code ?? "no reason")", world)
            case .settled, .refunded: return end(position, status.state.code, world)
            case .final where payments[position].cross == nil: return end(position, "final", world)
            default: break
            }
        }
        let wait = min(2_000, 300 * UInt64(payments[position].polls)) + world.random.below(500)
        world.setClientTimer(index, key: position, afterMilliseconds: wait)
    }

    private func end(_ position: Int, _ how: String, _ world: World) {
        payments[position].stage = .ended(how)
        if payments[position].kind.isWrong, ["final", Wallet.settled].contains(how) {
            world.judge.findings.report(.acknowledged, "\(name): \(payments[position].kind.rawValue) \(payments[position].id) went through", at: world.now)
        }
        endings["\(payments[position].kind.rawValue): \(how)", default: 0] += 1
        for receiver in payments[position].receivers { receiver.wallet?.expecting -= 1 }
        world.log?(world.now, "\(name): \(payments[position].kind.rawValue) \(payments[position].id) ended: \(how)")
    }

    private func submitCancel(_ position: Int, _ world: World) {
        guard let bytes = payments[position].cancel, let chain = payments[position].cross?.decidingChain, !payments[position].isEnded
        else { return }
        ask(.cancel(payment: position), Service.name(.collector, chain: chain), .submit(bytes), world: world)
    }

    // MARK: receiving

    func expect(_ world: World) {
        expecting += 1
        guard !isDeviceRunning else { return }
        isDeviceRunning = true
        world.setClientTimer(index, key: Wallet.deviceKey, afterMilliseconds: 1 + world.random.below(300))
    }

    private func deviceActs(_ world: World) {
        guard expecting > 0 else {
            isDeviceRunning = false
            return
        }
        for chain in receivingChains {
            let service = Service.name(.collector, chain: chain)
            switch manner {
            case .watches:
                let watch = Watch(time: world.clientTime, network: world.network.id, signer: signer)
                ask(.watch, service, .watch(watch), world: world)
            case .polls: ask(.legs, service, .fetchLegs(signer.publicKey), world: world)
            }
        }
        world.setClientTimer(index, key: Wallet.deviceKey, afterMilliseconds: (manner == .watches ? 2_500 : 1_000) + world.random.below(500))
    }

    /// Answers a leg as its memo says: the payer's plan for this receiver.
    private func consider(_ leg: LegNotice, _ world: World) {
        let cross = leg.cross
        let asked = world.network.confirmers(of: cross)
        guard leg.purpose == .confirm, asked.contains(signer.publicKey), cross.memo != PaymentKind.crossSilent.rawValue, !answered.contains(cross.xid)
        else { return }
        // Of several, the first says no, or nothing.
        let isFirst = asked.first == signer.publicKey
        if isFirst, cross.memo == PaymentKind.agreementSilent.rawValue { return }
        let isRefused = cross.memo == PaymentKind.crossRefused.rawValue || isFirst && cross.memo == PaymentKind.agreementRefused.rawValue
        let refusal = isRefused ? "not expected" : nil
        let answer = Answer(xid: cross.xid, refusal: refusal, network: world.network.id, signer: signer)
        ask(.answer(xid: cross.xid), Service.name(.collector, chain: cross.decidingChain), .answer(answer), world: world)
    }
}
