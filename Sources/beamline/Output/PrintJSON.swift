import JSON

/// A value on standard output, for programs.
func printJSON(_ value: JSONValue, pretty: Bool = true) {
    print(value.text(pretty: pretty))
}
