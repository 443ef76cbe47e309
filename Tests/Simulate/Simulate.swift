import ArgumentParser
import Determinism
import Dispatch
import FoundationEssentials
import Glibc
import Simulation

/// Runs seeds of the deterministic simulator and says which break an invariant, and how to see it again.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs whole networks under faults, one seed after the other, and judges what happens.",
        discussion: "Exit code 1 when a seed breaks an invariant, or when a run of 200 seeds or more never exercises a kind of fault or a rule. A seed always gives the same run.")

    @Option(help: ArgumentHelp("How many seeds.", valueName: "n"))
    var seeds = 100

    @Option(name: .customLong("from"), help: ArgumentHelp("The first seed.", valueName: "k"))
    var first: UInt64 = 1

    @Option(help: ArgumentHelp("This seed alone.", valueName: "s"))
    var seed: UInt64?

    @Option(help: "Payments of one seed.")
    var payments = 50

    @Option(help: "Threads; a seed always runs in one.")
    var threads = 2

    @Flag(help: "Print every line of what happens.")
    var verbose = false

    @Flag(help: "Networks of 2 chains of 4 nodes and 4 notaries only, as the rate is measured; a seed is another run then.")
    var standard = false

    @Flag(help: "The first chain of every network is mined, with little patience; a seed is another run then.")
    var mined = false

    @Flag(help: "A chain joins in every network, where it else does in one of four.")
    var joining = false

    @Flag(help: "A chain leaves every network that can spare one, where it else does in one of six.")
    var leaving = false

    @Flag(help: "Print the summary as JSON.")
    var json = false

#if PLANTED_BUGS
    @Option(help: "The known bug that is switched on.")
    var planted: String?

    @Flag(help: "Switch every known bug on, one at a time, and demand that each is caught.")
    var catchAll = false
#endif

    func validate() throws {
        guard seeds > 0, payments > 0, (1...64).contains(threads) else {
            throw ValidationError("seeds and payments must be at least 1, threads 1 to 64")
        }
    }

    func run() throws {
#if PLANTED_BUGS
        if catchAll {
            guard try PlantedBugs.catchAll(seeds: seeds, only: planted) else { throw ExitCode(1) }
            return
        }
        if let planted {
            guard let bug = PlantedBug(rawValue: planted) else { throw ValidationError("there is no known bug \(planted)") }
            PlantedBug.planted = bug
        }
#endif
        let range = seed.map { $0..<($0 + 1) } ?? first..<(first + UInt64(seeds))
        let started = DispatchTime.now().uptimeNanoseconds
        let progress = ProgressLine(of: range.count)
        let reports = SeedBatch(seeds: range, payments: payments, threads: verbose ? 1 : threads, isVerbose: verbose, isStandard: standard, isMined: mined, joins: joining ? true : nil,
            leaves: leaving ? true : nil) { report in
            progress.count(hasFailed: !report.violations.isEmpty)
            guard !json, !report.violations.isEmpty else { return }
            print(SeedSummary.failure(report))
            // Also where the output goes to a file: nobody waits for the end of a long run to see it.
            fflush(nil)
        }.run()
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9
        let summary = SeedSummary(reports: reports, seconds: seconds)
        print(json ? summary.json : summary.text)
        if !summary.failing.isEmpty || !summary.unexercised.isEmpty { throw ExitCode(1) }
    }
}
