import Cryptography
import Foundation
import RoleKit
import Runtime
import Schema
import SwiftProtobuf
import WalletCore
import Wire

extension Seeds {
    mutating func addTexts() {
        let key = Stage.cast.people[0].publicKey
        let address = key.address.text
        for text in [address, address.uppercased(), "a1lqfn3a", "split1checkupstagehandshakeupstreamerranterredcaperredlc445v", String(address.dropLast())] {
            add("address", Array(text.utf8))
        }
        let transport = TransportKeyPair(secret: key.digest).publicKey.text
        for text in [transport, String(transport.dropLast()), String(repeating: "#", count: 40)] { add("transport-key", Array(text.utf8)) }
        for text in [key.digest.hex, key.digest.hex.uppercased(), "0", "0g"] { add("hexadecimal", Array(text.utf8)) }
        let names = Stage.addresses.prefix(3).map(\.description) + [
            "recorder.notary@notary-1/1", "collector.alpha@alpha-1/01", "collector.alpha@alpha-1/+1", "tx.alpha", "header.notary", "alarm", "final.*",
            "alpha", "X/2-z", "tap", "validator", "insufficient_funds",
        ]
        for name in names { add("names", Array(name.utf8)) }
        let header = PaymentFile.columns.joined(separator: ",")
        for rows in [
            "p1,client-01,client-02,X,5,60,rent", "p1,a,b@beta,Y,18446744073709551615,,\r\np1,a,b,Y,1,,twice",
            "\"p\"\"1\",\"a,b\",\"c\nd\",X/2,1,86400,\"m\"", "p,a,b,X,+1,1,é\np2,a,b,X,0,1,", "p,a,b,X,1,1", "\"open", "a\"b,,,,,,",
        ] { add("payments", Array("\(header)\n\(rows)\n".utf8)) }
        add("payments", Array("\u{feff}\(header)\r\np1,a,b,X,1,,\r\n".utf8))
        let orders = BridgeFile.columns.joined(separator: ",")
        for rows in ["l1,vault,alice,bob,5,rent", "l1,vault,a,b,1,\r\nl1,vault,a,b,1,twice", "\"l\"\"1\",\"v\",\"a,b\",\"c\nd\",1,\"m\"", "l,v,a,b,0,", "l,v"] {
            add("bridge-orders", Array("\(orders)\n\(rows)\n".utf8))
        }
        for rules in ["# c\nclient-01 confirm\n* silent\n", "client-01 refuse goods were not delivered\r\n* confirm", "client-02 confirm", "* refuse  two  spaces"] {
            add("agent-rules", Array(rules.utf8))
        }
    }

    mutating func addFiles() {
        addConfiguration()
        addKeyFiles()
        let signer = Stage.cast.people[0]
        let vote = VoteRow(chain: Stage.alpha, epoch: 0, slot: 7, duty: .notar, hash: signer.publicKey.digest, bytes: [1, 2, 3])
        var second = vote
        second.slot = UInt64.max
        second.duty = .decide
        let whole = VoteLogContent.bytes(of: [.init(batch: 1, vote: vote), .init(batch: 2, vote: second)])
        add("vote-log", whole)
        add("vote-log", VoteLogContent.heading)
        add("vote-log", Array(whole.dropLast(40)))
        // Without length and checksum, which the door adds.
        let first = VoteLogContent.bytes(of: [.init(batch: 1, vote: vote)]).dropFirst(VoteLogContent.heading.count)
        add("vote-records", Script([Script.Step(0, Array(first.dropFirst(4).dropLast(32)))]).bytes)
    }

    private mutating func addConfiguration() {
        let sites = (Stage.network.chains + [Stage.network.notary]).enumerated().map { index, chain in
            SiteDescription(
                id: chain.nodes[0].site,
                endpoints: SiteEndpoints(
                    members: "tcp://127.0.0.1:\(7001 + index * 3)", publish: "tcp://127.0.0.1:\(7002 + index * 3)",
                    clients: "tcp://127.0.0.1:\(7003 + index * 3)"),
                key: TransportKeyPair(secret: Blake2b.hash([UInt8(index)])).publicKey)
        }
        let names = Set(Stage.addresses.map(\.memberName)).sorted()
        let members = names.enumerated().map { index, name in
            let role = Stage.addresses.first { $0.memberName == name }.map { MemberRole.role($0.role) } ?? .tap
            return MemberDescription(name: name, role: role, key: TransportKeyPair(secret: Blake2b.hash([1, UInt8(index)])).publicKey)
        }
        let whole = NetworkFile.text(of: NetworkConfiguration(name: "dev", network: Stage.network, sites: sites, members: members))
        for rate in ["{ numerator: 3, denominator: 2 }", "{ numerator: 1, denominator: 7001 }", "{ numerator: 0, denominator: 1 }"] {
            let contract = """
                id: bureau
                version: 2
                sides:
                  - { chain: alpha, asset: X }
                  - { chain: beta, asset: Y }
                rate: \(rate)
                minimum: 1
                maximum: 5000
                deadline_maximum_milliseconds: 60000

                """
            add("contract-file", Array(contract.utf8))
        }
        add("network-file", Array(whole.utf8))
        for text in ["version: 2\n", "version: 1\nname: &a x\n", "a: *a\n", "? [a]\n: b\n", "version: 1\nversion: 1\n", "--- 1\n--- 2\n", "%YAML 9.9\n---\n", "\u{feff}{}"] {
            add("network-file", Array(text.utf8))
        }
        let book = AddressBook(entries: Stage.cast.people.prefix(3).enumerated().map {
            .init(name: "client-\($0.offset)", key: $0.element.publicKey, chain: Stage.alpha)
        })
        add("address-book", Array(book.text.utf8))
    }

    private mutating func addKeyFiles() {
        let path = "\(NSTemporaryDirectory())/seed-\(getpid()).key"
        defer { unlink(path) }
        let identity = KeyPair(seed: Blake2b.hash([1]))
        let transport = TransportKeyPair(secret: Blake2b.hash([2]))
        let writers: [() throws -> Void] = [
            { try KeyFile.write(identity, to: path, replacing: true) }, { try KeyFile.write(transport, to: path, replacing: true) },
            { try KeyFile.write(identity, to: path, passphrase: "least", replacing: true, cost: .least) },
        ]
        for write in writers {
            guard (try? write()) != nil, let bytes = FileManager.default.contents(atPath: path) else { continue }
            add("key-file", [UInt8](bytes))
        }
        add("key-file", Array(#"{"format":"concordat-key","version":2}"#.utf8))
        add("key-file", Array(#"{"format":"concordat-key","version":1,"kind":7}"#.utf8))
    }

    // MARK: bus

    mutating func addBus() {
        var hello = PBToBus()
        hello.hello.name = "builder.alpha@alpha-1/1"
        hello.hello.version = BusLimits.protocolVersion
        hello.hello.network = Data(Stage.network.id.bytes)
        hello.hello.services = ["collector.alpha"]
        var publish = PBToBus()
        publish.publish.number = 1
        publish.publish.topic = "vote.alpha"
        publish.publish.body = Data([1, 2, 3])
        var call = PBToBus()
        call.call.id = 5
        call.call.service = "collector.alpha"
        call.call.timeoutMilliseconds = 500
        var reply = PBToBus()
        reply.reply.id = 1
        var backfill = PBToBus()
        backfill.backfill.topic = "vote.alpha"
        backfill.backfill.site = "alpha"
        backfill.backfill.bootEpoch = 1_000
        backfill.backfill.from = 1
        backfill.backfill.through = BusLimits.highestSequence
        var push = PBToBus()
        push.push.client = "alpha/1000-1"
        var goodbye = PBToBus()
        goodbye.goodbye = PBGoodbye()
        let stamp = BusStamp(site: "beta", publisher: "consensus.beta@beta-1/1", bootEpoch: 9, sequence: 1, previous: .zero, timeMilliseconds: 4)
        let far = BusStamp(site: "beta", publisher: "x", bootEpoch: UInt64.max, sequence: BusLimits.highestSequence, previous: .zero, timeMilliseconds: .max)
        add("stamp", stamp.bytes)
        add("stamp", far.bytes)
        for topic in ["vote.alpha", "final.beta"] { add("topic", BusTopic.part(topic)) }
        addBusScripts([hello, publish, call, reply, backfill, push, goodbye], [stamp, far])
        addAnswers([stamp, far])
    }

    /// Selectors: the low bits choose door and connection, the high ones who it is (`BusPlay`).
    private mutating func addBusScripts(_ frames: [PBToBus], _ stamps: [BusStamp]) {
        func step(_ selector: UInt8, _ frame: PBToBus) -> Script.Step {
            let bytes: [UInt8] = (try? frame.serializedBytes()) ?? []
            return Script.Step(0, [selector] + bytes)
        }
        var clientHello = frames[0]
        clientHello.hello.name = "wallet"
        clientHello.hello.services = []
        var steps = [step(0x00, frames[0]), step(0x5a, clientHello)]
        steps += frames.dropFirst().dropLast().map { step(0x00, $0) } + [step(0x5a, frames[2]), step(0x00, frames[3])]
        add("bus", Script(steps + [Script.Step(5, [0]), Script.Step(6, [200]), step(0x00, frames[6]), Script.Step(4, [1])]).bytes)
        let delivered = stamps.map { Script.Step(7, Script.Step.joining([[0], Array("final.beta".utf8), $0.bytes, [9, 9]])) }
        add("bus", Script([step(0x00, frames[0])] + delivered + [step(0x00, frames[4]), Script.Step(6, [3])]).bytes)
        for frame in frames { add("bus", Script([step(0x00, frames[0]), step(0x00, frame), step(0x5a, frame), Script.Step(6, [255])]).bytes) }
    }

    private mutating func addAnswers(_ stamps: [BusStamp]) {
        var welcome = PBFromBus()
        welcome.welcome.site = "alpha"
        welcome.welcome.bootEpoch = 9
        welcome.welcome.credit = 10
        var head = PBTopicHead()
        head.topic = "final.beta"
        head.site = "beta"
        head.bootEpoch = 9
        head.sequence = 5
        welcome.welcome.heads = [head]
        var filled = PBFromBus()
        filled.backfilled.topic = "final.beta"
        filled.backfilled.site = "beta"
        filled.backfilled.bootEpoch = 9
        filled.backfilled.from = 1
        filled.backfilled.through = BusLimits.highestSequence
        var frame = PBBusFrame()
        frame.topic = "final.beta"
        frame.stamp = Data(stamps[0].bytes)
        filled.backfilled.frames = [frame]
        var heads = PBFromBus()
        heads.heads.heads = [head]
        var rejected = PBFromBus()
        rejected.rejected.reason = BusReason.helloFirst.rawValue
        func step(_ frame: PBFromBus) -> Script.Step { Script.Step(1, (try? frame.serializedBytes() as [UInt8]) ?? []) }
        let fanOut = stamps.map { Script.Step(0, Script.Step.joining([BusTopic.part("final.beta"), $0.bytes, [1]])) }
        add("bus-client", Script([step(welcome)] + fanOut + [step(filled), step(heads), step(rejected)]).bytes)
        add("bus-client", Script(fanOut.reversed() + [step(filled)]).bytes)
        for answer in [welcome, filled, heads, rejected] { add("bus-client", Script([step(answer)]).bytes) }
    }
}
