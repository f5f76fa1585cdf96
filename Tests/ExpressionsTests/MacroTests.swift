import Expressions
import Testing

@Suite("Macros")
struct MacroTests {
    @Test("over lists and maps")
    func oneVariable() {
        expectTrue([
            "[1, 2].all(x, x > 0)", "![1, -2].all(x, x > 0)", "[].all(x, false)", "[1, 2].exists(x, x == 2)",
            "![].exists(x, true)", "[1, 2, 2].exists_one(x, x == 1)", "![1, 2, 2].exists_one(x, x == 2)",
            "![].exists_one(x, true)", "[1, 2].existsOne(x, x == 1)", "[1, 2].map(x, x * x) == [1, 4]",
            "[1, 2, 3].map(x, x > 1, x * 10) == [20, 30]", "[1, 2, 3].filter(x, x % 2 == 1) == [1, 3]",
            "{'a': 1, 'b': 2}.all(k, k in ['a', 'b'])", "{'a': 1}.exists(k, k == 'a')",
            "{'a': 1, 'b': 2}.map(k, k + '!') == ['a!', 'b!']", "{'a': 1, 'b': 2}.filter(k, k == 'b') == ['b']",
            "{1: 'x'}.exists_one(k, k == 1)", "[[1, 2], [3]].map(l, l.map(x, x + 1)) == [[2, 3], [4]]",
            "[1, 2].map(x, [3].map(x, x)) == [[3], [3]]", "[1].map(x, [2].map(y, x + y)) == [[3]]",
            "[1, 2].map(x, x).filter(x, x > 1) == [2]", "[1].all(x, [2].all(x, x == 2) && x == 1)",
            "[{'a': 1}].all(m, has(m.a) && !has(m.b))",
        ])
    }

    @Test("with two variables")
    func twoVariables() {
        expectTrue([
            "[1, 2].all(i, v, i < v)", "['a', 'b'].exists(i, v, i == 1 && v == 'b')",
            "[1, 1].exists_one(i, v, i == 0)", "[1, 1].existsOne(i, v, v == 2) == false",
            "{'a': 1}.all(k, v, k == 'a' && v == 1)", "{'a': 1, 'b': 2}.exists(k, v, v == 2)",
            "[3, 4].transformList(i, v, i * v) == [0, 4]", "[3, 4].transformList(i, v, v > 3, i) == [1]",
            "{'a': 1}.transformList(k, v, k) == ['a']", "[3, 4].transformMap(i, v, v * 2) == {0: 6, 1: 8}",
            "{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10) == {'b': 20}",
            "{'a': 'x'}.transformMapEntry(k, v, {v: k}) == {'x': 'a'}",
            "['a', 'b'].transformMapEntry(i, v, i > 0, {v: i}) == {'b': 1}",
        ])
        expectFailure(.invalidKey, ["[1, 1].transformMapEntry(i, v, {v: i})"])
        expectFailure(.noOverload, ["[1].transformMapEntry(i, v, 1)"])
    }

    @Test("bindings and blocks")
    func bindings() {
        expectTrue([
            "cel.bind(x, 2, x * x) == 4", "cel.bind(x, 1, cel.bind(y, x + 1, x + y)) == 3",
            "cel.bind(x, 1, cel.bind(x, x + 1, x)) == 2", "cel.bind(l, [1, 2], l.exists(x, x in l))",
            "cel.block([1, cel.index(0) + 1], cel.index(0) + cel.index(1)) == 3",
            "cel.block([[1, 2]], cel.index(0).map(cel.iterVar(0, 0), cel.iterVar(0, 0) * 2)) == [2, 4]",
            "[1, 2].map(cel.iterVar(0, 0), [3].map(cel.iterVar(1, 0), cel.iterVar(0, 0) + cel.iterVar(1, 0)))"
                + " == [[4], [5]]",
            "[1, 2].sortBy(x, -x) == [2, 1]", "[{'n': 'b'}, {'n': 'a'}].sortBy(m, m.n)[0].n == 'a'",
        ])
        expectFailure(.undeclared, ["cel.index(0)", "cel.block([cel.index(0)], 1)", "cel.iterVar(0, 0)"])
    }

    @Test("what fails")
    func failures() {
        expectFailure(
            .noOverload,
            [
                "(1).all(x, true)", "'abc'.map(x, x)", "[1].all(x, x)",
                "[1].exists(x, 'a')", "[1].filter(x, x)", "[1].exists_one(x, x)", "[1].map(x, 1, x)",
            ])
        expectFailure(
            .divisionByZero,
            [
                "[1, 0].map(x, 1 / x)", "[1, 0].filter(x, 1 / x > 0)", "[1, 0].exists_one(x, 1 / x > 0)",
                "[0, 1].all(x, 1 / x > 0)", "[1 / 0].all(x, true)",
            ])
        expectFailure(
            .syntax,
            [
                "[1].all(1, true)", "[1].all(x.y, true)", "[1].map('x', 1)", "[1].all(i, i, true)", "has(1)", "has(x)",
                "has()", "cel.bind(1, 1, 1)", "[1].all(.x, true)",
            ])
    }

    @Test("an expression of nested macros ends within its budget")
    func budget() throws {
        let range = "lists.range(100)"
        #expect(throws: Never.self) { try evaluate("\(range).map(x, x).size()", budget: 500) }
        for source in [
            "\(range).map(a, \(range).map(b, \(range).map(c, \(range).map(d, 1))))",
            "\(range).all(a, \(range).all(b, \(range).all(c, \(range).all(d, true))))",
            "\(range).exists(a, 1 / 0 == 1 || \(range).map(b, \(range).map(c, \(range).map(d, 1))) == [])",
            "lists.range(1000000000)",
            "cel.bind(a, lists.range(1000), cel.bind(b, a.map(x, a), cel.bind(c, a.map(x, b), c == c)))",
        ] {
            let error = #expect(throws: ExpressionError.self, "\(source)") { try evaluate(source) }
            #expect(error?.kind == .budgetExceeded, "\(source)")
        }
    }
}
