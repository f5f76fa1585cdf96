import Expressions
import Testing

@Suite("Functions of numbers, lists, sets and optional values")
struct CollectionFunctionTests {
    @Test("math")
    func math() {
        expectTrue([
            "math.greatest(1, 2.5, 2u) == 2.5", "math.greatest(3) == 3", "math.greatest([1, 3, 2]) == 3",
            "math.least(1, 2u) == 1",
            "type(math.least(2u, 5)) == uint", "math.least([2.5, -1]) == -1", "type(math.greatest(1, 1.0)) == int",
            "math.ceil(1.2) == 2.0",
            "math.floor(-1.2) == -2.0", "math.round(1.5) == 2.0", "math.round(-2.5) == -3.0", "math.round(2.5) == 3.0",
            "math.trunc(-1.9) == -1.0",
            "math.abs(-5) == 5", "math.abs(-2.5) == 2.5", "math.abs(3u) == 3u", "math.sign(-3) == -1",
            "math.sign(0.0) == 0.0", "math.sign(7u) == 1u",
            "math.sign(-0.5) == -1.0", "math.sqrt(16) == 4.0", "math.sqrt(2.25) == 1.5", "math.isNaN(math.sqrt(-1))",
            "math.isNaN(0.0 / 0.0)",
            "!math.isNaN(1.0)", "math.isInf(1.0 / 0.0)", "math.isFinite(1.0)", "!math.isFinite(-1.0 / 0.0)",
            "math.bitAnd(6, 3) == 2",
            "math.bitOr(6u, 3u) == 7u", "math.bitXor(6, 3) == 5", "math.bitNot(1) == -2",
            "math.bitNot(0u) == 18446744073709551615u",
            "math.bitShiftLeft(1, 3) == 8", "math.bitShiftLeft(1, 64) == 0",
            "math.bitShiftLeft(1u, 63) == 9223372036854775808u",
            "math.bitShiftRight(-1024, 3) == 2305843009213693824", "math.bitShiftRight(8u, 2) == 2u",
            "math.bitShiftRight(1, 200) == 0",
            "math.bitAnd(-1, 5) == 5",
        ])
        expectFailure(
            .noOverload,
            [
                "math.greatest('a')", "math.greatest(1, 'a')", "math.least([1, 'a'])", "math.ceil(1)", "math.abs('a')",
                "math.bitAnd(1, 1u)",
                "math.bitShiftLeft(1, 1u)", "math.isNaN(1)", "math.sqrt('a')", "math.bitNot(1.0)",
            ])
        expectFailure(.conversion, ["math.greatest([])", "math.bitShiftLeft(1, -1)", "math.bitShiftRight(1u, -1)"])
        expectFailure(.overflow, ["math.abs(-9223372036854775808)"])
    }

    @Test("lists and sets")
    func lists() {
        expectTrue([
            "lists.range(3) == [0, 1, 2]", "lists.range(0) == []", "[1, 2, 3, 4].slice(1, 3) == [2, 3]",
            "[1].slice(1, 1) == []",
            "[1, [2, [3]]].flatten() == [1, 2, [3]]", "[1, [2, [3]]].flatten(2) == [1, 2, 3]",
            "[[1]].flatten(0) == [[1]]",
            "[1, 2.0, 1u, 2, 'a', 'a'].distinct() == [1, 2, 'a']", "[3, 1, 2].sort() == [1, 2, 3]",
            "['b', 'a'].sort() == ['a', 'b']",
            "[].sort() == []", "lists.range(50).reverse().sort() == lists.range(50)", "[1, 2].reverse() == [2, 1]",
            "[1, 2].first().value() == 1", "[1, 2].last().value() == 2", "![].first().hasValue()",
            "sets.contains([], [])", "!sets.contains([], [1])", "sets.contains([1, 2, 3], [2, 3u])",
            "sets.equivalent([1], [1, 1.0])",
            "!sets.equivalent([1, 2], [1])", "sets.intersects([[1], [2, 3]], [[1, 2], [2, 3.0]])",
            "!sets.intersects([1], [])",
        ])
        expectFailure(
            .noOverload,
            [
                "[1, 'a'].sort()", "[[1]].sort()", "lists.range('a')", "(1).reverse()", "sets.contains(1, [1])",
                "[0.0 / 0.0].sort()",
            ])
        expectTrue([
            "{}.merge({}) == {}", "{'a': 1}.merge({'b': 2}) == {'a': 1, 'b': 2}",
            "{'a': 1}.merge({'a': 2}) == {'a': 2}",
            "{'a': {'x': 1}}.merge({'a': {'y': 2}}) == {'a': {'y': 2}}",
            "{1: 'a', 2: 'b'}.merge({1u: 'c'}) == {1: 'c', 2: 'b'}", "{}.merge({1: 2})[1] == 2",
        ])
        expectFailure(.noOverload, ["{}.merge([])", "[].merge({})"])
        expectFailure(.indexOutOfRange, ["[1].slice(0, 2)", "[1].slice(-1, 1)", "[1, 2].slice(2, 1)"])
        expectFailure(.conversion, ["[1].flatten(-1)"])
    }

    @Test("optional values")
    func optionals() {
        expectTrue([
            "optional.of(1).value() == 1", "!optional.none().hasValue()", "optional.of(null).hasValue()",
            "!optional.ofNonZeroValue(0).hasValue()", "!optional.ofNonZeroValue('').hasValue()",
            "optional.ofNonZeroValue(2).value() == 2",
            "optional.none().orValue(5) == 5", "optional.of(1).orValue(5) == 1",
            "optional.none().or(optional.of(2)).value() == 2", "optional.of(1).orValue(1 / 0) == 1",
            "optional.of(1).or({}.missing) == optional.of(1)", "optional.none().or(optional.none()).orValue(3) == 3",
            "{'a': 1}.?a.value() == 1", "!{'a': 1}.?b.hasValue()", "{'a': {'b': 2}}.?a.b.value() == 2",
            "!{}.?a.b.c.hasValue()",
            "{'a': 1}[?'a'].value() == 1", "[1, 2][?1].value() == 2", "![1][?5].hasValue()", "!{}.?a[0].hasValue()",
            "[?optional.of(1), ?optional.none(), 2] == [1, 2]",
            "{?'a': optional.of(1), ?'b': optional.none()} == {'a': 1}",
            "optional.of(2).optMap(x, x * 2).value() == 4", "!optional.none().optMap(x, 1 / 0).hasValue()",
            "optional.of(2).optFlatMap(x, optional.of(x + 1)).value() == 3",
            "!optional.of(1).optFlatMap(x, optional.none()).hasValue()",
            "optional.of(1) == optional.of(1.0)", "optional.none() == optional.none()",
            "optional.of(1) != optional.none()", "optional.of(1) != 1",
            "optional.unwrap([optional.of(1), optional.none()]) == [1]", "[optional.of(1)].unwrapOpt() == [1]",
            "has({'a': {'b': 1}}.?a.b)", "!has({}.?a.b)", "type(optional.of(1)) == optional_type",
        ])
        expectFailure(.conversion, ["optional.none().value()", "{}.?a.value()"])
        expectFailure(
            .noOverload,
            [
                "(1).value()", "[?1]", "{?'a': 1}", "optional.none().or(2)", "(1).or(optional.of(2))", "(1).orValue(2)",
                "(1).?a", "optional.of(1).optFlatMap(x, x)",
            ])
        expectFailure(.divisionByZero, ["optional.none().orValue(1 / 0)", "[].first().or(optional.of(1 / 0))"])
    }
}
