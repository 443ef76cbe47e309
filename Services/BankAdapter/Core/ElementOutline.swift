/// A first, strict look at a payment file, before any XML parser sees it: which elements stand in it, where, and that nothing else does.
///
/// Refused here: document types and entities (so that nothing can be expanded or fetched), other encodings than UTF-8, namespaces other
/// than the message's, elements that are not understood or that come twice, attributes, depth and size beyond bounds.
package struct ElementOutline: Sendable {
    /// Namespace of the document.
    package private(set) var namespace = ""
    private var lines: [String: Int] = [:]
    private var bytes: ArraySlice<UInt8>
    private var line = 1
    private var count = 0
    private var open: [OpenElement] = []
    private var prefix: String?
    private var isEnded = false

    private struct OpenElement {
        var name: String
        /// Without `Document/CstmrCdtTrfInitn/`, with positions where elements come again.
        var path: String
        var shape: ElementShape
        var children: [String: Int] = [:]
        var hasText = false
    }

    /// - Throws: FF01, with line and place.
    package init(_ content: [UInt8]) throws(StatusReason) {
        bytes = content[...]
        guard content.count <= BankLimits.fileBytes else { throw StatusReason(.format, "the file has more than \(BankLimits.fileBytes) bytes") }
        guard String(validating: content, as: UTF8.self) != nil, !content.contains(0) else { throw StatusReason(.format, "the file is not UTF-8 text") }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        while !bytes.isEmpty { try step() }
        guard open.isEmpty else { throw fault("the file ends inside \(open.last?.name ?? "")") }
        guard isEnded else { throw fault("there is no element in the file") }
    }

    /// Line on which the element of a path begins.
    package func line(of path: String) -> Int? { lines[path] }

    /// How often an element stands at a path that is numbered.
    package func has(_ path: String) -> Bool { lines[path] != nil }

    private func fault(_ problem: String) -> StatusReason {
        let place = open.last?.path ?? ""
        return StatusReason(.format, problem, place: place.isEmpty ? nil : place, line: line)
    }

    private mutating func step() throws(StatusReason) {
        guard bytes.first == UInt8(ascii: "<") else { return try text() }
        bytes = bytes.dropFirst()
        switch bytes.first {
        case UInt8(ascii: "!"): try comment()
        case UInt8(ascii: "?"): try declaration()
        case UInt8(ascii: "/"): try end()
        default: try start()
        }
    }

    private mutating func text() throws(StatusReason) {
        var hasText = false
        var length = 0
        while let byte = bytes.first, byte != UInt8(ascii: "<") {
            if byte == UInt8(ascii: "\n") { line += 1 }
            if !ElementOutline.isSpace(byte) { hasText = true }
            length += 1
            bytes = bytes.dropFirst()
        }
        guard hasText else { return }
        guard !open.isEmpty else { throw fault("text stands outside of the document") }
        guard length <= BankLimits.textBytes else { throw fault("a text is longer than \(BankLimits.textBytes) bytes") }
        open[open.count - 1].hasText = true
        if case .holds = open[open.count - 1].shape { throw fault("text stands between the elements of \(open[open.count - 1].name)") }
    }

    private mutating func comment() throws(StatusReason) {
        guard bytes.starts(with: Array("!--".utf8)) else {
            throw fault("only elements and comments are read: document types, entities and CDATA sections are refused")
        }
        try skip(past: Array("-->".utf8), "a comment does not end")
    }

    private mutating func declaration() throws(StatusReason) {
        let isXML = bytes.starts(with: Array("?xml".utf8))
        guard isXML, open.isEmpty, !isEnded else { throw fault("processing instructions are refused") }
        let start = bytes
        try skip(past: Array("?>".utf8), "the declaration does not end")
        let text = String(decoding: start.prefix(start.count - bytes.count), as: UTF8.self).lowercased()
        guard let range = text.firstRange(of: "encoding") else { return }
        guard text[range.upperBound...].contains("utf-8") else { throw fault("the file must be encoded as UTF-8") }
    }

    private mutating func skip(past mark: [UInt8], _ problem: String) throws(StatusReason) {
        while !bytes.starts(with: mark) {
            guard let byte = bytes.first else { throw fault(problem) }
            if byte == UInt8(ascii: "\n") { line += 1 }
            bytes = bytes.dropFirst()
        }
        bytes = bytes.dropFirst(mark.count)
    }

    private mutating func end() throws(StatusReason) {
        bytes = bytes.dropFirst()
        let name = try local(try name())
        skipSpace()
        guard bytes.first == UInt8(ascii: ">") else { throw fault("an end tag of \(name) does not end") }
        bytes = bytes.dropFirst()
        guard let last = open.last, last.name == name else { throw fault("\(name) ends where \(open.last?.name ?? "nothing") is open") }
        open.removeLast()
        if open.isEmpty { isEnded = true }
    }

    private mutating func start() throws(StatusReason) {
        guard !isEnded else { throw fault("something follows the document") }
        let full = try name()
        let attributes = try attributes()
        if open.isEmpty { try root(full, attributes) }
        let name = try local(full)
        count += 1
        guard count <= BankLimits.elements else { throw fault("the file has more than \(BankLimits.elements) elements") }
        guard open.count < BankLimits.elementDepth else { throw fault("elements stand more than \(BankLimits.elementDepth) deep") }
        let element = try place(name)
        try check(attributes, of: element)
        lines[element.path] = line
        let isEmpty = bytes.first == UInt8(ascii: "/")
        if isEmpty { bytes = bytes.dropFirst() }
        guard bytes.first == UInt8(ascii: ">") else { throw fault("the tag of \(name) does not end") }
        bytes = bytes.dropFirst()
        if !isEmpty { open.append(element) } else if open.isEmpty { isEnded = true }
    }

    /// What the parent lets stand here.
    private mutating func place(_ name: String) throws(StatusReason) -> OpenElement {
        guard let parent = open.last else {
            guard case .holds(let top) = ElementShape.document, let shape = top[name] else { throw fault("the document is a \(name), not a payment file") }
            return OpenElement(name: name, path: "", shape: shape)
        }
        let shape: ElementShape
        switch parent.shape {
        case .opaque: shape = .opaque
        case .text, .amount: throw fault("\(parent.name) holds text, not elements such as \(name)")
        case .holds(let known):
            guard let found = known[name] else { throw fault("the element \(name) is not understood in \(parent.name); docs/banks.md lists what is") }
            shape = found
        }
        let number = (parent.children[name] ?? 0) + 1
        open[open.count - 1].children[name] = number
        var isOpaque = false
        if case .opaque = parent.shape { isOpaque = true }
        let comesAgain = ElementShape.repeated.contains(name)
        guard number == 1 || comesAgain || isOpaque else { throw fault("\(name) stands twice in \(parent.name)") }
        if case .holds(let known) = parent.shape, known["InstdAmt"] != nil, (parent.children["InstdAmt"] ?? 0) + (parent.children["EqvtAmt"] ?? 0) > 0 {
            throw fault("an amount is given twice")
        }
        let step = comesAgain ? "\(name)[\(number)]" : name
        let path = name == "CstmrCdtTrfInitn" ? "" : parent.path.isEmpty ? step : "\(parent.path)/\(step)"
        return OpenElement(name: name, path: path, shape: shape)
    }

    private func check(_ attributes: [(name: String, value: String)], of element: OpenElement) throws(StatusReason) {
        guard !open.isEmpty else { return }
        for attribute in attributes {
            guard attribute.name != "xmlns", !attribute.name.hasPrefix("xmlns:") else { throw fault("namespaces are declared in the document's first tag only") }
            switch element.shape {
            case .opaque: continue
            case .amount where attribute.name == "Ccy": continue
            default: throw fault("the attribute \(attribute.name) is not understood in \(element.name)")
            }
        }
    }

    /// Takes the document's own tag: its prefix is everybody's.
    private mutating func root(_ full: String, _ attributes: [(name: String, value: String)]) throws(StatusReason) {
        let parts = full.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        prefix = parts.count == 2 ? parts[0] : nil
        let wanted = prefix.map { "xmlns:\($0)" } ?? "xmlns"
        for attribute in attributes {
            switch attribute.name {
            case wanted: namespace = attribute.value
            case _ where attribute.name.hasPrefix("xmlns:") || attribute.name.hasSuffix(":schemaLocation"): continue
            default: throw fault("the attribute \(attribute.name) is not understood in the document's tag")
            }
        }
    }

    private func local(_ full: String) throws(StatusReason) -> String {
        let parts = full.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == (prefix == nil ? 1 : 2), prefix == nil || parts[0] == prefix, let name = parts.last, !name.isEmpty else {
            throw fault("\(DecimalAmount.shown(full)) is of another namespace than the document")
        }
        return name
    }

    private mutating func name() throws(StatusReason) -> String {
        let start = bytes
        while let byte = bytes.first, ElementOutline.isNameByte(byte) { bytes = bytes.dropFirst() }
        let length = start.count - bytes.count
        guard (1...100).contains(length) else { throw fault("a tag has no name, or one that no message has") }
        return String(decoding: start.prefix(length), as: UTF8.self)
    }

    private mutating func attributes() throws(StatusReason) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        while true {
            skipSpace()
            guard let byte = bytes.first else { throw fault("the file ends inside a tag") }
            if byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") { return found }
            let name = try name()
            skipSpace()
            guard bytes.first == UInt8(ascii: "=") else { throw fault("the attribute \(name) has no value") }
            bytes = bytes.dropFirst()
            skipSpace()
            guard let quote = bytes.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw fault("the value of \(name) is not quoted") }
            bytes = bytes.dropFirst()
            let start = bytes
            while let byte = bytes.first, byte != quote, byte != UInt8(ascii: "<") {
                if byte == UInt8(ascii: "\n") { line += 1 }
                bytes = bytes.dropFirst()
            }
            guard bytes.first == quote, start.count - bytes.count <= BankLimits.textBytes else { throw fault("the value of \(name) does not end") }
            guard !found.contains(where: { $0.name == name }), found.count < 16 else { throw fault("the attribute \(name) stands twice, or there are too many") }
            found.append((name, String(decoding: start.prefix(start.count - bytes.count), as: UTF8.self)))
            bytes = bytes.dropFirst()
        }
    }

    private mutating func skipSpace() {
        while let byte = bytes.first, ElementOutline.isSpace(byte) {
            if byte == UInt8(ascii: "\n") { line += 1 }
            bytes = bytes.dropFirst()
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
