import Foundation
import Graphs
import Tensors

/// The maps of several layers in one (Jiang et al. 2021).
package struct LayerFusion: ProcedureMethod {
    /// How maps become one.
    package enum Mode: String, Sendable, CaseIterable {
        case max
        case mean
    }

    package static let description = MethodDescription(
        name: "fusion", family: .composition, summary: "Another method's maps at several layers, scaled and joined.",
        formula:
            "max_l M_l  with  M_l = max(L_l, 0) / max L_l  at the deepest layer,  tanh(2 max(L_l, 0) / max L_l)  at the others, enlarged to the finest",
        paper: "Jiang, Zhang, Hou, Cheng, Wei: LayerCAM, IEEE Transactions on Image Processing 2021",
        result: "[B, H, W] of the finest layer", place: .layer, cost: "the wrapped method's at every layer",
        fits: "models with several spatial layers",
        remarks:
            "Coarse layers find the object, fine ones its outline. Made for layercam, whose weights are local; Grad-CAM's maps of shallow layers are noise. The maximum keeps every layer's mistakes.",
        parameters: [WrappedMethod.parameter(default: "layercam"), layers.description, mode.description],
        display: .positive)

    private static let layers = MethodParameter<[String]?>.layers(
        "where the method makes its maps, by default what 'gaze inspect' proposes")
    private static let mode = MethodParameter<Mode>.choice("mode", .max, "how maps become one")

    private let method: WrappedMethod
    private let layers: [String]?
    private let mode: Mode

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        layers = try parameters.value(Self.layers)
        mode = try parameters.value(Self.mode)
        method = try WrappedMethod(&parameters, default: "layercam")
    }

    package var requirements: [MethodRequirement] {
        [.pictureLayer, .pictureLayers(.max), .method(method.specification)]
    }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let names =
            try layers ?? experiment.question.layerCandidates().map(\.layer.tensorName)
        guard !names.isEmpty else {
            throw ExplanationError.unsuitable(method: experiment.label, reason: "there are no layers to join")
        }
        var maps: [(layer: LayerChoice, planes: MapPlanes)] = []
        var notes: [String] = []
        for name in names where maps.isEmpty || !experiment.isOver {
            let there = try experiment.experiment(atLayer: name)
            _ = try there.question.pictureLayer(for: experiment.label)
            let result = try there.result(of: method.specification)
            notes += result.notes.filter { !notes.contains($0) }
            guard let layer = result.layer else {
                throw ExplanationError.unsuitable(
                    method: experiment.label, reason: "\(method.specification.name) makes its map at no layer")
            }
            maps.append((layer, try experiment.mapPlanes(result.values, of: method)))
        }
        if maps.count < names.count { notes.append("fusion ended after \(maps.count) of \(names.count) layers") }
        return try joined(maps, notes)
    }

    private func joined(
        _ maps: [(layer: LayerChoice, planes: MapPlanes)], _ notes: [String]
    ) throws -> ProcedureResult {
        let deepest = maps.map(\.layer.layer.value).max()
        let finest =
            maps.indices.max { maps[$0].planes.planes[0].shape.count < maps[$1].planes.planes[0].shape.count } ?? 0
        let (height, width) = (maps[finest].planes.height, maps[finest].planes.width)
        let scaled = try maps.map { map in
            let largest = map.planes.planes[0].elements.max() ?? 0
            let isDeepest = map.layer.layer.value == deepest
            return try map.planes.resampled(height: height, width: width)[0].map { value -> Float in
                guard largest > 0 else { return value.isNaN ? value : 0 }
                let part = value < 0 ? 0 : value / largest
                return isDeepest ? part : tanh(2 * part)
            }
        }
        var values = scaled[0]
        values.mutateElements { elements in
            for index in elements.indices {
                let cells = scaled.map { $0.elements[index] }
                switch mode {
                case .max: elements[index] = cells.reduce(cells[0]) { Float.maximum($0, $1) }
                case .mean: elements[index] = Float(cells.reduce(0) { $0 + Double($1) } / Double(cells.count))
                }
            }
        }
        let layer = LayerChoice(
            layer: maps[finest].layer.layer,
            reason: "the finest of \(maps.count) joined: \(maps.map(\.layer.layer.name).joined(separator: ", "))")
        return ProcedureResult(values, layer: layer, notes: notes)
    }
}
