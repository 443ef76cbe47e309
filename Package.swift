// swift-tools-version: 6.2
import PackageDescription

/// libFuzzer (`make fuzz`): the path of its library. Such a build says which code each input reaches, and is for nothing else.
let fuzzer = Context.environment["CONCORDAT_FUZZER"]

/// Language mode 6 and warnings as errors in every target of ours; a target may import only what it declares.
/// PLANTED_BUGS (`make sim-mutants`) compiles known bugs in, to be switched on one at a time; no other build has them.
let strict: [SwiftSetting] =
    [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
    + (Context.environment["CONCORDAT_PLANTED_BUGS"] == nil ? [] : [.define("PLANTED_BUGS")])
    + (fuzzer == nil ? [] : [.unsafeFlags(["-sanitize=fuzzer"])])

/// A target whose folder stands in the order in which data flows (docs/architecture.md).
func library(_ name: String, _ path: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: path, exclude: exclude, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, resources: resources, swiftSettings: strict)
}

let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let database: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams")
let xml: Target.Dependency = .product(name: "XMLCoder", package: "XMLCoder")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let http: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let server: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let ordered: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")

/// Compiled and linked with the trait alone: `swift build --traits PostgreSQL`.
let postgreSQL: Target.Dependency = .target(name: "PostgreSQLClient", condition: .when(traits: ["PostgreSQL"]))

/// What every pure core of a service stands on.
let core: [Target.Dependency] = ["Determinism", "Cryptography", "Wire", "Ledger", "Chain", "RoleKit", deque, ordered]

/// The fuzzer itself is part of a build with libFuzzer only.
let fuzzing: [Target] = fuzzer.map { library in
    [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(
            name: "Fuzz", dependencies: ["FuzzDoors", "CFuzzer", arguments], path: "Tests/Fuzz/Run", swiftSettings: strict,
            linkerSettings: [.unsafeFlags([library])]),
    ]
} ?? []

let package = Package(
    name: "Concordat",
    products: [
        .executable(name: "concordat", targets: ["Concordat"]),
        // Loaded by `make chaos` before the C library of a process whose clock is to be wrong.
        .library(name: "SkewedClock", type: .dynamic, targets: ["SkewedClock"]),
    ],
    traits: [.trait(name: "PostgreSQL", description: "Recorders may keep older blocks in PostgreSQL; needs libpq-dev (docs/operations.md).")],
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/CoreOffice/XMLCoder", from: "0.18.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Shared
        .systemLibrary(name: "CSodium", path: "Shared/CSodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CZeroMQ", path: "Shared/CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        // Of a build with the trait alone; nothing of it is asked for without.
        .systemLibrary(name: "CPostgreSQL", path: "Shared/CPostgreSQL", providers: [.apt(["libpq-dev"])]),
        library("PostgreSQLClient", "Shared/PostgreSQLClient", [.target(name: "CPostgreSQL", condition: .when(traits: ["PostgreSQL"]))]),
        library("Determinism", "Shared/Determinism", []),
        library("Cryptography", "Shared/Cryptography", ["CSodium", "Determinism"]),
        library("Schema", "Shared/Wire/Generated", [protobuf]),
        library("Wire", "Shared/Wire", ["Schema", "Cryptography", "Determinism", protobuf], exclude: ["proto", "Generated"]),
        library("Ledger", "Shared/Ledger", ["Cryptography", "Wire", "Determinism"]),
        library("RoleKit", "Shared/RoleKit", ["Cryptography", "Wire", "Determinism"]),
        library("Chain", "Shared/Chain", ["Cryptography", "Wire", "Ledger", "RoleKit", "Determinism", deque, ordered]),
        library("Runtime", "Shared/Runtime",
                ["CZeroMQ", "CSodium", "Cryptography", "Schema", "Wire", "Ledger", "Chain", "RoleKit", "Determinism", protobuf, database, logging, yaml, deque, postgreSQL]),
        library("Telemetry", "Shared/Telemetry", [metrics, http, server, logging]),
        // Services, in the order in which data flows
        library("WalletCore", "Services/Wallet/Core", core),
        library("IssuerCore", "Services/BridgeIssuer/Core", core),
        library("CollectorCore", "Services/Collector/Core", core),
        library("BuilderCore", "Services/BlockBuilder/Core", core),
        library("ValidatorCore", "Services/NotaryValidator/Core", core),
        library("ConsensusCore", "Services/Consensus/Core", core),
        library("RecorderCore", "Services/NotaryRecorder/Core", core),
        library("BusCore", "Services/Bus/Core", ["Determinism", "Cryptography", "Schema", "Wire", protobuf, deque, ordered]),
        library("BusShell", "Services/Bus/Shell", ["BusCore", "Runtime", "CZeroMQ", "Cryptography", "Schema", "Wire", "Determinism", protobuf, deque, logging]),
        library("WalletShell", "Services/Wallet/Shell", core + ["WalletCore", "Runtime", logging]),
        library("WalletDesk", "Services/Wallet/Desk", core + ["WalletShell", "Runtime"]),
        library("IssuerShell", "Services/BridgeIssuer/Shell", core + ["IssuerCore", "WalletShell", "Runtime"]),
        library("TapCore", "Services/Tap/Core", core),
        library("TapShell", "Services/Tap/Shell", core + ["Runtime"]),
        library("BankCore", "Services/BankAdapter/Core", core),
        library("BankShell", "Services/BankAdapter/Shell", core + ["BankCore", "WalletCore", "WalletShell", "Runtime", database, xml]),
        library("Gateway", "Services/Gateway",
                core + ["WalletCore", "WalletShell", "WalletDesk", "TapCore", "TapShell", "Runtime", "Telemetry", http, logging],
                resources: [.embedInCode("Pages")]),
        library("LoadCore", "Services/Load/Core", core + ["WalletCore", histogram]),
        library("LoadShell", "Services/Load/Shell", core + ["LoadCore", "WalletCore", "WalletShell", "Runtime"]),
        library("Auditor", "Services/Auditor", ["Schema", "CSodium", protobuf, database, yaml, postgreSQL]),
        .executableTarget(
            name: "Concordat",
            dependencies: core + [
                "WalletCore", "IssuerCore", "CollectorCore", "BuilderCore", "ValidatorCore", "ConsensusCore", "RecorderCore",
                "BusShell", "WalletShell", "IssuerShell", "BankCore", "BankShell", "TapCore", "TapShell", "Telemetry", "Gateway", "WalletDesk", "LoadCore", "LoadShell", "Runtime", "Auditor", "CZeroMQ", arguments, logging, yaml,
            ],
            path: "Services/Concordat", swiftSettings: strict),
        // Tests
        library("Simulation", "Tests/Simulation",
                core + ["WalletCore", "IssuerCore", "CollectorCore", "BuilderCore", "ValidatorCore", "ConsensusCore", "RecorderCore"]),
        .executableTarget(name: "Simulate", dependencies: ["Simulation", "Determinism", arguments], path: "Tests/Simulate", swiftSettings: strict),
        .executableTarget(name: "Chaos", dependencies: ["Determinism", arguments, database], path: "Tests/Chaos", swiftSettings: strict),
        .target(name: "SkewedClock", path: "Tests/SkewedClock"),
        .executableTarget(name: "Benchmarks", dependencies: core + ["ValidatorCore", "ConsensusCore", "RecorderCore", "TestSupport", "Runtime", arguments], path: "Tests/Benchmarks", swiftSettings: strict),
        library("TestSupport", "Tests/TestSupport", ["Cryptography", "Wire", "Ledger", "Chain", "RoleKit", "Determinism"]),
        tests("WireTests", ["Schema", "Wire", "Cryptography", "RoleKit", protobuf], exclude: ["golden.py", "golden.txt"]),
        tests("CryptographyTests", ["Cryptography", "Determinism"]),
        tests("LedgerTests", core),
        tests("ChainTests", core + ["TestSupport"]),
        tests("ConsensusTests", core + ["ConsensusCore", "TestSupport"]),
        tests("RoleTests", core + ["IssuerCore", "CollectorCore", "BuilderCore", "ValidatorCore", "RecorderCore", "TestSupport"]),
        tests("BusTests", ["BusCore", "BusShell", "Runtime", "Schema", "Wire", "Cryptography", "CZeroMQ", "Determinism", "RoleKit", protobuf, logging]),
        tests("RuntimeTests", core + ["Runtime", "TestSupport", database, logging]),
        tests("WalletTests", core + ["WalletCore", "WalletShell", "Runtime", "TestSupport"]),
        tests("GatewayTests", core + ["Gateway", "WalletDesk", "Runtime", "TestSupport", http]),
        tests("TapTests", core + ["TapCore", "TestSupport"]),
        tests("LoadTests", core + ["LoadCore", "LoadShell", "WalletCore", "TestSupport"]),
        tests("TelemetryTests", ["Telemetry", metrics, logging]),
        tests("BankTests", core + ["BankCore", "BankShell", "WalletCore", "Runtime"]),
        tests("AuditorTests", core + ["Auditor", "Simulation", "Runtime", "Schema", protobuf, database]),
        tests("SimulationTests", core + ["Simulation"]),
        tests("ProcessTests", [database]),
        library("FuzzDoors", "Tests/Fuzz/Doors",
                core + [
                    "Simulation", "WalletCore", "CollectorCore", "BuilderCore", "ValidatorCore", "ConsensusCore", "RecorderCore", "BusCore", "BankCore", "BankShell", "TapCore", "Runtime",
                    "Auditor", "Schema", protobuf,
                ]),
        tests("FuzzTests", ["FuzzDoors", "Cryptography"]),
        .target(name: "FaultDisk", path: "Tests/FaultDisk", linkerSettings: [.linkedLibrary("sqlite3")]),
        tests("DiskTests", core + ["FaultDisk", "Runtime", "CollectorCore", "BusCore", "BusShell", "TestSupport", logging]),
        tests("TidyTests", []),
    ] + fuzzing
)
