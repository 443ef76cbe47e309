import Foundation
import Yams

/// One place of a YAML document, with the path that led there, so that every fault can name it.
package struct DocumentField {
    let file: String
    /// `chains[0].nodes[2].key`; empty at the top.
    let place: String
    let node: Node
    /// Kept because nodes hold their anchors weakly, and the parser alone holds them.
    private let parser: Parser

    private init(file: String, place: String, node: Node, parser: Parser) {
        self.file = file
        self.place = place
        self.node = node
        self.parser = parser
    }

    /// Reads a document.
    /// - Throws: what is wrong with its syntax, with the line.
    package static func document(_ text: String, file: String) throws(NetworkFileFault) -> DocumentField {
        let parser: Parser
        let root: Node?
        do {
            parser = try Parser(yaml: text)
            root = try parser.singleRoot()
        } catch let error as YamlError {
            throw fault(of: error, file: file)
        } catch {
            throw NetworkFileFault(file: file, problem: "it cannot be read as YAML: \(error)", advice: "Restore it, or write it anew.")
        }
        guard let root else {
            throw NetworkFileFault(file: file, problem: "the file is empty", advice: "Restore it, or make a new network: concordat init")
        }
        return DocumentField(file: file, place: "", node: root, parser: parser)
    }

    private static func fault(of error: YamlError, file: String) -> NetworkFileFault {
        let advice = "Correct the syntax there; spaces, never tabs, set off each level."
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            return NetworkFileFault(file: file, line: mark.line, problem: "this is no valid YAML: \(problem)", advice: advice)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.joined(separator: ", ")
            return NetworkFileFault(
                file: file, line: context.mark.line, place: names, problem: "the key occurs twice in one mapping",
                advice: "Keep one of them.")
        case .reader(let problem, _, _, _):
            return NetworkFileFault(file: file, problem: "this is no text: \(problem)", advice: "Save the file as UTF-8.")
        default:
            return NetworkFileFault(file: file, problem: "this is no valid YAML", advice: advice)
        }
    }

    /// A fault at this place.
    package func fault(_ problem: String, _ advice: String) -> NetworkFileFault {
        NetworkFileFault(file: file, line: node.mark?.line, place: place, problem: problem, advice: advice)
    }

    /// The values of a mapping that has no other keys than these.
    package func mapping(_ known: [String]) throws(NetworkFileFault) -> DocumentMapping {
        let fields = try entries()
        for (key, field) in fields where !known.contains(key) {
            let closest = Suggestion.closest(to: key, among: known)
            throw field.fault(
                "the key \(key) is not known here",
                closest.map { "Did you mean \($0)?" } ?? "Known keys: \(known.joined(separator: ", ")).")
        }
        return DocumentMapping(of: self, fields: fields)
    }

    /// The values of a mapping with any keys, in the order of the document.
    package func entries() throws(NetworkFileFault) -> [(key: String, field: DocumentField)] {
        try refuseAnchor()
        guard case .mapping(let mapping) = node else { throw fault("a mapping (key: value) must stand here", "See docs/network.md.") }
        var fields: [(key: String, field: DocumentField)] = []
        for (key, value) in mapping {
            guard case .scalar(let name) = key else { throw fault("a key must be plain text", "See docs/network.md.") }
            let path = place.isEmpty ? name.string : "\(place).\(name.string)"
            fields.append((name.string, DocumentField(file: file, place: path, node: value, parser: parser)))
        }
        return fields
    }

    /// The elements of a list of at most `limit`.
    package func list(atMost limit: Int) throws(NetworkFileFault) -> [DocumentField] {
        try refuseAnchor()
        guard case .sequence(let sequence) = node else { throw fault("a list must stand here", "Begin every element with a hyphen.") }
        guard sequence.count <= limit else { throw fault("\(sequence.count) elements are too many", "At most \(limit) are allowed.") }
        return sequence.enumerated().map { DocumentField(file: file, place: "\(place)[\($0.offset)]", node: $0.element, parser: parser) }
    }

    /// Text of 1 to `limit` bytes.
    package func text(atMost limit: Int = 200) throws(NetworkFileFault) -> String {
        try refuseAnchor()
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty else { throw fault("a text must stand here", "Give a value.") }
        guard scalar.string.utf8.count <= limit else { throw fault("the text is too long", "At most \(limit) bytes are allowed.") }
        return scalar.string
    }

    /// A whole number within bounds.
    package func number(_ range: ClosedRange<UInt64>) throws(NetworkFileFault) -> UInt64 {
        let digits = try text()
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt64(digits) else {
            throw fault("\(digits) is no whole number", "Write digits only, at most \(range.upperBound).")
        }
        guard range.contains(number) else {
            throw fault("\(number) is out of bounds", "Give a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// A line that repeats another one by reference could stand for a thousand: none is needed here.
    private func refuseAnchor() throws(NetworkFileFault) {
        guard node.anchor == nil else { throw fault("anchors and aliases are not allowed", "Write the value out at each place.") }
    }
}

/// A mapping whose keys are all known.
package struct DocumentMapping {
    private let owner: DocumentField
    private let fields: [(key: String, field: DocumentField)]

    init(of owner: DocumentField, fields: [(key: String, field: DocumentField)]) {
        self.owner = owner
        self.fields = fields
    }

    /// The value of a key, if it is there.
    package func optional(_ key: String) -> DocumentField? { fields.first { $0.key == key }?.field }

    /// The value of a key that must be there.
    package func required(_ key: String) throws(NetworkFileFault) -> DocumentField {
        guard let field = optional(key) else { throw owner.fault("the key \(key) is missing", "Add it; docs/network.md says what it holds.") }
        return field
    }
}
