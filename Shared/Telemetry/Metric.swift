/// Every metric of the project, under its Prometheus name. A test holds this to docs/metrics.md and to what a running network shows.
package enum Metric: String, CaseIterable, Sendable {
    case buildInfo = "concordat_build_info"
    case ready = "concordat_ready"
    case checkPassed = "concordat_check_passed"
    case stageReceived = "concordat_stage_received_total"
    case stageSent = "concordat_stage_sent_total"
    case stageRequests = "concordat_stage_requests_total"
    case stageCalls = "concordat_stage_calls_total"
    case stageCallsUnanswered = "concordat_stage_calls_unanswered_total"
    case stageTaken = "concordat_stage_taken_total"
    case stageVerdicts = "concordat_stage_verdicts_total"
    case stageFailed = "concordat_stage_failed_total"
    case stageCaughtUp = "concordat_stage_caught_up_blocks_total"
    case stageInProgress = "concordat_stage_in_progress"
    case stageInputsWaiting = "concordat_stage_inputs_waiting"
    case stageBacklog = "concordat_stage_backlog"
    case stageUnacknowledged = "concordat_stage_unacknowledged"
    case stageLastProcessed = "concordat_stage_last_processed_timestamp_seconds"
    case stageDuration = "concordat_stage_duration_seconds"
    case stageCommitDuration = "concordat_stage_commit_duration_seconds"
    case stageConnected = "concordat_stage_connected"
    case stageDisconnects = "concordat_stage_disconnects_total"
    case stageLost = "concordat_stage_lost_streams_total"
    case alarms = "concordat_alarms_total"
    case ledgerHeight = "concordat_ledger_height"
    case ledgerFinalizedHeight = "concordat_ledger_finalized_height"
    case busMembers = "concordat_bus_members"
    case busClients = "concordat_bus_clients"
    case busStreams = "concordat_bus_streams"
    case busCallsInProgress = "concordat_bus_calls_in_progress"
    case busReceived = "concordat_bus_received_frames_total"
    case busSent = "concordat_bus_sent_frames_total"
    case busFannedOut = "concordat_bus_fanned_out_frames_total"
    case busFannedOutBytes = "concordat_bus_fanned_out_bytes_total"
    case busUndeliverable = "concordat_bus_undeliverable_frames_total"
    case busHandled = "concordat_bus_handled_total"
    case busRefused = "concordat_bus_refused_total"
    case busDropped = "concordat_bus_dropped_total"
    case busLinkConnected = "concordat_bus_link_connected"
    case processUp = "concordat_process_up"
    case processRestarts = "concordat_process_restarts_total"
    case heartbeatTime = "concordat_heartbeat_timestamp_seconds"
    case heartbeatDuration = "concordat_heartbeat_duration_seconds"
    case heartbeatSent = "concordat_heartbeat_sent_total"
    case heartbeatFailed = "concordat_heartbeat_failed_total"
    case seriesDropped = "concordat_metrics_dropped_series"
    case processCPU = "process_cpu_seconds_total"
    case processMemory = "process_resident_memory_bytes"
    case processOpenFiles = "process_open_fds"
    case processMaxFiles = "process_max_fds"
    case processStart = "process_start_time_seconds"

    /// How its values are to be read.
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    package var kind: Kind {
        switch self {
        case .stageDuration, .stageCommitDuration, .heartbeatDuration: .histogram
        default: rawValue.hasSuffix("_total") ? .counter : .gauge
        }
    }

    /// One line for people who read the page.
    package var help: String {
        switch self {
        case .buildInfo: "1; its labels say which program this is."
        case .ready: "1 while all checks pass, as /readyz says."
        case .checkPassed: "1 while a check of /readyz passes."
        case .stageReceived: "Messages that a role took from its bus, by topic."
        case .stageSent: "Messages that a role published, by topic."
        case .stageRequests: "Requests that a role was asked."
        case .stageCalls: "Requests that a role asked of others."
        case .stageCallsUnanswered: "Requests of a role that nobody answered in time."
        case .stageTaken: "Items that a role took on: transactions, legs, candidates."
        case .stageVerdicts: "Verdicts that a validator has signed."
        case .stageFailed: "Items that a role did not take on, by reason."
        case .stageCaughtUp: "Blocks that a role fetched from peers because it had missed them."
        case .stageInProgress: "Items that wait in a role."
        case .stageInputsWaiting: "Facts that wait for a role's next turn."
        case .stageBacklog: "Messages that a role holds back because its bus gives no credit."
        case .stageUnacknowledged: "Published messages that the bus has not acknowledged yet."
        case .stageLastProcessed: "When a role last had something to do, Unix time."
        case .stageDuration: "Time that one turn of a role took, its commit included."
        case .stageCommitDuration: "Time that one commit of a role's store took."
        default: laterHelp
        }
    }

    private var laterHelp: String {
        switch self {
        case .stageConnected: "1 while a role's bus knows it."
        case .stageDisconnects: "Times that a role lost its bus."
        case .stageLost: "Times that messages of a stream were gone for good, so that a role had to catch up by height."
        case .alarms: "Alarms that a role raised, by code."
        case .ledgerHeight: "Newest height of a role's chain that enough of its nodes speak of."
        case .ledgerFinalizedHeight: "Newest final height that a role has reached."
        case .busMembers: "Members and linked buses that a bus knows."
        case .busClients: "Clients that a bus knows."
        case .busStreams: "Streams that a bus keeps a log of."
        case .busCallsInProgress: "Requests that a bus waits for the answers of."
        case .busReceived: "Frames that came in at a bus's doors."
        case .busSent: "Frames that a bus sent to one connection."
        case .busFannedOut: "Frames that a bus sent to all subscribers of a topic."
        case .busFannedOutBytes: "Bytes of frames sent to all subscribers, each counted once."
        case .busUndeliverable: "Frames to a connection that had gone, or did not read any more."
        case .busHandled: "What a bus has done, by kind."
        case .busRefused: "What a bus has refused, by reason."
        case .busDropped: "What a bus has let fall, by reason."
        case .busLinkConnected: "1 while a bus has its connection to the bus of another site."
        case .processUp: "1 while a process that concordat up started is running."
        case .processRestarts: "Times that concordat up started a process again."
        case .heartbeatTime: "When the newest heartbeat payment had gone the whole way, Unix time."
        case .heartbeatDuration: "Time that a heartbeat payment took until its receiver was sure."
        case .heartbeatSent: "Heartbeat payments that were sent."
        case .heartbeatFailed: "Heartbeat payments that did not arrive, by reason."
        case .seriesDropped: "Series that are not shown because there are too many."
        case .processCPU: "Processor time used, user and system."
        case .processMemory: "Resident memory."
        case .processOpenFiles: "Open file descriptors."
        case .processMaxFiles: "File descriptors that may be open."
        case .processStart: "When the process was started, Unix time."
        default: ""
        }
    }
}
