import Foundation

/// What people are told, a line at a time and at once, also where it goes to a file.
enum Said {
    static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}
