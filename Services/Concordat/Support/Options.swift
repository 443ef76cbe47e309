import ArgumentParser
import Foundation
import Runtime

enum ColorChoice: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

/// Options of every command.
struct CommonOptions: ParsableArguments {
    @Option(name: .customLong("data"), help: "The network's folder. (default: .concordat)")
    var dataOption: String?

    @Flag(name: .customLong("json"), help: "Print the result as JSON on standard output, and errors as JSON on standard error.")
    var jsonFlag = false

    @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Print nothing but results and errors.")
    var quietFlag = false

    var json: Bool { jsonFlag || Setting.isOn("json") }
    var quiet: Bool { quietFlag || Setting.isOn("quiet") }

    @Option(name: .customLong("color"), help: "Colours: auto, always or never. (default: auto)")
    var colorOption: ColorChoice?

    var folder: NetworkFolder {
        get throws { NetworkFolder(try Setting.text(dataOption, "data", default: ".concordat")) }
    }

    var paint: Paint {
        get throws {
            let text = try Setting.text(colorOption?.rawValue, "color", default: ColorChoice.auto.rawValue)
            guard let choice = ColorChoice(rawValue: text) else { throw Setting.bad("color", text, "Use auto, always or never.") }
            return Paint(choice)
        }
    }

    /// A line of progress for people.
    func say(_ line: String) { if !quiet, !json { Console.error(line) } }
}

/// An option's value: the flag, else its environment twin, else the default.
enum Setting {
    static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    /// `CONCORDAT_PORT_BASE` for `port-base`.
    static func twin(_ option: String) -> String {
        "CONCORDAT_" + option.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    static func text(_ flag: String?, _ option: String, default value: String) throws -> String {
        let text = flag ?? environment(twin(option)) ?? value
        guard !text.isEmpty else { throw bad(option, text, "Give a value.") }
        return text
    }

    static func text(_ flag: String?, _ option: String) -> String? { flag ?? environment(twin(option)) }

    static func number(_ flag: Int?, _ option: String, default value: Int, in range: ClosedRange<Int>) throws -> Int {
        var number = flag
        if number == nil, let text = environment(twin(option)) {
            guard let read = Int(text) else { throw bad(option, text, "Give a whole number from \(range.lowerBound) to \(range.upperBound).") }
            number = read
        }
        let result = number ?? value
        guard range.contains(result) else { throw bad(option, "\(result)", "Give a number from \(range.lowerBound) to \(range.upperBound).") }
        return result
    }

    /// Whether an environment twin says yes; anything else that it says is no.
    static func isOn(_ option: String) -> Bool { ["1", "true", "yes"].contains(environment(twin(option)) ?? "") }

    static func flag(_ flag: Bool, _ option: String) throws -> Bool {
        if flag { return true }
        switch environment(twin(option)) {
        case nil, "0", "false", "no", "": return false
        case "1", "true", "yes": return true
        case let text?: throw bad(option, text, "Use 1 or 0.")
        }
    }

    static func bad(_ option: String, _ text: String, _ suggestion: String) -> Failure {
        Failure(.usage, "--\(option) (or \(twin(option))): \(text.isEmpty ? "an empty value" : text) is not possible", suggestion)
    }
}

/// Where a passphrase comes from: a file, so that it is in no list of processes.
struct PassphraseOptions: ParsableArguments {
    @Option(help: "A file whose first line seals, or opens, the keys of nodes and accounts.")
    var passphraseFile: String?

    func passphrase() throws -> String? {
        try Setting.text(passphraseFile, "passphrase-file").map { try PassphraseOptions.read($0) }
    }

    static func read(_ path: String) throws -> String {
        let text = try TextFile.read(path, byteCountMax: 64 * 1024, whenMissing: "Name the file that holds the passphrase.")
        let line = String(text.prefix { !$0.isNewline })
        guard !line.isEmpty else { throw Failure(.configuration, "\(path): its first line is empty", "Write the passphrase there.") }
        return line
    }
}
