import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let transposedConvolutionCases: [Case] = [
        several(
            "ConvTranspose", "bias, strides, uneven pads, output padding", [[2, 2, 3, 2], [2, 3, 3, 2], [3]],
            [
                "strides": .integers([2, 3]), "pads": .integers([1, 0, 0, 1]), "output_padding": .integers([1, 2]),
            ]),
        several(
            "ConvTranspose", "groups, dilations, one axis", [[2, 4, 4], [4, 2, 3]],
            ["group": .integer(2), "dilations": .integers([2]), "strides": .integers([2])]),
        several(
            "ConvTranspose", "output shape, SAME_UPPER", [[1, 1, 3, 4], [1, 2, 3, 3], [2]],
            [
                "output_shape": .integers([5, 8]), "strides": .integers([2, 2]), "auto_pad": .string("SAME_UPPER"),
            ]),
        several(
            "ConvTranspose", "three axes", [[1, 2, 2, 2, 3], [2, 1, 2, 3, 2]], ["strides": .integers([1, 2, 2])]),
    ]

    static let normPoolingCases: [Case] = [
        unary(
            "LpPool", "p = 2, pads, dilations", [1, 2, 5, 5],
            [
                "kernel_shape": .integers([3, 2]), "strides": .integers([2, 1]), "pads": .integers([1, 0, 1, 0]),
                "dilations": .integers([1, 2]),
            ]),
        unary("LpPool", "p = 1", [1, 1, 4, 4], ["kernel_shape": .integers([2, 2]), "p": .integer(1)]),
        unary("LpPool", "p = 3", [1, 2, 6], ["kernel_shape": .integers([3]), "p": .integer(3)]),
        unary("LpPool", "p = 4", [1, 1, 3, 3], ["kernel_shape": .integers([2, 2]), "p": .integer(4)]),
        unary("GlobalLpPool", "", [2, 3, 2, 3]),
        unary("GlobalLpPool", "p = 5", [1, 2, 2, 2], ["p": .integer(5)]),
        unary(
            "MaxPool", "column-major indices", [1, 2, 5, 4],
            ["kernel_shape": .integers([3, 2]), "strides": .integers([1, 2]), "storage_order": .integer(1)]),
        unary(
            "MaxUnpool", "output shape", [1, 1, 2, 2],
            ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])],
            constants: [
                try? AnyTensor(Tensor<Int64>(shape: [1, 1, 2, 2], elements: [0, 7, 17, 24])), whole([1, 1, 5, 5]),
            ]),
        unary(
            "Col2Im", "overlapping blocks", [2, 8, 6],
            ["pads": .integers([0, 1, 0, 1]), "strides": .integers([1, 2])],
            constants: [whole([3, 4]), whole([2, 2])]),
    ]

    static let resizingCases: [Case] = [
        resize("nearest", [2, 1, 2, 3], scales: [1, 1, 2, 3]),
        resize("nearest", [3, 2], scales: [2, 1]),
        resize("nearest", [1, 2, 4, 5], sizes: [1, 2, 6, 3], ["nearest_mode": .string("ceil")]),
        resize(
            "nearest", [1, 1, 4, 4], sizes: [7, 8],
            ["axes": .integers([3, 2]), "keep_aspect_ratio_policy": .string("not_larger")]
        ),
        resize("linear", [2, 2, 3, 4], scales: [1, 1, 2.3, 0.6]),
        resize(
            "linear", [1, 4, 3, 2], sizes: [1, 6, 5, 2], ["coordinate_transformation_mode": .string("align_corners")]),
        resize("linear", [1, 1, 6, 6], sizes: [1, 1, 3, 4], ["antialias": .integer(1)]),
        resize("linear", [1, 1, 2, 3, 2], scales: [1, 1, 2, 2, 1.5]),
        resize(
            "cubic", [1, 2, 4, 4], sizes: [1, 2, 7, 3],
            ["cubic_coeff_a": .float(-0.5), "exclude_outside": .integer(1)]),
        resize(
            "linear", [1, 1, 4, 4], sizes: [1, 1, 3, 3],
            ["coordinate_transformation_mode": .string("tf_crop_and_resize"), "extrapolation_value": .float(3)],
            region: [0, 0, 0.2, -0.3, 1, 1, 1.4, 0.8]),
    ]

    private static func resize(
        _ mode: String, _ shape: Shape, scales: [Float]? = nil, sizes: [Int64]? = nil,
        _ attributes: [String: Attribute] = [:], region: [Float]? = nil
    ) -> Case {
        unary(
            "Resize", "\(mode) \(shape)", shape, attributes.merging(["mode": .string(mode)]) { $1 },
            constants: [region.map(numbers), scales.map(numbers), sizes.map(whole)])
    }

    static let samplingCases: [Case] = [
        sampling("linear", "zeros", aligned: false), sampling("linear", "border", aligned: true),
        sampling("linear", "reflection", aligned: false), sampling("cubic", "zeros", aligned: true),
        sampling("cubic", "reflection", aligned: true), sampling("nearest", "reflection", aligned: false),
        unary(
            "AffineGrid", "two axes, corners", [2, 2, 3], ["align_corners": .integer(1)],
            constants: [whole([2, 1, 3, 4])]),
        unary("AffineGrid", "three axes", [1, 3, 4], constants: [whole([1, 2, 2, 3, 2])]),
        Case(operation: "RoiAlign", name: "several pictures", shapes: [[2, 2, 5, 6]]) { graph, inputs in
            regions(&graph, inputs[0], ["spatial_scale": .float(0.5), "sampling_ratio": .integer(2)])
        },
        Case(operation: "RoiAlign", name: "adaptive, output_half_pixel", shapes: [[2, 1, 4, 5]]) { graph, inputs in
            regions(&graph, inputs[0], ["coordinate_transformation_mode": .string("output_half_pixel")])
        },
    ]

    /// A grid of odd thirds of a pixel: no step of the test moves a place over a pixel's centre.
    private static func sampling(_ mode: String, _ padding: String, aligned: Bool) -> Case {
        Case(operation: "GridSample", name: "\(mode) \(padding) \(aligned)", shapes: [[2, 2, 4, 4]]) { graph, inputs in
            let places = (0..<24).map { Float(($0 * 7) % 24 - 12) / 9 + 0.01 }
            let grid = (try? Tensor(shape: [2, 3, 2, 2], elements: places)).map { graph.addConstant(AnyTensor($0)) }
            return graph.append(
                "GridSample", [inputs[0], grid],
                attributes: [
                    "mode": .string(mode), "padding_mode": .string(padding), "align_corners": .integer(aligned ? 1 : 0),
                ], name: "y")[0]
        }
    }

    private static func regions(
        _ graph: inout Graph, _ picture: ValueID, _ attributes: [String: Attribute]
    ) -> ValueID {
        let corners: [Float] = [0.3, 0.6, 7.2, 5.1, 2.4, -3, 9.9, 4, 1, 1, 1.2, 1.1]
        let places = (try? Tensor(shape: [3, 4], elements: corners)).map { graph.addConstant(AnyTensor($0)) }
        let pictures = graph.addConstant(whole([1, 0, 1]))
        let size: [String: Attribute] = ["output_height": .integer(2), "output_width": .integer(3)]
        return graph.append(
            "RoiAlign", [picture, places, pictures], attributes: attributes.merging(size) { $1 }, name: "y")[0]
    }
}
