extension FuzzTarget {
    /// What a corpus begins with: small, and of our own.
    var examples: [[UInt8]] {
        switch self {
        case .json: Self.texts([#"{"a":[1,-2.5e3,"\u00e9\n",null,true]}"#, "[]", "-0", #""\ud83d\ude00""#])
        case .definition: Self.texts([Self.chain, Self.language, #"{"name":"j","steps":[{"id":"a","uses":"noop"}]}"#])
        case .expression:
            Self.texts([
                "size([1, 2].map(x, x * 2)) > 1 ? 'a' : b'b'", "{'a': 1u}.?a.orValue(2u)", "'%s %d'.format(['x', 3])",
                "timestamp('2025-01-31T12:00:00Z') + duration('1h30m')", "regex.replace('aab', 'a+', 'x')",
            ])
        case .template: Self.texts([#"{"a":"${{ 1 + 2 }} and ${{ 'x' }}","b":["${{ [1] }}"]}"#])
        case .schema:
            Self.texts([
                ##"{"type":"object","required":["a"],"properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}}"##
                    + "\n" + #"{"a":1}"#,
                #"{"anyOf":[{"pattern":"^a+$"},{"items":{"minimum":1}}],"unevaluatedProperties":false}"# + "\n[1,2]",
            ])
        case .filter: Self.texts(["state:failed,timed_out workflow:etl/* -label.team:a since:2h duration:>5m \"a b\""])
        case .token:
            Self.texts([
                "eyJhbGciOiJFUzI1NiIsImtpZCI6ImZ1enoifQ.eyJpc3MiOiJiZWFtbGluZSJ9.AAAA",
                #"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","alg":"ES256","x":"AA","y":"AA"}]}"#,
            ])
        case .duration: Self.texts(["1h30m", "250ms", "2d", "64MiB"])
        case .timestamp: Self.texts(["2030-01-31T12:00:00Z", "2030-01-31t12:00:00.123456+02:00"])
        case .worker: [[0x0a, 0x08, 0x0a, 0x01, 0x77, 0x12, 0x03, 0x63, 0x70, 0x75], [0x12, 0x00]]
        case .http1:
            Self.texts([
                "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nabGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            ])
        case .http2:
            [
                HTTP2Bytes.headers(stream: 1, ends: true),
                HTTP2Bytes.frame(type: 6, flags: 0, stream: 0, [0, 0, 0, 0, 0, 0, 0, 1]),
            ]
        case .grpc: [[0, 0, 0, 0, 7, 0x0a, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f], [0, 0, 0, 0, 0]]
        }
    }

    private static func texts(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    private static let chain = """
        name: demo/chain
        inputs: { type: object, properties: { n: { type: integer, default: 1 } } }
        retry: { max_attempts: 3, delay: 1s }
        steps:
          - { id: a, uses: noop, with: { n: "${{ inputs.n }}" } }
          - { id: b, uses: noop, needs: [a], if: "inputs.n > 0", timeout: 5s }
        """
    private static let language = """
        name: demo/language
        concurrency: { key: "${{ inputs.n }}", limit: 2 }
        steps:
          - { id: each, uses: noop, for_each: "${{ [1, 2] }}" }
          - { id: wait, uses: wait, with: { for: 1s } }
          - { id: ask, uses: approval, needs: [wait] }
        finally:
          - { id: clean, uses: noop }
        """
}
