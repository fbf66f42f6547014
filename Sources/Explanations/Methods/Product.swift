import Graphs
import Tensors

/// Two methods' maps, multiplied.
package struct Product: ProcedureMethod {
    package static let description = MethodDescription(
        name: "product", family: .composition,
        summary: "Two methods' maps, multiplied place by place; the coarser one is enlarged bilinearly.",
        formula: "L_of ⊙ L_with",
        paper: "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, ICCV 2017 (guided Grad-CAM)",
        result: "that of the finer map; with the channels of the one that has them", place: .input,
        cost: "both methods'", fits: "what both methods fit",
        remarks:
            "product:of=gradient,with=positive/gradcam keeps of a fine map what a coarse one calls relevant. It is no more faithful than its less faithful factor: guided backpropagation fails the sanity checks in a product as well (Adebayo et al. 2018). Parameters go to the first method, and as with.NAME=value to the second.",
        parameters: [
            WrappedMethod.parameter(default: "gradient"), WrappedMethod.parameter("with", default: "gradcam"),
        ],
        display: .magnitude)

    private let first: WrappedMethod
    private let second: WrappedMethod

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        second = try WrappedMethod(&parameters, key: "with", default: "gradcam", takesRest: false)
        first = try WrappedMethod(&parameters, default: "gradient")
    }

    package var display: MethodDescription.Display? {
        first.display == second.display ? first.display : .magnitude
    }

    package var requirements: [MethodRequirement] {
        let methods = [first.specification, second.specification]
        let places = Set(methods.map { (try? MethodCatalogue.description(named: $0.name))?.place })
        // Maps of different sizes are laid over one another.
        return methods.map { .method($0) } + (places.count > 1 ? [.picture, .pictureLayer] : [])
    }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let results = [
            try experiment.result(of: first.specification), try experiment.result(of: second.specification),
        ]
        let notes = results[0].notes + results[1].notes.filter { !results[0].notes.contains($0) }
        if results[0].values.shape == results[1].values.shape {
            let layer = results[0].layer?.layer == results[1].layer?.layer ? results[0].layer : nil
            return ProcedureResult(Self.product(results[0].values, results[1].values), layer: layer, notes: notes)
        }
        let maps = [
            try experiment.mapPlanes(results[0].values, of: first),
            try experiment.mapPlanes(results[1].values, of: second),
        ]
        let finer = maps[1].height * maps[1].width > maps[0].height * maps[0].width ? 1 : 0
        let (height, width) = (maps[finer].height, maps[finer].width)
        let planes = try maps.map { try $0.resampled(height: height, width: width) }
        // Where both are as fine, the one with channels keeps its shape.
        let leader = planes[1 - finer].count > planes[finer].count ? 1 - finer : finer
        guard planes[0].count == planes[1].count || planes[1 - leader].count == 1,
            (maps[leader].height, maps[leader].width) == (height, width)
        else {
            throw ExplanationError.unsuitable(
                method: experiment.label,
                reason:
                    "maps of shapes \(results[0].values.shape) and \(results[1].values.shape) do not lie over one another"
            )
        }
        let other = planes[1 - leader]
        let product = planes[leader].enumerated().map { Self.product($1, other[other.count == 1 ? 0 : $0]) }
        return ProcedureResult(
            try maps[leader].map(of: product), layer: results[leader].layer, notes: notes)
    }

    private static func product(_ left: Tensor<Float>, _ right: Tensor<Float>) -> Tensor<Float> {
        var result = left
        let factors = right.elements
        result.mutateElements { elements in
            for index in elements.indices { elements[index] *= factors[index] }
        }
        return result
    }
}
