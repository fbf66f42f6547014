import Graphs
package import Tensors

/// A picture's pixels in groups.
package struct Segments: Sendable, Hashable {
    package let height: Int
    package let width: Int
    /// The number of groups.
    package let count: Int
    /// The group of every pixel, row by row, 0 to `count - 1`.
    package let labels: [Int]

    /// Groups by any labels, numbered in the order of the labels' values.
    package init(height: Int, width: Int, labels: [Int]) {
        self.height = height
        self.width = width
        let values = Set(labels).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: zip(values, 0...))
        count = values.count
        self.labels = labels.map { numbers[$0] ?? 0 }
    }

    /// Equal rectangles in rows and columns, as nearly as pixels allow.
    package static func grid(height: Int, width: Int, cells: Extent) -> Segments {
        let (rows, columns) = (min(cells.height, height), min(cells.width, width))
        return Segments(
            height: height, width: width,
            labels: (0..<height * width).map { place in
                (place / width) * rows / height * columns + (place % width) * columns / width
            })
    }

    /// The pixels of every group.
    package var members: [[Int]] {
        var members = [[Int]](repeating: [], count: count)
        for (place, label) in labels.enumerated() { members[label].append(place) }
        return members
    }

    /// A mask `[H, W]`: each pixel has its group's number.
    package func mask(_ values: [Float]) -> Tensor<Float> {
        var mask = Tensor<Float>(repeating: 0, shape: [height, width])
        mask.mutateElements { elements in
            for place in elements.indices { elements[place] = values[labels[place]] }
        }
        return mask
    }

    /// A map `[1, H, W]`: each pixel has its group's number.
    package func map(_ values: [Double]) -> Tensor<Float> {
        var map = Tensor<Float>(repeating: 0, shape: [1, height, width])
        map.mutateElements { elements in
            for place in elements.indices { elements[place] = Float(values[labels[place]]) }
        }
        return map
    }

    /// The groups' numbers `[H, W]`.
    package var numbers: Tensor<Float> { mask((0..<count).map { Float($0) }) }
}

/// Where a method's segments come from.
package enum SegmentSource: Sendable, Hashable {
    /// Integers `[H, W]` for all samples or `[B, H, W]`.
    case labels(AnyTensor)
    /// Rectangles.
    case grid(Extent)
    /// About so many superpixels.
    case slic(Int)

    package static let parameter = parameter(superpixels: 50)

    /// Where a method's segments come from; so many superpixels by default.
    package static func parameter(superpixels count: Int) -> MethodParameter<SegmentSource> {
        MethodParameter(
            "segments", .slic(count), written: "slic:\(count)",
            "pixels that are changed together: FILE.npy with integers [H, W] or [B, H, W], slic:N for about N superpixels, grid:N or grid:ROWSxCOLUMNS for rectangles"
        ) { text in
            if text.hasPrefix("slic:") {
                return Int(text.dropFirst(5)).flatMap { (1...largest).contains($0) ? .slic($0) : nil }
            }
            if text.hasPrefix("grid:") { return Extent(String(text.dropFirst(5))).map { .grid($0) } }
            return .labels(try Numpy.read(path: text))
        }
    }

    /// More groups would be pixels.
    private static let largest = 100_000

    /// The segments of an experiment's picture.
    package func segments(of experiment: Experiment) throws -> Segments {
        let planes = try experiment.planes()
        switch self {
        case .grid(let cells): return .grid(height: planes.height, width: planes.width, cells: cells)
        case .slic(let count):
            return SuperpixelClustering(count: count).segments(
                of: ColourPlanes(experiment.input, planes: planes, space: experiment.settings.space))
        case .labels(let tensor): return try labelled(tensor, planes: planes, experiment)
        }
    }

    private func labelled(_ tensor: AnyTensor, planes: PicturePlanes, _ experiment: Experiment) throws -> Segments {
        let plane = [planes.height, planes.width]
        let dimensions = tensor.shape.dimensions
        let cells = planes.height * planes.width
        let isShared = dimensions == plane || dimensions == [1] + plane
        let sample = isShared ? 0 : experiment.sample
        guard
            isShared
                || (dimensions.count == 3 && Array(dimensions.dropFirst()) == plane
                    && dimensions[0] == experiment.samples)
        else {
            throw ExplanationError.parameter(
                method: experiment.label, name: "segments",
                reason:
                    "the file's shape is \(tensor.shape), the picture needs \(Shape(plane)) or [B, \(plane[0]), \(plane[1])]"
            )
        }
        if tensor.elementType.isFloatingPoint, tensor.floats.contains(where: { $0.rounded() != $0 || !$0.isFinite }) {
            throw ExplanationError.parameter(
                method: experiment.label, name: "segments", reason: "the file holds numbers that are not whole")
        }
        return Segments(
            height: plane[0], width: plane[1],
            labels: Array(tensor.integers[sample * cells..<(sample + 1) * cells]))
    }
}
