package import Graphs

/// A map that is made of what a layer puts out and of the score's gradient there.
package protocol ActivationGradientMethod: GraphMethod {
    /// Appends the map `[B, H, W]` of an activation A and a gradient G, both `[B, C, H, W]`; over a volume all have D in front of H.
    func map(
        of activation: ValueID, gradient: ValueID, _ layout: MapLayout, in question: inout QuestionGraph
    ) throws -> ValueID
}

extension ActivationGradientMethod {
    package func gradients(in question: Question) throws -> [GradientRequest] {
        [.of(try question.spatialLayer(for: Self.description.name).layer.value)]
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let (layer, layout) = try question.question.spatialLayer(for: Self.description.name)
        let gradient = try question.gradientMap(of: layer.value, layout)
        return try map(of: question.map(of: layer.value, layout), gradient: gradient, layout, in: &question)
    }
}

extension QuestionGraph {
    /// The sum over all places of a value of a layout's shape; their axes stay with length 1.
    package mutating func spatialSum(_ value: ValueID, _ layout: MapLayout) -> ValueID {
        emit("ReduceSum", [value, integers(layout.placeAxes)], ["keepdims": .integer(1)])
    }

    /// `numerator / denominator`, and 0 where the denominator is 0.
    package mutating func quotient(_ numerator: ValueID, _ denominator: ValueID) -> ValueID {
        let isZero = emit("Equal", [denominator, scalar(0)])
        let divisor = emit("Where", [isZero, scalar(1), denominator])
        return emit("Where", [isZero, scalar(0), emit("Div", [numerator, divisor])])
    }
}
