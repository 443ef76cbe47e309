// NotaryRecorder
