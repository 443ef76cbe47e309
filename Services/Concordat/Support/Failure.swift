import ArgumentParser
import BankShell
import Cryptography
import Foundation
import Runtime
import WalletDesk

typealias Failure = WalletDesk.Failure

extension Failure {
    /// Any error as a failure; what the argument parser says goes its own way.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let fault as NetworkFileFault: self.init(.configuration, fault.summary, fault.advice)
        case let fault as NetworkFolderFault: self.init(.configuration, fault.description, "")
        case let fault as KeyFileFault: self.init(.configuration, fault.summary, fault.advice)
        case let fault as RoleStoreFault: self.init(fault.isLasting ? .configuration : .failed, fault.summary, fault.advice)
        case let fault as ArchiveFault: self.init(fault.isLasting ? .configuration : .failed, fault.summary, fault.advice)
        case let fault as ArchiveLocation.Fault: self.init(.configuration, fault.problem, fault.advice)
        case let fault as BankFault: self.init(.failed, fault.problem, fault.advice)
        case let error as CocoaError: self.init(.failed, Failure.text(of: error), "Check the path, the owner, the mode and the free space.")
        default: self.init(.failed, "\(error)", "")
        }
    }

    /// Which file, and what the system said.
    private static func text(of error: CocoaError) -> String {
        let reason = (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) } ?? error.localizedDescription
        return "\(error.filePath.map { "\($0): " } ?? "")\(reason)"
    }

    /// Prints the error on standard error and ends the process.
    static func exit(with error: any Error, isJSON: Bool) -> Never {
        let parserCode = Concordat.exitCode(for: error)
        let isOurs = error is Failure || error is NetworkFileFault || error is NetworkFolderFault || error is KeyFileFault || error is RoleStoreFault || error is ArchiveFault || error is ArchiveLocation.Fault || error is BankFault || error is CocoaError
        if !isOurs, parserCode != .failure || error is CleanExit || error is ExitCode {
            guard isJSON, parserCode == .validationFailure else { Concordat.exit(withError: error) }
            Failure(.usage, Concordat.message(for: error), "See concordat --help").exit(isJSON: true)
        }
        Failure(error).exit(isJSON: isJSON)
    }

    private func exit(isJSON: Bool) -> Never {
        if isJSON {
            struct Report: Encodable {
                struct Content: Encodable { var code: String, exit: Int32, problem: String, suggestion: String }
                var error: Content
            }
            let content = Report.Content(code: code.name, exit: code.rawValue, problem: problem, suggestion: suggestion)
            Console.error(JSONText.line(Report(error: content)))
        } else {
            Console.error("Error: \(problem)")
            if !suggestion.isEmpty { Console.error("Suggestion: \(suggestion)") }
        }
        Foundation.exit(code.rawValue)
    }
}
