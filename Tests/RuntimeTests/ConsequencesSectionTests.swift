import Foundation
import Runtime
import Testing
import Wire

/// The section `consequences` of `network.yaml`: what notaries do by themselves (R8).
@Suite struct ConsequencesSectionTests {
    private static let written = "consequences:\n  two_finals: freeze\n  silent_milliseconds: 0\n"
    private let text = NetworkFile.text(of: SampleNetwork.make().configuration)

    /// The file with another section in place of the written one.
    private func parse(_ section: String) throws -> NetworkConfiguration {
        try #require(text.contains(Self.written))
        return try NetworkFile.parse(text.replacing(Self.written, with: section), file: "network.yaml")
    }

    @Test("a new network freezes a chain with two final blocks of one height, and never one that is silent")
    func written() throws {
        let configuration = try NetworkFile.parse(text, file: "network.yaml")
        #expect(configuration.network.consequences == Consequences(twoFinals: .freeze, silentMilliseconds: 0))
        #expect(text.contains(Self.written))
    }

    @Test(
        "what the section leaves out keeps its default",
        arguments: [
            ("", Consequences(twoFinals: .freeze, silentMilliseconds: 0)),
            ("consequences: {}\n", Consequences(twoFinals: .freeze, silentMilliseconds: 0)),
            ("consequences:\n  two_finals: alarm\n", Consequences(twoFinals: .alarm, silentMilliseconds: 0)),
            ("consequences:\n  silent_milliseconds: 60000\n", Consequences(twoFinals: .freeze, silentMilliseconds: 60_000)),
            (
                "consequences: { silent_milliseconds: 86400000, two_finals: \"alarm\" }\n",
                Consequences(twoFinals: .alarm, silentMilliseconds: 86_400_000)
            ),
        ])
    func read(section: String, expected: Consequences) throws {
        let configuration = try parse(section)
        #expect(configuration.network.consequences == expected)
        #expect(try NetworkFile.parse(NetworkFile.text(of: configuration), file: "n") == configuration, "it is written as it was read")
    }

    @Test("the network id does not depend on it: each notary's operator decides")
    func identity() throws {
        let id = try NetworkFile.parse(text, file: "n").network.id
        #expect(try parse("consequences: { two_finals: alarm, silent_milliseconds: 5 }\n").network.id == id)
    }

    @Test(
        "a wrong value is named with its place and with what to do",
        arguments: [
            (
                "consequences:\n  two_finals: thaw\n",
                ["consequences.two_finals", "there is no such consequence", "Use one of: alarm, freeze."]
            ),
            ("consequences:\n  two_finals: Freeze\n", ["consequences.two_finals", "there is no such consequence"]),
            ("consequences:\n  two_finals: freeze_at_once_please\n", ["consequences.two_finals", "too long", "At most 16 bytes"]),
            ("consequences:\n  two_finals: \"\"\n", ["consequences.two_finals", "a text must stand here"]),
            ("consequences:\n  two_finals: [alarm]\n", ["consequences.two_finals", "a text must stand here"]),
            (
                "consequences:\n  silent_milliseconds: 86400001\n",
                ["consequences.silent_milliseconds", "86400001 is out of bounds", "from 0 to 86400000"]
            ),
            ("consequences:\n  silent_milliseconds: -1\n", ["consequences.silent_milliseconds", "-1 is no whole number", "at most 86400000"]),
            ("consequences:\n  silent_milliseconds: never\n", ["consequences.silent_milliseconds", "never is no whole number"]),
            (
                "consequences:\n  silent_miliseconds: 5\n",
                ["consequences.silent_miliseconds", "not known here", "Did you mean silent_milliseconds?"]
            ),
            ("consequences:\n  double_vote: alarm\n", ["consequences.double_vote", "Known keys: two_finals, silent_milliseconds."]),
            ("consequences: freeze\n", ["consequences", "a mapping (key: value) must stand here"]),
            ("consequences: [alarm]\n", ["consequences", "a mapping (key: value) must stand here"]),
            ("consequences:\n  two_finals: alarm\n  two_finals: freeze\n", ["occurs twice"]),
        ])
    func faults(section: String, says: [String]) throws {
        let fault = try #require(throws: NetworkFileFault.self) { try parse(section) }
        for part in says + ["network.yaml:"] { #expect("\(fault)".contains(part), "\(fault)") }
    }
}
