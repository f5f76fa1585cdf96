import JSON
import Testing
import Workflows

@Suite("Files that can be applied")
struct ManifestTests {
    private static let text = """
        # What the billing team runs.
        bundle: team/billing
        description: invoices
        queues:
          - name: team/bulk
            discipline: priority
            boost: 90s
            weight: 300
            concurrency: 4
          - name: plain
        limits:
          - { name: warehouse, slots: 5 }
          - name: printer
            of: steps
            slots: 1
        workflows:
          - name: team/etl
            queue: team/bulk
            # a comment of its own
            steps:
              - id: extract
                uses: shell
                with:
                  script: |
                    echo one

                    echo two

          - name: report
            steps: [{ id: print, uses: noop }]

        """

    private func problems(_ source: String, file: String = "b.yaml") -> [String] {
        do {
            _ = try Manifest(parsing: Array(source.utf8), file: file)
            return []
        } catch { return error.diagnostics.map { "\($0.line):\($0.column) \($0.message)" } }
    }

    @Test("a bundle in YAML, with its defaults")
    func bundle() throws {
        let bundle = try #require(try Manifest(parsing: Array(Self.text.utf8), file: "b.yaml").bundle)
        #expect(bundle.name == "team/billing" && bundle.description == "invoices")
        #expect(
            bundle.queues == [
                QueueDeclaration(
                    name: "team/bulk", order: QueueOrder(.priority, boost: .seconds(90)), weight: 300, concurrency: 4),
                QueueDeclaration(name: "plain"),
            ])
        #expect(
            bundle.limits == [
                LimitDeclaration(name: "warehouse", unit: .runs, slots: 5),
                LimitDeclaration(name: "printer", unit: .steps, slots: 1),
            ])
        #expect(bundle.workflows.map(\.name) == ["team/etl", "report"])
    }

    @Test("a workflow keeps the text that its author wrote, without its indent")
    func sources() throws {
        let bundle = try #require(try Manifest(parsing: Array(Self.text.utf8), file: "b.yaml").bundle)
        #expect(
            String(decoding: bundle.workflows[0].source, as: UTF8.self) == """
                name: team/etl
                queue: team/bulk
                # a comment of its own
                steps:
                  - id: extract
                    uses: shell
                    with:
                      script: |
                        echo one

                        echo two

                """)
        #expect(
            String(decoding: bundle.workflows[1].source, as: UTF8.self)
                == "name: report\nsteps: [{ id: print, uses: noop }]\n")
        for workflow in bundle.workflows {
            let alone = try Workflow(parsing: workflow.source, file: "w.yaml")
            #expect(alone.definition == workflow.workflow.definition)
        }
    }

    @Test("where a workflow is no text of its own, its text is JSON")
    func sharedText() throws {
        let text = """
            bundle: b
            workflows:
              - { name: a, steps: &steps [{ id: s, uses: noop }] }
              - name: c
                steps: *steps
            """
        let bundle = try #require(try Manifest(parsing: Array(text.utf8), file: "b.yaml").bundle)
        #expect(bundle.workflows.count == 2)
        for workflow in bundle.workflows {
            let alone = try Workflow(parsing: workflow.source, file: "w.json")
            #expect(alone.definition == workflow.workflow.definition)
        }
        #expect(String(decoding: bundle.workflows[1].source, as: UTF8.self).hasPrefix("{"))
    }

    @Test("JSON and YAML, in any order, say the same")
    func canonical() throws {
        let json = """
            {"limits":[{"slots":1,"of":"steps","name":"printer"},{"name":"warehouse","of":"runs","slots":5}],
             "queues":[{"name":"plain","discipline":"fifo","weight":100,"strict":false},
               {"name":"team/bulk","discipline":"priority","boost":"1m30s","weight":300,"concurrency":4}],
             "workflows":[{"name":"report","steps":[{"id":"print","uses":"noop"}]},
               {"name":"team/etl","queue":"team/bulk","steps":[{"id":"extract","uses":"shell",
                 "with":{"script":"echo one\\n\\necho two\\n"}}]}],
             "description":"invoices","bundle":"team/billing"}
            """
        let one = try #require(try Manifest(parsing: Array(Self.text.utf8), file: "b.yaml").bundle)
        let two = try #require(try Manifest(parsing: Array(json.utf8), file: "b.json").bundle)
        #expect(one.canonical == two.canonical)
        let other = json.replacing("\"slots\":5", with: "\"slots\":6")
        #expect(try Manifest(parsing: Array(other.utf8), file: "b.json").bundle?.canonical != one.canonical)
    }

    @Test("a file without the key bundle is one workflow")
    func workflow() throws {
        let manifest = try Manifest(parsing: Array("name: w\nsteps: [{ id: a, uses: noop }]\n".utf8), file: "w.yaml")
        #expect(manifest.bundle == nil && manifest.workflows.map(\.name) == ["w"])
        #expect(manifest.declared == [ResourceID(.workflow, "w")])
    }

    @Test("every problem of every part at once, each at its place")
    func allProblems() {
        let found = problems(
            """
            bundle: Team
            triggers: []
            queus: []
            queues:
              - name: a//b
              - name: q
                discipline: lifoo
                weight: 0
                strict: yes please
              - name: q
              - discipline: fifo
            limits:
              - { name: l, slots: -1 }
              - { name: l, of: seconds, slots: 1 }
              - { name: l, slots: 1 }
              - { name: l, of: steps, slots: 2 }
              - { name: l, slots: 3 }
            workflows:
              - name: w
                steps:
                  - { id: a, uses: noop, needs: [b] }
              - name: w
                steps: [{ id: a, uses: noop, retry: 3 }]
              - name: v
                steps: [{ id: a, uses: noop }]
              - name: v
                steps: [{ id: a, uses: noop }]
            """)
        #expect(
            found == [
                #"1:9 the bundle's name "Team" must be made of small letters, digits and - _ . /"#,
                #"2:1 "triggers" is not supported yet"#, #"3:1 unknown key "queus" in a bundle"#,
                #"5:11 the queue's name "a//b" has an empty part between its slashes"#,
                #"7:17 unknown discipline "lifoo""#, "8:13 weight must be an integer from 1 to 1000000",
                "9:13 strict must be true or false, not string", #"10:11 the queue "q" is declared twice"#,
                #"11:5 the queue has no "name""#, "13:23 slots must be an integer from 0 to 1000000",
                #"14:20 unknown of "seconds""#, #"17:13 the limit of runs "l" is declared twice"#,
                #"21:38 step "a" needs unknown step "b""#, "23:41 retry must be a mapping, not integer",
                #"26:11 the workflow "v" is declared twice"#,
            ])
    }

    @Test("a bundle needs its name", arguments: ["queues: []", "workflows: []\nlimits: []"])
    func name(source: String) { #expect(problems(source) == [#"1:1 the bundle has no "bundle""#]) }

    @Test("what a bundle declares must be lists")
    func lists() {
        #expect(problems("bundle: b\nqueues: { a: 1 }\n") == ["2:9 queues must be a list, not a mapping"])
        #expect(problems("bundle: b\nworkflows: [3]\n") == ["2:13 a workflow must be a mapping, not integer"])
    }

    @Test("files together: problems of all of them, and what two declare")
    func together() throws {
        let one = (name: "one.yaml", contents: Array("bundle: a\nqueues: [{ name: q }]\n".utf8))
        let two = (name: "two.yaml", contents: Array("bundle: a\nqueues: [{ name: q }, { name: r }]\n".utf8))
        let bad = (name: "bad.yaml", contents: Array("bundle: c\nqueues: [{}]\n".utf8))
        let worse = (name: "worse.yaml", contents: Array("name: w\n".utf8))
        do {
            _ = try [Manifest](parsing: [one, bad, two, worse])
            Issue.record("accepted")
        } catch {
            #expect(
                error.diagnostics.map { "\($0.path):\($0.line):\($0.column) \($0.message)" } == [
                    #"bad.yaml:2:10 the queue has no "name""#, #"worse.yaml:1:1 the workflow has no "steps""#,
                    #"two.yaml:1:1 the bundle "a" stands in two files"#,
                    #"two.yaml:2:18 the queue "q" is declared twice"#,
                ])
            #expect(error.rendered.hasSuffix("4 errors; nothing applied.\n"))
            #expect(error.rendered.contains("nothing applied") && error.rendered.contains("also in one.yaml"))
            #expect(error.rendered.components(separatedBy: "nothing applied").count == 2)
        }
        #expect(try [Manifest](parsing: [one]).declared == [ResourceID(.queue, "q")])
    }

    @Test("a limit of a tenant's key may be declared elsewhere")
    func limitElsewhere() throws {
        func concurrency(_ text: String) throws -> Concurrency? {
            try Workflow(
                parsing: Array("name: w\nconcurrency: \(text)\nsteps: [{ id: a, uses: noop }]\n".utf8), file: "w.yaml"
            ).definition.concurrency
        }
        #expect(
            try concurrency("{ key: warehouse, scope: tenant }")
                == Concurrency(key: "warehouse", limit: 1, scope: .tenant))
        #expect(throws: DefinitionError.self) { try concurrency("{ key: warehouse }") }
        #expect(throws: DefinitionError.self) { try concurrency("{ scope: tenant }") }
    }

    @Test(
        "names",
        arguments: [
            ("a", true), ("team/etl.v2", true), ("_x", true), ("a//b", false), ("a/../b", false), ("/a", false),
            ("a/", false), ("A", false), ("", false), ("-a", false), ("a b", false),
        ])
    func names(name: String, isValid: Bool) { #expect(ResourceName.isValid(name) == isValid) }
}

extension String {
    fileprivate func components(separatedBy text: String) -> [Substring] {
        split(separator: text, omittingEmptySubsequences: false)
    }
}
