import ArgumentParser
import Runtime
import Wire

/// Runs roles of a node, or a bus, in the foreground.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run roles of a node, or the bus of a site, in the foreground.",
        discussion: """
            Example:
              concordat run --role collector.alpha@alpha-1/2      a second collector of node alpha-1
              concordat run --role bus@alpha                      the bus of site alpha
              concordat run --role bus@alpha --metrics 127.0.0.1:9464    with /metrics, /healthz and /readyz (docs/metrics.md)
              concordat run --role recorder.notary@notary-1 --archive postgresql://concordat@db.example/ledger    older blocks there (docs/operations.md)
              concordat run --role bus@alpha --bind 0.0.0.0       where network.yaml names a host, as in containers (compose/README.md)
              concordat run --role consensus.alpha@alpha-1 --role builder.alpha@alpha-1      both in one process
              concordat run --role 'collector.alpha@alpha-1/*'    the first collector of that node that does not run yet
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var passphraseOptions: PassphraseOptions
    @OptionGroup var logs: LogOptions
    @Option(help: ArgumentHelp("Which: ROLE.CHAIN@NODE/REPLICA or bus@SITE. Several roles of one node share the process; /* is a collector's first free number.", valueName: "role"))
    var role: [String]
    @Option(help: ArgumentHelp("Where a bus listens: an address of this machine, such as 0.0.0.0 for all, instead of the host that network.yaml names.", valueName: "address"))
    var bind: String?
    @OptionGroup var handTo: HandToOption
    @OptionGroup var metrics: MetricsOption
    @OptionGroup var archives: ArchiveOptions
    @Option(help: ArgumentHelp("Newest wire version to speak, 1 or 2: the one before while others are being upgraded. (default: 2)", valueName: "version"))
    var wireVersion: Int?
    @Flag(help: "Take nothing new on, and end when all that was taken on before has ended. SIGUSR1 asks a running role for the same.")
    var drain = false
    @Flag(help: .hidden)
    var supervised = false

    func run() throws {
        let plan = try RunPlan(role)
        let strategy = try handTo.strategy()
        let folder = try common.folder
        let configuration = try NetworkFile.read(folder.networkFile)
        let launcher = Launcher(
            folder: folder, configuration: configuration, passphrase: try passphraseOptions.passphrase(), isLocal: false,
            notaryStrategy: strategy,
            wireVersion: UInt32(
                try Setting.number(
                    wireVersion, "wire-version", default: Int(BusLimits.protocolVersion),
                    in: Int(BusLimits.oldestProtocolVersion)...Int(BusLimits.protocolVersion))),
            archive: try archives.settings(), bindAddress: try BindAddress.read(bind))
        let logger = try logs.logger(plan.name)
        let session = RunSession(
            launcher: launcher, logger: logger, address: try metrics.address(), noticeMilliseconds: try metrics.noticeMilliseconds(), say: common.say)
        if supervised { ParentWatch.start() }
        switch plan {
        case .bus(let site): try session.serve(bus: site)
        case .roles(let places): try session.serve(places, drain: drain)
        }
        logger.info("stopped")
    }
}
