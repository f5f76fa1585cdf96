import ArgumentParser
import JSON
import Testing

@testable import beamline

@Suite("Queue commands")
struct QueueCommandTests {
    @Test func onlyWhatIsSaidIsSent() throws {
        let options = try QueueOptions.parse(["--discipline", "lifo", "--concurrency", "4"])
        #expect(options.body() == ["discipline": "lifo", "concurrency": 4])
        #expect(try QueueOptions.parse([]).body() == .object([]))
    }

    @Test func anUpdateKeepsTheRest() throws {
        let queue: JSONValue = [
            "name": "q", "discipline": "priority", "boost": "1m", "weight": 100, "strict": false, "concurrency": 3,
            "paused": true, "draining": false, "version": 9,
        ]
        let heavier = try QueueOptions.parse(["--weight", "300"]).body(over: queue)
        #expect(
            heavier
                == ["discipline": "priority", "boost": "1m", "weight": 300, "strict": false, "concurrency": 3])
        let open = try QueueOptions.parse(["--concurrency", "none", "--strict", "true"]).body(over: queue)
        #expect(open == ["discipline": "priority", "boost": "1m", "weight": 100, "strict": true])
    }

    @Test(arguments: ["many", "", "1.5"]) func badConcurrencyIsRefused(text: String) {
        #expect(throws: (any Error).self) { try QueueOptions.parse(["--concurrency", text]) }
    }

    @Test func aTableOfQueues() {
        let text = QueueCommand.text([
            [
                "name": "default", "discipline": "fifo", "boost": "1m", "weight": 100, "strict": false,
                "paused": false, "draining": false, "version": 1,
            ],
            [
                "name": "bulk", "discipline": "priority", "boost": "5m", "weight": 7, "strict": true,
                "concurrency": 3, "paused": true, "draining": true, "ready": 20000, "running": 3, "held": 4,
                "version": 12,
            ],
        ])
        #expect(
            text == """
                QUEUE    ORDER             BOOST  WEIGHT  CONCURRENCY  STATE             READY  RUNNING  HELD  VERSION
                default  fifo              1m     100     –            open              0      0        0     1
                bulk     priority, strict  5m     7       3            paused, draining  20000  3        4     12
                """)
    }

    @Test func anExplanationNamesTheHolders() {
        let text = RunCommand.Explain.text([
            "run": "R",
            "waits": [
                [
                    "step": "a", "reason": "limit", "message": "All 1 slots are taken.",
                    "limit": ["holders": [["run": "H", "step": 2, "since": "T"]]],
                ],
                ["reason": "throttle", "message": "Later."],
            ],
        ])
        #expect(
            text == """
                STEP   REASON    WHY
                a      limit     All 1 slots are taken.
                                 held by H, step 2 since T
                (run)  throttle  Later.
                """)
        #expect(RunCommand.Explain.text(["run": "R", "waits": []]) == "The run has ended: nothing waits.")
    }
}
