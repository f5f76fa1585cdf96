/// The version that `--version` and workers tell.
enum BuildVersion {
    static let text = "0.1.0"
}
