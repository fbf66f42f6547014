import Explanations
import Foundation
import Graphs
import Runtime
import Tensors
import Testing

/// lrp, attnlrp and excitation-backprop as methods.
@Suite struct RelevanceMethodTests {
    typealias Case = GoldenNetworkTests.Case

    private func attribute(_ golden: Case, _ methods: [String]) throws -> [Attribution] {
        let folder = GoldenNetworkTests.folder
        let arrays = try NumpyArchive.read(path: folder.appending(path: golden.network.arrays).path)
        let model = try Model(contentsOf: folder.appending(path: golden.file.file).path, engine: ONNXRuntimeEngine())
        return try Attributor(model).attribute(
            inputs: [try #require(model.inputs.first?.name): try #require(arrays["input"])],
            target: .classIndex(golden.network.targets[0]),
            methods: methods.map { try MethodSpecification(parsing: $0) },
            layer: golden.file.layer)
    }

    /// Networks of ReLU, max and average pooling; the others have ReLU6 or SiLU.
    @Test(
        arguments: GoldenNetworkTests.cases.filter { !["mobilenet_v2", "efficientnet_b0"].contains($0.network.name) })
    func epsilonIsGradientTimesInputAsItVanishes(_ golden: Case) throws {
        let found = try attribute(golden, ["lrp:eps=1e-12", "gradient-x-input"])
        #expect(try relativeError(found[0].values, found[1].values) <= 4e-6)
    }

    @Test(arguments: GoldenNetworkTests.cases)
    func everyRuleAnswersWithFiniteRelevance(_ golden: Case) throws {
        let rules = [
            "gamma", "generalised-gamma", "alpha1beta0", "alpha2beta1", "zplus", "epsilon-gamma-box",
            "epsilon-plus-flat",
            "epsilon-alpha2beta1-flat",
        ]
        let others = [
            "attnlrp", "attnlrp:gamma=0.1", "excitation-backprop", "excitation-backprop:contrastive=true,at=input",
            "lrp:rule=gamma,first=box,low=-2,high=2", "lrp:rule=alpha1beta0,first=w2",
        ]
        let found = try attribute(
            golden, rules.map { "\($0)=lrp:rule=\($0)" } + others.enumerated().map { "o\($0)=\($1)" })
        for attribution in found {
            #expect(attribution.values.elements.allSatisfy { $0.isFinite }, "\(attribution.method.label)")
            #expect(attribution.values.elements.contains { $0 != 0 }, "\(attribution.method.label)")
            #expect(attribution.checks.count == golden.network.batch)
        }
        #expect(found[4].values == found[2].values)
        // A walk from one class ends everywhere with the sum 1.
        for checks in found[rules.count + 2].checks { #expect(abs(try #require(checks.first).value - 1) < 1e-4) }
    }

    @Test func aLinearHeadGivesItsContributions() throws {
        let attributor = try Toys.attributor(Toys.classifier(batch: nil))
        let input = try Toys.floats(Toys.pixels, [3, 2, 2, 2])
        for target in 0..<3 {
            let found = try attributor.attribute(
                inputs: ["x": input], target: .classIndex(target), methods: [MethodSpecification("lrp")])[0]
            for sample in 0..<3 {
                let relevance = found.values.slice(sample).elements
                for cell in 0..<4 {
                    let both = relevance[cell] + relevance[4 + cell]
                    #expect(abs(both - Toys.map(sample, target)[cell] / 4) < 1e-4)
                }
                let logit = Double(Toys.logit(sample, target))
                let check = try #require(found.checks[sample].first)
                #expect(abs(check.value - (logit - Double(Toys.biases[target])) / logit) < 1e-4)
            }
        }
    }

    @Test func excitationIsTheShareOfPositiveWeights() throws {
        let attributor = try Toys.attributor(Toys.classifier(batch: nil))
        let input = try Toys.floats(Toys.pixels, [3, 2, 2, 2])
        // Target 0 has the weights 1 and -2: one channel excites it, the other one its dual.
        let found = try attributor.attribute(
            inputs: ["x": input], target: .classIndex(0),
            methods: [
                MethodSpecification("excitation-backprop"),
                MethodSpecification(parsing: "c=excitation-backprop:contrastive=true"),
            ], layer: "map")
        for sample in 0..<3 {
            let channels = (0..<2).map { channel in
                let values = (0..<4).map { max(Toys.pixels[8 * sample + 4 * channel + $0], 0) }
                return values.map { $0 / values.reduce(0, +) }
            }
            for cell in 0..<4 {
                #expect(abs(found[0].values.slice(sample).elements[cell] - channels[0][cell]) < 1e-5)
                let contrast = channels[0][cell] - channels[1][cell]
                #expect(abs(found[1].values.slice(sample).elements[cell] - contrast) < 1e-5)
            }
        }
    }

    @Test(arguments: [
        "lrp:rule=delta", "lrp:eps=0", "lrp:eps=nan", "lrp:gamma=-1", "lrp:low=1", "lrp:rule=epsilon,low=0,high=1",
        "lrp:first=box,low=2,high=1", "lrp:first=box,low=0/0/0,high=1/1", "lrp:first=box,low=a,high=1", "lrp:zeta=1",
        "attnlrp:gamma=x", "excitation-backprop:at=nowhere", "excitation-backprop:contrastive=maybe",
    ])
    func wrongParametersAreRefused(_ text: String) throws {
        let specification = try MethodSpecification(parsing: text)
        #expect(throws: ExplanationError.self) { try MethodCatalogue.method(specification) }
    }

    @Test func aBoxOfTheWrongNumberOfChannelsIsRefused() throws {
        let golden = try #require(GoldenNetworkTests.cases.first)
        let error = #expect(throws: ExplanationError.self) {
            try attribute(golden, ["lrp:first=box,low=0/0,high=1/1"])
        }
        #expect(error?.description.contains("2 bounds are given, and the input has 3 channels") == true)
    }
}
