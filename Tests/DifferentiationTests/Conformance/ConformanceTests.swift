import Testing

/// ONNX's own cases: the imported graph gives their outputs, and its gradient agrees with differences.
///
/// What neither agrees nor stops stands in `ConformanceSkips` with its reason; everything else fails, and so does a line there
/// that no longer holds.
@Suite struct ConformanceTests {
    /// A line of the table.
    private struct Row {
        var cases = 0
        var outputs = 0
        var gradients = 0
        var stops = 0
        var integers = 0
        var skipped = 0
    }

    @Test(.enabled(if: ConformanceCases.isPresent, "there is no archive of cases at \(ConformanceCases.archive)"))
    func everyCaseAgreesOrIsSkippedByName() throws {
        let cases = try ConformanceCases().cases
        #expect(!cases.isEmpty)
        let derivatives = try Derivatives()
        var rows: [String: Row] = [:]
        var skipped: [ConformanceSkips.Reason: [String]] = [:]
        var uncompared: [String: Set<String>] = [:]
        var firstOnly: Set<String> = []
        for example in cases {
            let (outputs, gradient, isByFirstOperandOnly) =
                ConformanceCheck(derivatives: derivatives, example: example).outcome()
            if isByFirstOperandOnly { firstOnly.insert(example.operation) }
            var row = rows[example.operation] ?? Row()
            row.cases += 1
            var problem: String?
            switch outputs {
            case .agree: row.outputs += 1
            default: problem = "\(outputs)"
            }
            switch gradient {
            case .agrees: row.gradients += 1
            case .stops: row.stops += 1
            case .nothingToCompare(let reason) where outputs == .agree:
                row.integers += 1
                uncompared[reason, default: []].insert(example.operation)
            case .nothingToCompare: break
            default: problem = [problem, "\(gradient)"].compactMap { $0 }.joined(separator: "; ")
            }
            let reason = ConformanceSkips.reason(for: example.name)
            if let reason {
                skipped[reason, default: []].append(example.name)
                row.skipped += 1
                #expect(problem.map { $0.contains(reason.sign) } == true, "\(example.name): \(problem ?? "agrees now")")
            } else if let problem {
                Issue.record("\(example.name): \(problem)")
            }
            rows[example.operation] = row
        }
        #expect(firstOnly == ConformanceSkips.constantOperands)
        report(rows, skipped)
        print("differentiated by the first operand only: \(firstOnly.sorted().joined(separator: ", "))")
        for (reason, operations) in uncompared.sorted(by: { $0.key < $1.key }) {
            print("without a gradient, \(reason): \(operations.sorted().joined(separator: ", "))")
        }
    }

    private func report(_ rows: [String: Row], _ skipped: [ConformanceSkips.Reason: [String]]) {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(width - text.count, 0))
        }
        func line(_ name: String, _ row: Row) -> String {
            let numbers = [row.cases, row.outputs, row.gradients, row.stops, row.integers, row.skipped]
            return padded(name, 28) + numbers.map { padded("\($0)", 11) }.joined()
        }
        var lines = [
            padded("operator", 28)
                + ["cases", "outputs", "gradients", "stops", "no floats", "skipped"].map { padded($0, 11) }.joined()
        ]
        lines += rows.sorted { $0.key < $1.key }.map(line)
        let total = rows.values.reduce(into: Row()) { sum, row in
            sum.cases += row.cases
            sum.outputs += row.outputs
            sum.gradients += row.gradients
            sum.stops += row.stops
            sum.integers += row.integers
            sum.skipped += row.skipped
        }
        lines.append(line("all \(rows.count) operators", total))
        for (reason, names) in skipped.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            lines.append("skipped, \(reason.text): \(names.joined(separator: ", "))")
        }
        print(lines.joined(separator: "\n"))
    }
}
