import Foundation
import Gaze
import TestSupport
import Testing

@Suite struct UnreadablePictureTests {
    /// What never ends is not begun, and the others are listed in words.
    @Test func picturesThatAreNoFilesAreListed() throws {
        try TemporaryFolder.with { folder in
            let good = folder + "/good.png"
            try TinyModel.picture.write(to: good)
            let (pipe, loop) = (folder + "/pipe.png", folder + "/loop.png")
            #expect(unsafe mkfifo(pipe, 0o600) == 0)
            try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: loop)
            let bad = ["/dev/zero", pipe, loop, folder, folder + "/absent.png"]
            let masked = DatasetEntry(image: good, mask: AnnotatedMask(file: pipe))
            let entries = [DatasetEntry(image: good)] + bad.map { DatasetEntry(image: $0) } + [masked]
            let evaluator = try Evaluator(
                try Explainer(model: TinyModel.write(into: folder)),
                plan: EvaluationPlan(
                    methods: [EvaluatedMethod(try MethodSpecification(parsing: "gradcam"))],
                    metrics: [try MethodSpecification(parsing: "sparseness")]))
            var progress: [EvaluationProgress] = []
            let result = try evaluator.evaluate(
                Dataset(entries: entries), listener: EvaluationListener(progress: { progress.append($0) }))
            // What cannot be read is not done.
            #expect(progress.map(\.done) == [1, 1, 1, 1, 1, 1, 1] && progress.map(\.failed) == [0, 1, 2, 3, 4, 5, 6])
            #expect(progress.map(\.isOver) == [false, false, false, false, false, false, true])
            #expect(result.records.map(\.image) == [good])
            try #require(result.problems.count == 6)
            for (path, problem) in zip(bad + [pipe], result.problems) {
                #expect(problem.contains("\(path) cannot be read: ") && !problem.contains("Domain"), "\(problem)")
            }
        }
    }
}
