import Telemetry
import Testing

@Suite("SplitMix")
struct SplitMixTests {
    @Test("the published numbers of seed 1234567")
    func known() {
        let random = SplitMix(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }

    @Test("two generators of the system's seeds differ, and none repeats")
    func distinct() async {
        let random = SplitMix()
        let numbers = await withTaskGroup(of: [UInt64].self) { group in
            for _ in 0..<8 { group.addTask { (0..<1000).map { _ in random.next() } } }
            var all: Set<UInt64> = []
            for await part in group { all.formUnion(part) }
            return all
        }
        #expect(numbers.count == 8000)
        #expect(SplitMix().next() != SplitMix().next())
    }
}
