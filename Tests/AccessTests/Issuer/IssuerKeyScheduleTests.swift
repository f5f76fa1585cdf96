import Access
import Testing

@Suite("When an issuer's keys are fetched")
struct IssuerKeyScheduleTests {
    @Test("unknown keys cause one fetch in ten seconds")
    func limited() {
        var schedule = IssuerKeySchedule()
        #expect(schedule.mayFetch(now: 100))
        schedule.began(now: 100)
        for now in [100, 105, 109] as [Int64] { #expect(!schedule.mayFetch(now: now)) }
        #expect(schedule.mayFetch(now: 110))
        // A clock that was set back.
        #expect(schedule.mayFetch(now: 50))
    }

    @Test("keys are taken for a day after they were last seen")
    func bound() {
        var schedule = IssuerKeySchedule()
        #expect(!schedule.mayUse(now: 0))
        schedule.began(now: 0)
        schedule.succeeded(now: 0, maxAge: nil)
        schedule.began(now: 900)
        schedule.failed()
        #expect(schedule.mayUse(now: 24 * 3600 - 1))
        #expect(!schedule.mayUse(now: 24 * 3600))
    }

    @Test("the next fetch: as the answer says within bounds; after failures with growing pauses")
    func next() {
        var schedule = IssuerKeySchedule()
        #expect(schedule.next(now: 7) == 7)
        for (maxAge, period) in [(nil, 900), (300, 300), (1, 60), (1_000_000, 3600), (0, 60)] as [(Int64?, Int64)] {
            schedule.began(now: 1000)
            schedule.succeeded(now: 1000, maxAge: maxAge)
            #expect(schedule.next(now: 1001) == 1000 + period)
        }
        var pauses: [Int64] = []
        for _ in 0..<8 {
            schedule.began(now: 5000)
            schedule.failed()
            pauses.append(schedule.next(now: 5000) - 5000)
        }
        #expect(pauses == [2, 4, 8, 16, 32, 60, 60, 60])
    }

    @Test("max-age is found among directives")
    func maxAge() {
        let cases: [(String?, Int64?)] = [
            (nil, nil), ("no-store", nil), ("max-age=60", 60), ("public, Max-Age = 300 , x", 300),
            ("max-age=\"5\"", 5), ("s-maxage=9", nil), ("max-age=x", nil),
        ]
        for (field, expected) in cases { #expect(IssuerKeySchedule.maxAge(field) == expected, "\(field ?? "nil")") }
    }
}
