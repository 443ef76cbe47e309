import ArgumentParser

/// `Benchmarks`: every measurement of the project, a subcommand and a file each. Without one, all run.
@main
struct Benchmarks: ParsableCommand {
    /// A new benchmark is its file and one entry here.
    static let all: [any Benchmark.Type] = [LedgerBenchmark.self, ValidatorBenchmark.self, RecoveryBenchmark.self]

    static let configuration = CommandConfiguration(
        abstract: "Measures what this machine can do. Each figure says by which clock it was taken.",
        subcommands: all.map { $0 as any ParsableCommand.Type })

    @OptionGroup var output: OutputOptions

    func run() throws {
        for type in Benchmarks.all {
            guard var benchmark = try type.parseAsRoot(output.isJSON ? ["--json"] : []) as? any Benchmark else { continue }
            try benchmark.run()
        }
    }
}

/// How figures are printed.
struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print one line of JSON for each benchmark.")
    var isJSON = false
}

/// One measurement.
protocol Benchmark: ParsableCommand {
    /// Its name in the JSON.
    static var name: String { get }
    var output: OutputOptions { get }
    /// Measures; takes seconds.
    func measure() throws -> [Figure]
}

extension Benchmark {
    mutating func run() throws {
        let figures = try measure()
        if output.isJSON {
            let fields = figures.map { "\"\($0.key)\":\($0.number)" }.joined(separator: ",")
            print("{\"benchmark\":\"\(Self.name)\",\(fields)}")
        } else {
            print(Self.name)
            for figure in figures { print("  \(figure.number) \(figure.meaning)") }
        }
    }
}

/// A measured number.
struct Figure {
    /// In JSON, with its unit.
    var key: String
    var value: Double
    /// For people, after the number.
    var meaning: String

    /// Without needless digits: whole from 100 up, two decimals below.
    var number: String {
        if value >= 100 { return String(Int(value.rounded())) }
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
