import Foundation
import Gaze
import Synchronization
import TestSupport
import Testing

@Suite struct EvaluatorTests {
    /// Pictures of the tiny model, of its own size so that nothing is resampled: red on 1 to `count` of 8 columns from the left, blue
    /// elsewhere, with a box around the red.
    private func dataset(in folder: String, count: Int = 5) throws -> Dataset {
        try FileManager.default.createDirectory(atPath: folder + "/pictures", withIntermediateDirectories: true)
        return Dataset(
            entries: try (0..<count).map { number in
                var picture = Picture(width: 8, height: 8)
                picture.mutatePixels { pixels in
                    for index in 0..<64 {
                        let isRed = index % 8 < 1 + number
                        pixels[index * 3 + (isRed ? 0 : 2)] = isRed ? 255 : UInt8(20 + number)
                    }
                }
                let path = folder + "/pictures/\(number).png"
                try picture.write(to: path)
                return DatasetEntry(
                    image: path, label: .name(number == 1 ? "elephant" : "red thing"),
                    boxes: [AnnotatedBox(left: 0, top: 0, right: Double(1 + number), bottom: 8)])
            })
    }

    private func plan(
        _ methods: [String] = ["gradcam", "gradient", "occlusion:window=2x2,stride=2x2"],
        metrics: [String] = ["sparseness", "deletion:steps=4", "average-drop"]
    ) throws -> EvaluationPlan {
        EvaluationPlan(
            methods: try methods.map { EvaluatedMethod(try MethodSpecification(parsing: $0)) },
            metrics: try metrics.map { try MethodSpecification(parsing: $0) })
    }

    /// The files that do not hold times.
    private func files(
        _ evaluator: Evaluator, _ dataset: Dataset, into folder: String,
        progress: @escaping (EvaluationProgress) -> Void = { _ in }
    ) throws -> (lines: String, table: String, result: EvaluationResult) {
        let files = try EvaluationFiles(folder: folder)
        let result = try evaluator.evaluate(
            dataset, listener: EvaluationListener(progress: progress, found: files.add))
        try files.finish(evaluator.summary(of: result), heading: "", remarks: [])
        return (
            try String(contentsOfFile: folder + "/results.jsonl", encoding: .utf8),
            try String(contentsOfFile: folder + "/summary.csv", encoding: .utf8), result
        )
    }

    @Test func numbersOfKnownMapsAreKnown() throws {
        try TemporaryFolder.with { folder in
            let explainer = try Explainer(model: TinyModel.write(into: folder))
            let data = try dataset(in: folder)
            let evaluator = try Evaluator(explainer, plan: plan(["gradcam"], metrics: ["sparseness"]))
            let result = try evaluator.evaluate(data)
            // Grad-CAM of red is red itself, 1 on 1 + n of 8 columns: the Gini index of ones among zeros is the share of zeros.
            for (number, record) in result.records.enumerated() where number != 1 {
                #expect(record.name == "red thing" && record.method == "gradcam")
                let gini = 1 - Double(1 + number) / 8
                #expect(abs(try #require(record.values["sparseness"]) - gini) < 1e-5, "\(number)")
            }
            let row = try #require(evaluator.summary(of: result).rows.first)
            let values = result.records.compactMap { $0.values["sparseness"] }
            #expect(row.count == 5 && abs(row.value - values.reduce(0, +) / 5) < 1e-12)
            #expect(try #require(row.low) < row.value && row.value < (try #require(row.high)))
            // One label is no class of the model: the highest class is explained, and that is said once.
            #expect(result.records.map(\.rank) == [0, nil, 0, 0, 0] || result.records[1].rank == nil)
            #expect(result.notes.count == 1 && result.notes[0].contains("1 of 5 pictures"))
        }
    }

    @Test func anInterruptedRunGoesOnAsIfItHadNotBeen() throws {
        try TemporaryFolder.with { folder in
            let explainer = try Explainer(model: TinyModel.write(into: folder))
            let data = try dataset(in: folder)
            let whole = try files(Evaluator(explainer, plan: plan()), data, into: folder + "/whole")
            #expect(whole.result.isComplete && whole.lines.split(separator: "\n").count == 15)

            var interrupted = try plan()
            let cancellation = RunCancellation()
            interrupted.settings.cancellation = cancellation
            let path = folder + "/store.sqlite"
            let part = try files(
                Evaluator(explainer, plan: interrupted, store: ResultStore(path: path)), data, into: folder + "/part"
            ) { if $0.done == 2 { cancellation.cancel() } }
            #expect(!part.result.isComplete)
            // What was finished is there, as it will be.
            #expect(part.lines.split(separator: "\n").count == 6 && whole.lines.hasPrefix(part.lines))

            let computed = Mutex(0)
            let rest = try files(
                Evaluator(explainer, plan: plan(), store: ResultStore(path: path)), data, into: folder + "/part"
            ) { progress in computed.withLock { $0 = progress.computed } }
            #expect(computed.withLock { $0 } == 3)
            #expect(rest.lines == whole.lines && rest.table == whole.table)
            let rows = try ResultStore(path: path).count()

            let again = try files(
                Evaluator(explainer, plan: plan(), store: ResultStore(path: path)), data, into: folder + "/again"
            ) { progress in computed.withLock { $0 = progress.computed } }
            #expect(computed.withLock { $0 } == 0)
            #expect(again.lines == whole.lines && again.table == whole.table)
            #expect(try ResultStore(path: path).count() == rows)
            #expect(try TemporaryFolderNames.of(folder + "/part") == TemporaryFolderNames.of(folder + "/whole"))
        }
    }

    @Test func onlyWhatIsNewIsComputed() throws {
        try TemporaryFolder.with { folder in
            let explainer = try Explainer(model: TinyModel.write(into: folder))
            var data = try dataset(in: folder)
            let store = try ResultStore()
            _ = try Evaluator(explainer, plan: plan(["gradcam"], metrics: ["sparseness"]), store: store).evaluate(data)
            let first = try store.count()
            // Five readings, five numbers, three times.
            #expect(first == 13)
            _ = try Evaluator(explainer, plan: plan(["gradcam"], metrics: ["sparseness", "deletion"]), store: store)
                .evaluate(data)
            #expect(try store.count() == first + 5)
            // Another annotation changes nothing for a metric that does not read it.
            data.entries[0].boxes = []
            let again = try Evaluator(
                explainer, plan: plan(["gradcam"], metrics: ["sparseness", "deletion"]), store: store)
            _ = try again.evaluate(data)
            #expect(try store.count() == first + 5)
            // Another seed, layer or parameter is another question.
            var other = try plan(["gradcam"], metrics: ["deletion:steps=3"])
            _ = try Evaluator(explainer, plan: other, store: store).evaluate(data)
            #expect(try store.count() == first + 10)
            other.methods = [EvaluatedMethod(MethodSpecification("gradcam"), layer: "map")]
            _ = try Evaluator(explainer, plan: other, store: store).evaluate(data)
            #expect(try store.count() == first + 18)
        }
    }

    @Test func picturesThatCannotBeReadAreListed() throws {
        try TemporaryFolder.with { folder in
            let explainer = try Explainer(model: TinyModel.write(into: folder))
            var data = try dataset(in: folder, count: 2)
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder + "/broken.png"))
            data.entries.insert(DatasetEntry(image: folder + "/broken.png"), at: 0)
            data.entries.append(DatasetEntry(image: folder + "/missing.png"))
            data.entries.append(
                DatasetEntry(image: data.entries[1].image, mask: AnnotatedMask(file: folder + "/broken.png")))
            let said = Mutex<[String]>([])
            let evaluator = try Evaluator(explainer, plan: plan(["gradcam"], metrics: ["sparseness"]))
            let result = try evaluator.evaluate(
                data, listener: EvaluationListener(said: { text in said.withLock { $0.append(text) } }))
            #expect(result.records.count == 2 && result.problems.count == 3 && result.isComplete)
            #expect(said.withLock { $0 } == result.problems)
            #expect(result.problems[1].contains("missing.png"))
        }
    }

    @Test func verdictsForAdviceAreKept() throws {
        try TemporaryFolder.with { folder in
            let explainer = try Explainer(model: TinyModel.write(into: folder))
            let data = try dataset(in: folder)
            let store = try ResultStore()
            let plan = try plan(["gradcam", "gradient-x-input"], metrics: ["deletion:steps=4", "insertion:steps=4"])
            let evaluator = try Evaluator(explainer, plan: plan, store: store)
            let result = try evaluator.evaluate(data)
            let count = try store.count()
            let advice = try evaluator.advice(on: data, result, checking: 2)
            #expect(Set(advice.ranking.map(\.method)) == ["gradcam", "gradient-x-input"])
            #expect(advice.checkedPictures == 2)
            for (method, entry) in advice.ranking.enumerated() {
                #expect(entry.rank == method + 1 && entry.verdict != nil)
                // Insertion minus deletion of the records.
                let own = result.records.filter { $0.method == entry.method }
                let differences = try own.map {
                    try #require($0.values["insertion"]) - (try #require($0.values["deletion"]))
                }
                let found = try #require(entry.faithfulness)
                #expect(found.count == 5 && abs(found.value - differences.reduce(0, +) / 5) < 1e-12)
            }
            #expect(try store.count() == count + 2)
            #expect(try evaluator.advice(on: data, result, checking: 2) == advice)
            #expect(try store.count() == count + 2)
            let without = try Evaluator(explainer, plan: self.plan(["gradcam"], metrics: ["deletion"]), store: store)
            #expect(throws: GazeError.noAdvice(missing: "insertion")) {
                try without.advice(on: data, without.evaluate(data))
            }
        }
    }

    @Test func methodsThatFailTakeNoOtherWithThem() throws {
        try TemporaryFolder.with { folder in
            let explainer = try Explainer(model: TinyModel.write(into: folder))
            let evaluator = try Evaluator(
                explainer, plan: plan(["attention-rollout", "gradcam"], metrics: ["sparseness"]))
            let result = try evaluator.evaluate(dataset(in: folder, count: 4))
            #expect(result.records.map(\.method) == ["gradcam", "gradcam", "gradcam", "gradcam"])
            #expect(result.failures.count == 1 && result.failures[0].hasPrefix("attention-rollout: "))
            #expect(throws: (any Error).self) { try Evaluator(explainer, plan: plan(["score"])) }
            #expect(throws: (any Error).self) { try Evaluator(explainer, plan: plan(metrics: ["nothing"])) }
        }
    }

    @Test func requirementsNameWhatIsWorse() throws {
        try TemporaryFolder.with { folder in
            let explainer = try Explainer(model: TinyModel.write(into: folder))
            var plan = try plan(["gradcam", "flat=gradient"], metrics: ["sparseness", "d=deletion:steps=4"])
            plan.methods.append(EvaluatedMethod(MethodSpecification("gradient"), isReference: true))
            let evaluator = try Evaluator(explainer, plan: plan)
            let summary = evaluator.summary(of: try evaluator.evaluate(dataset(in: folder, count: 2)))
            func violations(_ text: String) throws -> Int {
                try #require(
                    EvaluationRequirement(text, methods: plan.methods.map(\.label), metrics: plan.metrics.map(\.label))
                ).violations(of: summary).count
            }
            #expect(try violations("sparseness=0") == 0)
            // References need not reach it.
            #expect(try violations("sparseness=1") == 2)
            #expect(try violations("gradcam:sparseness=0.99") == 1)
            // Lower is better for deletion.
            #expect(try violations("d=1") == 0)
            #expect(try violations("d=-1") == 2)
            #expect(EvaluationRequirement("nothing=1", methods: ["gradcam"], metrics: ["d"]) == nil)
            #expect(EvaluationRequirement("d=", methods: ["gradcam"], metrics: ["d"]) == nil)
            #expect(EvaluationRequirement("d", methods: ["gradcam"], metrics: ["d"]) == nil)
        }
    }
}

/// What is in a folder.
private enum TemporaryFolderNames {
    static func of(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasSuffix("sqlite") }.sorted()
    }
}
