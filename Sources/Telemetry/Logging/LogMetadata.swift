import Logging

/// Metadata from the handler, the provider and the call, the later ones winning, in the order of their keys.
enum LogMetadata {
    static func merge(
        handler: Logger.Metadata, provider: Logger.MetadataProvider?, event: LogEvent
    ) -> [(key: String, value: Logger.Metadata.Value)] {
        var merged = handler
        if let provided = provider?.get() { merged.merge(provided) { $1 } }
        if let called = event.metadata { merged.merge(called) { $1 } }
        return merged.sorted { $0.key < $1.key }
    }
}
