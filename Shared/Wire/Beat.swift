import Cryptography
import Schema

/// A role instance is alive, and how it does: topic `beat`, for people. Nothing depends on what it says.
package struct Beat: Hashable, Sendable {
    /// As it calls itself; a bus's stamp says who it is.
    package var source: String
    package var height: Height
    /// Items waiting.
    package var waiting: UInt64
    /// Its wall clock at the start, Unix milliseconds; what follows counts from there.
    package var startedMilliseconds: UInt64 = 0
    /// Messages, requests and answers taken in, and given out.
    package var received: UInt64 = 0
    package var sent: UInt64 = 0
    /// Of those taken in: dropped or refused.
    package var faults: UInt64 = 0
    /// Spent on them, waiting for the disk included.
    package var busyMicroseconds: UInt64 = 0
    /// Computing time of its thread.
    package var processorMicroseconds: UInt64 = 0
    /// For how long there has always been something waiting; 0 when nothing is.
    package var waitingMilliseconds: UInt64 = 0
    /// Messages that the bus has no room for at present.
    package var unsent: UInt64 = 0

    package init(source: String, height: Height, waiting: UInt64) {
        self.source = source
        self.height = height
        self.waiting = waiting
    }

    init(_ message: PBBeat) {
        source = message.source
        height = message.height
        waiting = message.waiting
        startedMilliseconds = message.startedMilliseconds
        received = message.received
        sent = message.sent
        faults = message.faults
        busyMicroseconds = message.busyMicroseconds
        processorMicroseconds = message.processorMicroseconds
        waitingMilliseconds = message.waitingMilliseconds
        unsent = message.unsent
    }

    var message: PBBeat {
        var message = PBBeat()
        message.source = source
        message.height = height
        message.waiting = waiting
        message.startedMilliseconds = startedMilliseconds
        message.received = received
        message.sent = sent
        message.faults = faults
        message.busyMicroseconds = busyMicroseconds
        message.processorMicroseconds = processorMicroseconds
        message.waitingMilliseconds = waitingMilliseconds
        message.unsent = unsent
        return message
    }
}
