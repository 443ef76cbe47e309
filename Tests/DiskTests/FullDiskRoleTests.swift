import BusCore
import BusShell
import CollectorCore
import Cryptography
import FaultDisk
import Foundation
import Logging
import RoleKit
import Runtime
import Synchronization
import Testing
import TestSupport
import Wire

/// A collector on a real bus, on a disk that fails as told.
private final class CollectorRig {
    let test = TestNetwork(nodes: 1, notaries: 1)
    let disk: FailingDisk
    let host: RoleHost<CollectorRole>
    let wallet: ClientConnection
    let bus: BusService
    let authenticator: ZMQAuthenticator
    let failures: Failures
    private let service: String

    final class Failures: Sendable {
        private let faults = Mutex<[any Error]>([])
        private let told = DispatchSemaphore(value: 0)
        func add(_ fault: any Error) {
            faults.withLock { $0.append(fault) }
            told.signal()
        }
        func wait(seconds: Double) -> (any Error)? {
            _ = told.wait(timeout: .now() + seconds)
            return faults.withLock { $0.first }
        }
    }

    init() throws {
        disk = try FailingDisk()
        let address = RoleAddress(role: .collector, chain: TestNetwork.alpha, node: "alpha-1")
        service = Service.name(.collector, chain: TestNetwork.alpha)
        let context = ZMQContext()
        let name = "disk-\(UUID())"
        let rights = MemberRights(publishes: ["*"], answers: ["collector.*"], calls: ["*"])
        let rules = BusRules(site: "alpha", network: test.network.id, members: [address.memberName: rights], clientServices: ["collector.*"])
        let quiet = Logger(label: "disk") { _ in SwiftLogNoOpLogHandler() }
        authenticator = try ZMQAuthenticator(context)
        bus = try BusService(
            context: context, authenticator: authenticator,
            configuration: BusConfiguration(rules: rules, doors: BusDoors(localName: name), key: nil), logger: quiet)
        let doors = BusDoors.local(name)
        let settings = RoleHostSettings(
            context: RoleContext(network: test.network, address: address, signer: test.nodeKeys[TestNetwork.alpha]![0].signer), folder: disk.path,
            bus: BusClientConfiguration(
                name: address.description, network: test.network.id, door: doors.members, fanOut: doors.fanOut, identity: nil),
            files: disk.files)
        let failures = Failures()
        self.failures = failures
        host = try RoleHost(CollectorRole.self, context: context, settings: settings, logger: quiet) { failures.add($0) }
        wallet = try ClientConnection(context: context, name: "wallet", network: test.network.id, endpoint: doors.clients, identity: nil)
        try #require(try wallet.waitUntilJoined(timeoutMilliseconds: 10_000))
    }

    deinit {
        host.stop()
        bus.stop()
        authenticator.stop()
    }

    /// What the collector says to a transfer; nil for no answer in time.
    func submit(nonce: UInt64) throws -> Response? {
        let transfer = test.transfer(from: test.alice, to: test.carol.publicKey, amount: 1, nonce: nonce)
        return try ask(.submit(transfer.bytes))
    }

    func ask(_ request: Request) throws -> Response? {
        guard case .success(let body) = try wallet.call(service, request.encoded(), timeoutMilliseconds: 5_000) else { return nil }
        return try Response(decoding: body, network: test.network.id)
    }

    /// Submits until the collector is there.
    func submitFirst() throws -> Response? {
        for _ in 0..<100 {
            if let answer = try submit(nonce: 0) { return answer }
            usleep(50_000)
        }
        return nil
    }
}

@Suite("A collector")
struct FullDiskRoleTests {
    private func isAccepted(_ response: Response?) -> Bool {
        if case .submit(let result)? = response { result.rejection == nil } else { false }
    }

    @Test("whose disk is full answers with the reason, accepts nothing, and goes on when there is room")
    func full() throws {
        let rig = try CollectorRig()
        try #require(isAccepted(try rig.submitFirst()))
        rig.disk.plan(FaultDiskNoSpace)
        // The first one is under way when the disk is full: it gets no answer before there is room.
        let bytes = rig.test.transfer(from: rig.test.alice, to: rig.test.carol.publicKey, amount: 1, nonce: 1).bytes
        let first = try rig.wallet.begin(Service.name(.collector, chain: TestNetwork.alpha), Request.submit(bytes).encoded(), timeoutMilliseconds: 30_000)
        var reason: Reason?
        for _ in 0..<50 where reason == nil {
            if case .failure(let found, let detail)? = try rig.submit(nonce: 2) {
                reason = found
                #expect(detail.contains("no space"))
            }
        }
        #expect(reason == .overloaded)
        rig.disk.heal()
        var answer: Result<[UInt8], BusReason>?
        for _ in 0..<200 where answer == nil {
            answer = try rig.wallet.takeAnswer(first)
            usleep(50_000)
        }
        let body = try #require(try answer?.get())
        #expect(isAccepted(try Response(decoding: body, network: rig.test.network.id)))
        #expect(isAccepted(try rig.submit(nonce: 3)))
        #expect(rig.failures.wait(seconds: 0) == nil)
    }

    @Test("whose disk fails in a sync ends with that fault, and acknowledges nothing of the turn")
    func failed() throws {
        let rig = try CollectorRig()
        try #require(isAccepted(try rig.submitFirst()))
        rig.disk.plan(FaultDiskSyncError)
        #expect(!isAccepted(try rig.submit(nonce: 1)))
        let fault = try #require(rig.failures.wait(seconds: 10) as? RoleStoreFault)
        #expect(fault.isDiskFailure)
        #expect(rig.disk.syncsAfterError == 0)
    }
}
