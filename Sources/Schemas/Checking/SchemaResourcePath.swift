/// Where a document stands below a folder that serves schemas: the path of its URI, whatever the scheme and host.
public enum SchemaResourcePath {
    /// Paths relative to the folder, in the order in which to try them; none for a URI that leads out of it.
    public static func candidates(for uri: String) -> [String] {
        let reference = URIReference(uri)
        // A URN has no slashes; its text after the scheme is one name.
        let segments = URIReference.removingDotSegments(reference.path).split(separator: "/").map { String($0) }
        var decoded: [String] = []
        for segment in segments {
            guard let name = URIReference.decoded(segment), name != ".", name != "..", !name.contains("/"),
                !name.contains("\0"), !name.contains("\\")
            else { return [] }
            decoded.append(name)
        }
        guard let last = decoded.last, !last.isEmpty else { return [] }
        let path = decoded.joined(separator: "/")
        return [path, "\(path).json"]
    }
}
