import Foundation
import Tensors

/// The part of the picture of a given size that keeps most of the score (Fong, Patrick and Vedaldi 2019).
package struct ExtremalPerturbation: ProcedureMethod {
    private static let area = MethodParameter<Double>.number(
        "area", 0.1, in: 0.001...0.999, "the part of the picture that the mask keeps")
    private static let iterations = MethodParameter<Int>.integer("iterations", 300, in: 1...100_000, "steps of Adam")
    private static let grid = MethodParameter<Int>.integer(
        "grid", 48, in: 2...256, "cells along the longer side of the mask, which is enlarged bilinearly")
    private static let radius = MethodParameter<Double>.number(
        "radius", 0.09, in: 0.005...1, "the smoothness: the radius of a cell's disc as a part of the longer side")
    private static let weight = MethodParameter<Double>.number(
        "weight", 20, in: 0...1e6, "the weight of the area constraint at the beginning; it grows sixteenfold")
    private static let rate = MethodParameter<Double>.number("rate", 0.05, in: 1e-6...10, "Adam's learning rate")
    private static let baseline = MethodParameter<Baseline>.baseline("blur", "what shows outside of the mask")

    package static let description = MethodDescription(
        name: "extremal-perturbation", family: .perturbation,
        summary: "The part of the picture of a given size that keeps most of the score.",
        formula:
            "M = argmax over m of s(m x + (1 - m) x̄) - λ mean (sort(m) - r_a)²;   r_a = 1 for the area's share of places, 0 for the others; m a smooth maximum of discs",
        paper:
            "Fong, Patrick, Vedaldi: Understanding Deep Networks via Extremal Perturbations and Smooth Masks, ICCV 2019 (arXiv 1910.08485)",
        result: "[B, 1, H, W] of the input, 0 to 1", place: .input, cost: "1 forward and 1 backward pass an iteration",
        fits: "models with backward rules throughout",
        remarks:
            "The only weight that matters is the area, which has a meaning: compare the score that is left for several areas. TorchRay descends plainly and fades through a pyramid of blurs; here Adam steps on a score that is scaled to 1 for the picture and 0 for the baseline, and the mask fades to one baseline. The optimiser can end in different regions of like score.",
        parameters: [
            area.description, iterations.description, grid.description, radius.description, weight.description,
            rate.description, baseline.description,
        ], display: .positive)

    private let area: Double
    private let iterations: Int
    private let grid: Int
    private let radius: Double
    private let weight: Double
    private let rate: Double
    private let baseline: Baseline

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        area = try parameters.value(Self.area)
        iterations = try parameters.value(Self.iterations)
        grid = try parameters.value(Self.grid)
        radius = try parameters.value(Self.radius)
        weight = try parameters.value(Self.weight)
        rate = try parameters.value(Self.rate)
        baseline = try parameters.value(Self.baseline)
    }

    package var requirements: [MethodRequirement] { [.picture, .inputGradient] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let score = try BlendedScore(experiment, background: baseline, gradient: Gradient())
        let planes = score.planes
        let longest = max(planes.height, planes.width)
        let height = max(1, (grid * planes.height + longest / 2) / longest)
        let width = max(1, (grid * planes.width + longest / 2) / longest)
        let rows = MapTaps.resizing(from: height, to: planes.height, by: .bilinear)
        let columns = MapTaps.resizing(from: width, to: planes.width, by: .bilinear)
        let reach = 2 * radius * Double(grid) + 1
        guard reach * reach * Double(height * width) <= 2e7 else {
            throw ExplanationError.parameter(
                method: Self.description.name, name: "radius",
                reason:
                    "discs of \(Int(reach)) cells on \(height)x\(width) take too long; give a smaller radius or grid")
        }
        let discs = SmoothMaximum(height: height, width: width, radius: radius * Double(grid))
        let constraint = AreaConstraint(area: area)
        var cells = [Double](repeating: 0.5, count: height * width)
        var adam = Adam(count: cells.count, rate: rate)
        var last = (map: discs.value(of: cells), score: 0.0)
        func enlarged(_ map: [Double]) -> Tensor<Float> {
            var tensor = Tensor<Float>(repeating: 0, shape: [height, width])
            tensor.mutateElements { $0 = map.map { Float($0) } }
            return tensor.resampled(rows: rows, columns: columns)
        }
        func slopes(_ gradient: [Double]) -> [Double] {
            MapTaps.adjoint(rows: rows, columns: columns, of: gradient, height: height, width: width)
        }
        // Sorting a uniform mask would favour places by their number, so the score's gradient breaks the tie.
        let first = discs.adjoint(of: slopes(try score.value(ofMask: enlarged(last.map)).gradient), at: cells)
        let steepest = first.reduce(0) { max($0, abs($1)) }
        if steepest > 0 { cells = first.map { 0.5 + 0.25 * $0 / steepest } }
        try experiment.repeating(iterations) { iteration in
            let map = discs.value(of: cells)
            let (value, gradient) = try score.value(ofMask: enlarged(map))
            last = (map, value)
            let penalty = constraint.value(of: map)
            let lambda = weight * pow(16, Double(iteration) / Double(iterations))
            let loss = zip(slopes(gradient), penalty.gradient).map { lambda * $1 - $0 }
            adam.descend(&cells, gradient: discs.adjoint(of: loss, at: cells))
            return true
        }
        return ProcedureResult(
            try enlarged(last.map).reshaped([1, planes.height, planes.width]),
            checks: [
                score.check,
                SelfCheck(
                    "score kept", last.score, "the scaled score behind the mask, 1 for the picture, 0 for the baseline"),
                SelfCheck(
                    "area", last.map.reduce(0, +) / Double(last.map.count),
                    "the mean of the mask; next to the parameter 'area' where the optimiser converged"),
            ])
    }
}
