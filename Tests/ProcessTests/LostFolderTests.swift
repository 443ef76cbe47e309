import Foundation
import Testing

extension ChangingProcesses {
    @Test("a validator whose folder is gone does not sign on, a node whose votes are gone says so in status, and with their folders back both work")
    func lostFolders() throws {
        // The role's commands are stopped and started by hand, as on a machine of its own.
        let network = try RunningNetwork(["--nodes", "2", "--notaries", "1", "--chains", "1", "--no-restart"])
        let folder = network.folder
        let metrics = ["--metrics", "127.0.0.1:0"]
        func pay() throws {
            for _ in 0..<3 {
                let (code, _, errors) = try Program.run(["send", "--data", folder, "--from", "alice", "--to", "client-01", "--amount", "1"])
                #expect(code == 0, "\(errors)")
            }
        }
        func loses(_ role: String, _ place: String, before restart: () throws -> Void) throws -> Program {
            kill(try network.processID(of: role), SIGKILL)
            #expect(try Program.wait(seconds: 5) { try network.processID(of: role) == 0 }, "\(role) did not die")
            try FileManager.default.moveItem(atPath: "\(folder)/data/\(place)", toPath: "\(folder)/away")
            try restart()
            try FileManager.default.removeItem(atPath: "\(folder)/data/\(place)")
            try FileManager.default.moveItem(atPath: "\(folder)/away", toPath: "\(folder)/data/\(place)")
            return try network.run(role, options: metrics)
        }
        try pay()

        let validator = "validator.alpha@notary-1/1"
        let again = try loses(validator, "notary-1/validator.alpha") {
            for _ in 0..<2 {
                let (code, _, errors) = try Program.run(["run", "--data", folder, "--role", validator])
                #expect(code == 78 && errors.contains("has signed for this role before") && errors.contains("Suggestion: Restore the folder"), "\(errors)")
            }
            let (code, output, _) = try Program.run(["status", "--data", folder])
            #expect(code == 2 && output.contains("WARN \(validator) does not run"), "\(output)")
        }
        try pay()
        #expect(again.isRunning, "\(again.errors)")
        let split = try Program.run(["keys", "split", "--data", folder, "--to", "\(folder)/parts"])
        #expect(split.code == 0 && FileManager.default.fileExists(atPath: "\(folder)/parts/nodes/notary-1/keys/begun/notary-1.validator.alpha"), "\(split)")

        let consensus = "consensus.alpha@alpha-2/1"
        _ = try loses(consensus, "alpha-2/consensus.alpha") {
            let blind = try network.run(consensus, options: metrics)
            func status() throws -> String { try Program.run(["status", "--data", folder]).output }
            let isSaid = try Program.wait(seconds: 20) { try status().contains("\(consensus): votes by the key of alpha-2 are known") }
            let said = try status()
            #expect(isSaid, "\(said) \(blind.errors.suffix(2_000))")
            let (code, output, _) = try Program.run(["health", "--data", folder, consensus, "--ready"])
            #expect(code == 2 && output.contains("signs: votes by the key of alpha-2"), "\(output)")
            blind.signal(SIGTERM)
            #expect(blind.end(withinSeconds: 10) == 0)
        }
        try pay()
        let (code, output, _) = try Program.run(["health", "--data", folder, consensus, "--ready"])
        #expect(code == 0, "\(output)")
        try network.stopAndAudit()
    }
}
