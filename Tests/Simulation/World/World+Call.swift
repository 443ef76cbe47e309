import RoleKit
import Wire

/// Who asked.
enum Caller {
    case instance(Int, life: UInt64, id: UInt64)
    case client(Int, id: UInt64)
}

/// A request that has not been answered.
struct OpenCall {
    var caller: Caller
    /// Instance that was asked; nil when none could be.
    var replica: Int?
    var replicaLife: UInt64 = 0
    /// Whether the replica has answered; the answer may be on its way.
    var isReplied = false
}

extension World {
    /// Hands a request to the least loaded replica that answers the service.
    func call(_ service: String, _ request: Request, from caller: Caller, timeoutMilliseconds: UInt64) {
        lastCall += 1
        let number = lastCall
        var open = OpenCall(caller: caller)
        defer { calls[number] = open }
        trace.mix(number)
        queue.push(.callTimeout(call: number), at: now + max(1, timeoutMilliseconds) * 1_000)
        guard let replica = leastLoaded(service) else {
            queue.push(.answer(call: number, .failure(.notReady, detail: "no_service")), at: now + plan.nearMicroseconds)
            return
        }
        let callerNode = node(of: caller)
        let blocked = callerNode.map { links.isBlocked(from: $0, to: replica.node) } ?? false
        guard !blocked, !losesCall() else { return }
        open.replica = replica.index
        open.replicaLife = replica.life
        replica.load += 1
        let client: String? = if case .client(let index, _) = caller { clients[index].name } else { nil }
        queue.push(
            .input(instance: replica.index, life: replica.life, .requested(carry(request), token: number, client: client)),
            at: now + callDelay())
    }

    private func leastLoaded(_ service: String) -> Instance? {
        var best: [Instance] = []
        for index in services[service] ?? [] where instances[index].isRunning {
            let instance = instances[index]
            if let load = best.first?.load {
                if instance.load < load { best = [instance] } else if instance.load == load { best.append(instance) }
            } else {
                best = [instance]
            }
        }
        return best.isEmpty ? nil : best[best.count == 1 ? 0 : Int(random.below(UInt64(best.count)))]
    }

    private func losesCall() -> Bool {
        guard isFaulty, plan.has(.callLoss), random.chance(perMillion: plan.linkPerMillion) else { return false }
        tally.add(.callLoss)
        return true
    }

    private func callDelay() -> UInt64 { plan.nearMicroseconds + random.below(plan.farMicroseconds) }

    private func node(of caller: Caller) -> Int? {
        if case .instance(let index, _, _) = caller { instances[index].node } else { nil }
    }

    private func carry(_ request: Request) -> Request {
        guard plan.codecPerMillion > 0, random.chance(perMillion: plan.codecPerMillion) else { return request }
        judge.codecUses += 1
        do {
            return try Request(decoding: request.encoded(), network: network.id)
        } catch {
            judge.findings.report(.contract, "a request does not decode: \(error)", at: now)
            return request
        }
    }

    private func received(_ response: Response) -> Response? { try? Response(decoding: response.encoded, network: network.id) }

    private func carry(_ response: Response) -> Response {
        guard plan.codecPerMillion > 0, random.chance(perMillion: plan.codecPerMillion) else { return response }
        judge.codecUses += 1
        do {
            return try Response(decoding: response.encoded, network: network.id)
        } catch {
            judge.findings.report(.contract, "a response does not decode: \(error)", at: now)
            return response
        }
    }

    /// A replica answers; the answer goes back the way the request came.
    func reply(_ token: UInt64, _ response: Response, by instance: Instance) {
        judge.heard(response)
        if !instance.isByzantine { judge.replied(response, chain: instance.address.chain, at: now) }
        guard var open = calls[token], open.replica == instance.index, open.replicaLife == instance.life else { return }
        guard !open.isReplied else {
            judge.findings.report(.contract, "\(instance.name) answers one request twice", at: now)
            return
        }
        open.isReplied = true
        calls[token] = open
        instance.load -= 1
        let blocked = node(of: open.caller).map { links.isBlocked(from: instance.node, to: $0) } ?? false
        guard !blocked, !losesCall() else { return }
        guard let carried = instance.isByzantine ? received(response) : carry(response) else { return }
        queue.push(.answer(call: token, carried), at: now + callDelay())
    }

    /// An answer, or the timeout, reaches the caller: whichever comes first counts.
    func answer(_ call: UInt64, _ response: Response) {
        guard let open = calls.removeValue(forKey: call) else { return }
        if !open.isReplied, let replica = open.replica, instances[replica].life == open.replicaLife { instances[replica].load -= 1 }
        switch open.caller {
        case .instance(let index, let life, let id):
            let instance = instances[index]
            guard instance.life == life, instance.isRunning else { return }
            if instance.pausedUntil > now {
                queue.push(.input(instance: index, life: life, .answered(call: id, response)), at: instance.pausedUntil)
            } else {
                turn(instance, .answered(call: id, response))
            }
        case .client(let index, let id): clients[index].answered(id, response, world: self)
        }
    }
}
