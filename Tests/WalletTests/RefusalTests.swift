import Cryptography
import Determinism
import TestSupport
import Testing
import WalletCore
import Wire

/// A payment that one collector may have taken while others refuse it.
@Suite("A payment that was handed in without an answer")
struct RefusalTests {
    private let test = TestNetwork()

    /// A wallet with one cross payment, of which the first collector has said nothing.
    private struct Bench {
        var wallet: Wallet
        let signed: SignedPayment
        let deadline: UInt64
        var time: UInt64 = 0
        var asked: [(call: UInt64, service: String, request: Request)] = []
        var outcome: PaymentOutcome?

        init(_ test: TestNetwork) {
            let cross = test.cross(from: test.alice, to: test.bob.publicKey, amount: 10)
            let open = Transaction(.open(cross), chain: TestNetwork.alpha, network: test.network.id)
            signed = SignedPayment(open, chain: TestNetwork.alpha)
            deadline = cross.deadline - TestNetwork.genesisTime
            wallet = Wallet(network: test.network, options: Wallet.Options())
            send(.resume(1, signed))
        }

        mutating func send(_ input: WalletInput) {
            let now = Moment(monotonicMilliseconds: time, wallMilliseconds: TestNetwork.genesisTime + time)
            for effect in wallet.apply(input, at: now) {
                switch effect {
                case .request(let call, let service, let request, _): asked.append((call, service, request))
                case .ended(_, let outcome, _): self.outcome = outcome
                default: break
                }
            }
        }

        /// Answers whatever is asked until a time: submissions by a refusal, questions by "unknown".
        /// - Returns: collectors that were handed the payment.
        mutating func refuse(_ reason: Reason, until end: UInt64) -> Set<String> {
            var services: Set<String> = []
            while time < end, outcome == nil {
                let calls = asked
                asked = []
                for (call, service, request) in calls {
                    switch request {
                    case .submit:
                        services.insert(service)
                        send(.answered(call: call, .submit(SubmitResult(id: signed.id, rejection: reason, detail: ""))))
                    case .status(let name): send(.answered(call: call, .status(Status(id: name, state: .unknown))))
                    default: send(.unanswered(call: call))
                    }
                }
                time += 250
                send(.tick)
            }
            return services
        }
    }

    @Test("stays open until its deadline, whatever other collectors say, and then takes what the chain says")
    func staysOpen() throws {
        var bench = Bench(test)
        let first = try #require(bench.asked.first)
        bench.asked = []
        bench.time = 5_000
        bench.send(.unanswered(call: first.call))
        let services = bench.refuse(.deadlineTooFar, until: bench.deadline - 1_000)
        #expect(services.count > 1, "one collector's word is not asked for again and again")
        #expect(bench.outcome == nil)
        bench.send(.noticed(.status(Status(id: try #require(bench.signed.xid), state: .refunded, reason: .deadlinePassed))))
        #expect(bench.outcome == .refunded(.deadlinePassed))
    }

    @Test("ends as rejected once its deadline is well past and collectors still refuse it")
    func endsAfterDeadline() throws {
        var bench = Bench(test)
        let first = try #require(bench.asked.first)
        bench.asked = []
        bench.send(.unanswered(call: first.call))
        _ = bench.refuse(.deadlineTooFar, until: bench.deadline + 60_000)
        #expect(bench.outcome == .rejected(.deadlineTooFar) && bench.time > bench.deadline)
    }

    @Test("ends at once where several collectors have read that the deadline is past")
    func endsByFinalTime() throws {
        var bench = Bench(test)
        let first = try #require(bench.asked.first)
        bench.asked = []
        bench.send(.unanswered(call: first.call))
        let services = bench.refuse(.deadlinePassed, until: bench.deadline)
        #expect(bench.outcome == .rejected(.deadlinePassed) && services.count > 1)
    }
}
