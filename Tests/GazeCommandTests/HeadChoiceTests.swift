import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

/// Options that choose a score, on a model that lacks what they choose from.
@Suite struct HeadChoiceTests {
    @Test(arguments: [
        ["--box", "1,2,3"], ["--box", "5,5,1,9"], ["--box", "-1"], ["--target", "0", "--box", "3"],
        ["--target", "0", "--mask", "m.png"],
    ])
    func whatCannotBeReadIsAUsageError(_ options: [String]) throws {
        let outcome = try Command.run(["explain", "m.onnx", "a.png"] + options)
        #expect(outcome.status == 64, "\(options): \(outcome.errors)")
    }

    @Test func whatTheHeadLacksIsOneSentence() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            try Picture(width: 16, height: 12, red: 200).write(to: folder + "/a.png")
            for (option, value, word) in [
                ("--box", "3", "no boxes"), ("--mask", "\(folder)/a.png", "place by place"),
                ("--vs", "99", "classes 0 to"),
            ] {
                let outcome = try Command.run(
                    "explain", model, "\(folder)/a.png", option, value, "-o", "\(folder)/out", "--preset", "zero-to-one"
                )
                #expect(outcome.status == 2, "\(option)")
                #expect(outcome.errors.contains(word), "\(outcome.errors)")
            }
        }
    }

    @Test func predictionsTellTheHead() throws {
        try TemporaryFolder.with { folder in
            let model = try TinyClassifier.write(into: folder, side: 8, channels: 3)
            try Picture(width: 16, height: 12, red: 200).write(to: folder + "/a.png")
            let outcome = try Command.run("predict", model, "\(folder)/a.png", "--json", "--preset", "zero-to-one")
            let rows = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
            #expect((rows[0]["head"] as? [String: Any])?["kind"] as? String == "classifier")
        }
    }
}
