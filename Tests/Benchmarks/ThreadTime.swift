import Dispatch
import Glibc

/// Processor time of the calling thread: what the work costs, whatever else the machine does meanwhile.
enum ThreadTime {
    /// Seconds that `body` used.
    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = now
        try body()
        return now - start
    }

    private static var now: Double {
        var time = timespec()
        let result = clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        precondition(result == 0, "Linux always knows a thread's processor time")
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Time that passes: what somebody who waits for several threads sees.
enum WallTime {
    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        try body()
        return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    }
}
