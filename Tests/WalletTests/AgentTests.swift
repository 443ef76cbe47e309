import Cryptography
import Determinism
import TestSupport
import Testing
import WalletCore
import Wire

@Suite("An agent that answers legs")
struct AgentTests {
    /// Bob's device, told of a leg that waits for him on beta.
    private struct Rig {
        let test = TestNetwork()
        let notice: LegNotice
        var agent: AgentCore
        var milliseconds: UInt64 = 0

        init(_ rules: [AgentRule] = []) {
            notice = LegNotice(
                chain: TestNetwork.beta, purpose: .confirm, cross: test.cross(from: test.alice, to: test.bob.publicKey, amount: 10), foreign: [],
                evidence: [], notary: "notary-1")
            agent = AgentCore(network: test.network, accounts: [test.bob.signer], rules: rules)
        }

        /// Answers sent by an input, with the call's number and the collector asked.
        mutating func answers(_ input: AgentInput, after wait: UInt64 = 0) -> [(call: UInt64, service: String, answer: Answer)] {
            milliseconds += wait
            let now = Moment(monotonicMilliseconds: milliseconds, wallMilliseconds: TestNetwork.genesisTime + milliseconds)
            return agent.apply(input, at: now).compactMap {
                guard case .request(let call, let service, .answer(let answer), _) = $0 else { return nil }
                return (call, service, answer)
            }
        }

        /// A collector's answer to a call.
        func result(_ reason: Reason?, call: UInt64) -> AgentInput {
            .answered(call: call, .submit(SubmitResult(id: nil, rejection: reason, detail: "")))
        }
    }

    @Test("a leg is confirmed once, signed by its receiver")
    func confirms() throws {
        var rig = Rig()
        let sent = try #require(rig.answers(.noticed(.leg(rig.notice))).first)
        #expect(sent.answer == Answer(xid: rig.notice.cross.xid, refusal: nil, network: rig.test.network.id, signer: rig.test.bob.signer))
        #expect(rig.answers(rig.result(nil, call: sent.call)).isEmpty)
        #expect(rig.answers(.noticed(.leg(rig.notice)), after: 5_000).isEmpty, "told again, it says nothing again")
    }

    @Test("a collector that has not heard of the leg yet is not the last one asked", arguments: [Reason.unknownCross, .overloaded, .notReady])
    func asksAgain(reason: Reason) throws {
        var rig = Rig()
        let first = try #require(rig.answers(.noticed(.leg(rig.notice))).first)
        _ = rig.answers(rig.result(reason, call: first.call))
        let second = try #require(rig.answers(.tick, after: 10_000).first)
        #expect(second.answer == first.answer)
        #expect(second.service != first.service, "another collector is asked")
        _ = rig.answers(rig.result(nil, call: second.call))
        #expect(rig.answers(.tick, after: 10_000).isEmpty)
    }

    @Test("long after the deadline nobody is asked any more")
    func givesUp() throws {
        var rig = Rig()
        let first = try #require(rig.answers(.noticed(.leg(rig.notice))).first)
        rig.milliseconds += 60_000 + Limits.chainTimeSkewMilliseconds + 1
        _ = rig.answers(rig.result(.unknownCross, call: first.call))
        #expect(rig.answers(.tick, after: 100_000).isEmpty)
    }

    @Test("a decided leg is left alone")
    func decided() throws {
        var rig = Rig()
        let first = try #require(rig.answers(.noticed(.leg(rig.notice))).first)
        _ = rig.answers(rig.result(.alreadyDecided, call: first.call))
        #expect(rig.answers(.tick, after: 100_000).isEmpty)
    }

    @Test("the first rule that fits decides: refuse with a reason, or say nothing")
    func rules() throws {
        var refusing = Rig([AgentRule(receiver: Rig().test.bob.publicKey, action: .refuse("no goods")), AgentRule(action: .silent)])
        let sent = try #require(refusing.answers(.noticed(.leg(refusing.notice))).first)
        #expect(!sent.answer.confirmed)
        #expect(sent.answer.reason == "no goods")
        var silent = Rig([AgentRule(action: .silent), AgentRule(action: .confirm)])
        #expect(silent.answers(.noticed(.leg(silent.notice))).isEmpty)
        #expect(silent.answers(.tick, after: 100_000).isEmpty)
    }

    @Test("a leg for somebody else is no business of this device")
    func otherReceiver() {
        var rig = Rig()
        var notice = rig.notice
        notice.cross = rig.test.cross(from: rig.test.alice, to: rig.test.carol.publicKey, amount: 10)
        #expect(rig.answers(.noticed(.leg(notice))).isEmpty)
    }
}
