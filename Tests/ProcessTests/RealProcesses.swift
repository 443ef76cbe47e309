import Testing

/// What people do with real networks, one after the other: with `ChangingProcesses` beside it, two networks run at a time.
@Suite("Real processes", .serialized)
struct RealProcesses {}
