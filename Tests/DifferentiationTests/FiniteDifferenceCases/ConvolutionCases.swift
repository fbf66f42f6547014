import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let convolutionCases: [Case] = [
        several("Conv", "bias, pads", [[2, 2, 4, 3], [3, 2, 3, 3], [3]], ["pads": .integers([1, 1, 1, 1])]),
        several(
            "Conv", "strides, uneven pads", [[1, 2, 6, 5], [2, 2, 3, 2]],
            ["strides": .integers([2, 3]), "pads": .integers([0, 1, 1, 0])]),
        several(
            "Conv", "groups, dilations", [[1, 4, 6, 6], [4, 2, 2, 3]],
            ["group": .integer(2), "dilations": .integers([2, 1])]),
        several(
            "Conv", "depthwise, SAME_LOWER", [[1, 3, 5, 4], [3, 1, 3, 3]],
            ["group": .integer(3), "strides": .integers([2, 2]), "auto_pad": .string("SAME_LOWER")]),
        several(
            "Conv", "pads wider than the kernel", [[1, 1, 3, 3], [1, 1, 2, 2]], ["pads": .integers([3, 2, 2, 3])]),
        several("Conv", "one axis", [[2, 2, 7], [2, 2, 3]], ["strides": .integers([2])]),
    ]
}
