import TestSupport
import Testing

@testable import Postgres

@Suite("Listener and notifier", .timeLimit(.minutes(2)))
struct PostgresListenerTests {
    private func notification(_ payload: String) -> PostgresListener.Event {
        .notification(PostgresNotification(channel: "c", payload: payload, processID: 0))
    }

    /// What was heard, without the process that said it.
    private func heard(_ event: PostgresListener.Event?) -> PostgresListener.Event? {
        guard case .notification(var notification) = event else { return event }
        notification.processID = 0
        return .notification(notification)
    }

    @Test func aFullBufferBecomesOneGap() {
        var buffer = PostgresListener.Buffer(capacity: 2)
        buffer.add(notification("1"))
        buffer.add(notification("2"))
        buffer.add(notification("3"))
        #expect(Array(buffer.events) == [.mayHaveMissed, notification("3")])
        buffer.add(.mayHaveMissed)
        #expect(Array(buffer.events) == [.mayHaveMissed])
    }

    @Test func theOutboxMergesEqualMessagesAndIsBounded() {
        var outbox = PostgresNotifier.Outbox(capacity: 2)
        let news = ["a", "a", "b", "c", "a"].map { outbox.add(.init(channel: "c", payload: $0)) }
        #expect(news == [true, false, true, true, true])
        #expect(outbox.takeAll().map(\.payload) == ["c", "a"])
        #expect(outbox.takeAll().isEmpty)
        #expect(outbox.add(.init(channel: "c", payload: "a")) == true)
    }

    @Test func backOffGrowsAndIsBounded() {
        #expect(Backoff.pause(afterFailures: 0, jitter: 0) == .milliseconds(50))
        #expect(Backoff.pause(afterFailures: 1, jitter: 0) == .milliseconds(50))
        #expect(Backoff.pause(afterFailures: 3, jitter: 0) == .milliseconds(200))
        #expect(Backoff.pause(afterFailures: 50, jitter: 0) == .seconds(2))
        #expect(Backoff.pause(afterFailures: 50, jitter: 0.5) == .milliseconds(1500))
    }

    @Test func notificationsArrive() async throws {
        try await withDatabase { options in
            let listener = PostgresListener(options, channels: ["c"])
            let notifier = PostgresNotifier(options)
            try await running(listener.run) {
                try await running(notifier.run) {
                    var events = listener.events.makeAsyncIterator()
                    #expect(await events.next() == .mayHaveMissed)
                    notifier.notify("other", "not for us")
                    notifier.notify("c", "it's 'quoted'")
                    let event = await events.next()
                    #expect(heard(event) == notification("it's 'quoted'"))
                    guard case .notification(let said)? = event else { return }
                    #expect(said.processID == notifier.processID)
                }
            }
        }
    }

    @Test func manyNotificationsTravelTogether() async throws {
        try await withDatabase { options in
            let listener = PostgresListener(options, channels: ["c"])
            let notifier = PostgresNotifier(options, interval: .milliseconds(10))
            try await running(listener.run) {
                var events = listener.events.makeAsyncIterator()
                #expect(await events.next() == .mayHaveMissed)
                for number in 0..<1000 { notifier.notify("c", "\(number % 100)") }
                try await running(notifier.run) {
                    for number in 0..<100 { #expect(heard(await events.next()) == notification("\(number)")) }
                }
            }
        }
    }

    @Test func aKilledSessionComesBackAndSaysThatItMayHaveMissed() async throws {
        try await withDatabase { options in
            let listener = PostgresListener(options, channels: ["c"])
            let admin = try await PostgresConnection.connect(options)
            try await running(listener.run) {
                var events = listener.events.makeAsyncIterator()
                for round in 0..<3 {
                    #expect(await events.next() == .mayHaveMissed)
                    try await admin.query("SELECT pg_notify('c', \("\(round)"))")
                    #expect(heard(await events.next()) == notification("\(round)"))
                    let process = try #require(listener.processID)
                    try await admin.query("SELECT pg_terminate_backend(\(process), 5000)")
                }
                #expect(await events.next() == .mayHaveMissed)
            }
        }
    }

    /// A session that lives and hears nothing, as behind a pooler: the self-test ends it again and again.
    @Test func aSessionThatHearsNothingFailsItsTest() async throws {
        try await withDatabase { options in
            let healthy = PostgresListener(options, channels: ["c"], testInterval: .milliseconds(100))
            let deaf = PostgresListener(
                options, channels: ["c"], testInterval: .milliseconds(100), listenToTests: false)
            try await running(healthy.run) {
                try await running(deaf.run) {
                    var events = healthy.events.makeAsyncIterator()
                    #expect(await events.next() == .mayHaveMissed)
                    let process = healthy.processID
                    var sessions = deaf.events.makeAsyncIterator()
                    for _ in 0..<3 { #expect(await sessions.next() == .mayHaveMissed) }
                    // By then several tests of the healthy one have passed.
                    #expect(healthy.processID == process)
                }
            }
        }
    }

    @Test func theReaderEndsWithItsTask() async throws {
        let listener = PostgresListener(.init("host=/nowhere"), channels: [])
        let event = await withTaskGroup(of: PostgresListener.Event?.self) { group in
            group.addTask {
                for await event in listener.events { return event }
                return nil
            }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(event == nil)
    }

    @Test func theNotifierComesBackToo() async throws {
        let cluster = try await PostgresCluster.own()
        let notifier = PostgresNotifier(cluster.options())
        let listener = PostgresListener(cluster.options(), channels: ["c"])
        try await running(notifier.run) {
            try await running(listener.run) {
                var events = listener.events.makeAsyncIterator()
                #expect(await events.next() == .mayHaveMissed)
                notifier.notify("c", "before")
                #expect(heard(await events.next()) == notification("before"))
                try await cluster.cluster.stop(.immediate)
                notifier.notify("c", "meanwhile")
                try await cluster.cluster.start()
                var rest: [PostgresListener.Event] = []
                while !rest.contains(.mayHaveMissed) {
                    if let event = heard(await events.next()) { rest.append(event) }
                }
                notifier.notify("c", "after")
                while !rest.contains(notification("after")) {
                    if let event = heard(await events.next()) { rest.append(event) }
                }
            }
        }
        try await cluster.cluster.destroy()
    }
}
