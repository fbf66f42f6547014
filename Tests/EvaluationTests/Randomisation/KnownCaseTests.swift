import Evaluation
import Explanations
import Runtime
import Synchronization
import Tensors
import Testing

/// What the literature says about methods, on a network that was trained (Adebayo et al. 2018; Hedström et al. 2024).
@Suite struct KnownCaseTests {
    static let methods = [
        "gradient", "smoothgrad:samples=10", "gradient-x-input", "integrated-gradients:steps=10", "gradcam",
        "guided-backprop", "guided-gradcam",
    ]

    private static func specifications(_ texts: [String] = methods) throws -> [MethodSpecification] {
        try texts.map { try MethodSpecification(parsing: $0) }
    }

    @Test func verdictsAreThoseOfTheLiterature() throws {
        let report = try DigitNetwork().report(
            Self.specifications(), SanityCheckOptions(seeds: 8, blocks: nil, isUpperHalfEnough: true))
        for label in ["gradient", "smoothgrad", "gradcam"] {
            let result = try report.method(label)
            #expect(result.verdict == .pass, "\(result.sentence)")
        }
        for label in ["guided-backprop", "guided-gradcam"] {
            let result = try report.method(label)
            #expect(
                result.verdict == .fail && result.sentence.hasSuffix("do not use it to judge this model"),
                "\(result.sentence)")
        }
        for label in ["gradient-x-input", "integrated-gradients"] {
            let result = try report.method(label)
            #expect(result.verdict == .caution && result.sentence.contains("the picture itself"), "\(result.sentence)")
        }
    }

    /// The paper's code explains what the randomised model finds most likely. Its score and the trained model's best are both large where
    /// features are, so that more is alike; the order of methods stays.
    @Test func aRechosenClassMakesMapsMoreAlike() throws {
        func kept(_ target: SanityCheckOptions.TargetChoice) throws -> [Double] {
            try DigitNetwork().report(
                Self.specifications(["gradient", "gradcam", "guided-gradcam", "guided-backprop"]),
                SanityCheckOptions(target: target, seeds: 2, blocks: nil, isUpperHalfEnough: true)
            ).methods.map { $0.numbers?.keptDiverging ?? .nan }
        }
        let (fixed, rechosen) = (try kept(.fixed), try kept(.rechosen))
        #expect(zip(fixed, rechosen).allSatisfy { $0 < $1 + 0.02 })
        #expect(rechosen[0] < 0.5 && rechosen[1] < 0.5 && rechosen[2] > 0.6 && rechosen[3] > 0.8)
    }

    @Test func gradientTimesInputFallsInTheDivergingViewOnly() throws {
        let result = try DigitNetwork().report(
            Self.specifications(["gradient-x-input"]), SanityCheckOptions(seeds: 3, blocks: nil)
        ).methods[0]
        let (absolute, diverging) = (try result.curve("spearman-abs"), try result.curve("spearman-diverging"))
        #expect(absolute.points.allSatisfy { ($0?.mean ?? 0) > 0.75 })
        #expect(diverging.points.dropFirst().allSatisfy { abs($0?.mean ?? 1) < 0.15 })
    }

    @Test func guidedBackpropagationChangesWithLowerLayersOnly() throws {
        let points = try DigitNetwork().report(
            Self.specifications(["guided-backprop"]), SanityCheckOptions(seeds: 3, blocks: nil)
        ).methods[0].curve("spearman-diverging").points.map { $0?.mean ?? .nan }
        #expect(points[0] > 0.9 && points[1] > 0.9 && points[5] < 0.7)
        #expect(zip(points, points.dropFirst()).allSatisfy { $1 < $0 + 0.02 })
    }

    // MARK: Methods that never look at the model

    @Test(arguments: ["sobel", "canny", "centred-gaussian", "random-map"]) func whatDoesNotAskTheModelFails(
        _ method: String
    ) throws {
        let result = try DigitNetwork(pictures: 4).report(
            Self.specifications([method]), SanityCheckOptions(blocks: 3)
        ).methods[0]
        #expect(result.verdict == .fail && result.sentence.hasSuffix("do not use it to judge this model"))
        #expect(try result.curve("spearman-abs").points.allSatisfy { abs(($0?.mean ?? 0) - 1) < 1e-9 })
        #expect(result.complexityRise.map { abs($0.mean) < 1e-9 } ?? false)
    }

    @Test func anEmptyMapIsNoVerdict() throws {
        let failures = Mutex<[String]>([])
        let network = try DigitNetwork(pictures: 2)
        let measured = try network.check(
            Self.specifications(["constant", "gradient"]), SanityCheckOptions(blocks: 2),
            failed: { name, error in failures.withLock { $0.append("\(name): \(error)") } }
        ).measurements(of: network.subjects)
        #expect(measured.methods.map(\.name) == ["gradient"])
        #expect(failures.withLock { $0 } == ["constant: constant is not defined here: all its maps are empty."])
        // Nothing is left.
        #expect(throws: EvaluationError.self) {
            try network.measurements(Self.specifications(["constant"]), SanityCheckOptions(blocks: 2))
        }
    }

    // MARK: Data randomisation

    /// The numbers are PyTorch's (`RandomisationCurveTests`); here: who depends on labels.
    @Test func mapsOfAModelWithPermutedLabels() throws {
        let report = try DigitNetwork().report(
            Self.specifications(["gradient", "guided-backprop"]),
            SanityCheckOptions(blocks: 2, isUpperHalfEnough: true),
            other: DigitNetwork("digits_permuted.onnx"))
        let labels = try report.methods.map { try $0.curve("spearman-diverging").labels?.mean ?? .nan }
        #expect(abs(labels[0]) < 0.1 && labels[1] > 0.5)
        let same = try DigitNetwork().report(
            Self.specifications(["gradient"]), SanityCheckOptions(blocks: 2, isUpperHalfEnough: true),
            other: DigitNetwork())
        #expect(try abs((same.methods[0].curve("spearman-diverging").labels?.mean ?? 0) - 1) < 1e-12)
    }

    // MARK: Efficient and smooth forms

    /// A random model's gradient map is more complex than the trained one's; what does not ask the model keeps its own.
    @Test func complexityRises() throws {
        let report = try DigitNetwork().report(
            Self.specifications(["gradient", "sobel"]), SanityCheckOptions(seeds: 3, blocks: 2))
        let measured = try DigitNetwork().measurements(
            Self.specifications(["gradient"]), SanityCheckOptions(seeds: 3, blocks: 2))
        let last = measured.comparisons.filter { $0.step == 1 }
        let rises = last.map {
            ($0.entropy - measured.references[0].entropies[$0.picture]) / measured.references[0].entropies[$0.picture]
        }
        let rise = try #require(report.method("gradient").complexityRise)
        #expect(rise.count == 30 && abs(rise.mean - rises.reduce(0, +) / 30) < 1e-12 && abs(rise.mean) > 0.01)
        #expect(try report.method("sobel").complexityRise?.mean == 0)
    }

    /// The map of one noisy copy is SmoothGrad's of one sample but for its noise; the mean over many is smoother than one.
    @Test func smoothFormsAverageOverNoisyCopies() throws {
        let network = try DigitNetwork(pictures: 3)
        let gradient = try Self.specifications(["gradient"])
        func own(_ copies: Int) throws -> [Double] {
            let options = SanityCheckOptions(blocks: 2, isUpperHalfEnough: true, copies: copies)
            let measured = try network.measurements(gradient, options)
            return try #require(measured.gallery[0][0]).diverging.elements.map(Double.init)
        }
        let (plain, once, many, more) = (try own(0), try own(1), try own(40), try own(120))
        func distance(_ first: [Double], _ second: [Double]) -> Double {
            zip(first, second).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        #expect(once != plain && distance(many, more) < distance(once, more) / 4)
        #expect(try own(40) == many)
    }

    // MARK: Interruption

    @Test func anInterruptionKeepsWhatIsMeasured() throws {
        let network = try DigitNetwork(pictures: 2)
        let cancellation = RunCancellation()
        let options = SanityCheckOptions(blocks: nil)
        let settings = RunSettings(cancellation: cancellation) { progress in
            if progress.done == 3 { cancellation.cancel() }
        }
        let measured = try network.check(
            Self.specifications(["gradient", "guided-backprop"]), options, settings: settings
        ).measurements(of: network.subjects)
        #expect(measured.wasInterrupted && measured.comparisons.count == 6)
        let report = SanityReport(measured, options: options, model: "digits.onnx")
        // Three of six maps of the upper half are enough for numbers.
        #expect(report.notes == ["it was interrupted: only finished comparisons count"])
        #expect(report.methods.allSatisfy { $0.numbers != nil })
        #expect(throws: RuntimeError.cancelled) {
            try network.check(Self.specifications(["gradient"]), options, settings: settings)
                .measurements(of: network.subjects)
        }
    }

    @Test func tooFewMapsAreNoVerdict() throws {
        let network = try DigitNetwork(pictures: 2)
        let cancellation = RunCancellation()
        let options = SanityCheckOptions(seeds: 2, blocks: nil)
        let settings = RunSettings(cancellation: cancellation) { progress in
            if progress.done == 1 { cancellation.cancel() }
        }
        let measured = try network.check(
            Self.specifications(["gradient"]), options, settings: settings
        ).measurements(of: network.subjects)
        let result = SanityReport(measured, options: options, model: "digits.onnx").methods[0]
        #expect(result.verdict == .undecided && result.possible.isEmpty)
        #expect(
            result.sentence
                == "gradient: 1 of 12 maps of randomised models show anything that could be compared: nothing is known about it"
        )
    }
}
