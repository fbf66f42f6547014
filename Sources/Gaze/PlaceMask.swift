import Imaging
public import Tensors

/// Which places of a picture count, for models that answer place by place.
public struct PlaceMask: Sendable, Hashable {
    /// Where it comes from, for messages.
    public let name: String
    /// `[h, w]`; 1 counts. As large as the photograph, or as the model's map.
    public let values: Tensor<Float>

    /// A mask with these values.
    public init(_ values: Tensor<Float>, name: String = "mask") {
        self.values = values
        self.name = name
    }

    /// Reads `.npy` (1 counts) or a picture (lighter than half grey counts).
    public init(contentsOf path: String) throws {
        guard !path.hasSuffix(".npy") else {
            let tensor = try Numpy.read(path: path).floatTensor
            let lengths = tensor.shape.dimensions.drop { $0 == 1 }
            guard lengths.count <= 2, tensor.shape.count > 1 else {
                throw GazeError.mask(path: path, reason: "it has shape \(tensor.shape), and [height, width] is needed")
            }
            let plane = lengths.count == 2 ? Shape(Array(lengths)) : Shape(tensor.shape.dimensions.suffix(2))
            self.init(try tensor.reshaped(plane), name: path)
            return
        }
        let picture = try Picture(contentsOf: path)
        let values = (0..<picture.width * picture.height).map { index in
            picture.pixels[index * 3..<index * 3 + 3].reduce(0) { $0 + Int($1) } > 3 * 127 ? Float(1) : 0
        }
        self.init(try Tensor(shape: [picture.height, picture.width], elements: values), name: path)
    }

    /// The mask at the places of a map `[height, width]` over the model's input: each place takes what lies at its centre.
    func places(height: Int, width: Int, geometry: PictureGeometry) throws -> Tensor<Float> {
        guard values.shape != [height, width] else { return try checked(values.map { $0 == 1 ? 1 : 0 }) }
        guard values.shape == [geometry.photoHeight, geometry.photoWidth] else {
            throw GazeError.mask(
                path: name,
                reason:
                    "it is \(values.shape.rank == 2 ? "\(values.shape[1])x\(values.shape[0])" : "\(values.shape)"), and the picture is \(geometry.photoWidth)x\(geometry.photoHeight) (the model's map \(width)x\(height))"
            )
        }
        var result = Tensor<Float>(repeating: 0, shape: [height, width])
        result.mutateElements { elements in
            for row in 0..<height {
                for column in 0..<width {
                    let x = (Double(column) + 0.5) * Double(geometry.inputWidth) / Double(width)
                    let y = (Double(row) + 0.5) * Double(geometry.inputHeight) / Double(height)
                    let point = geometry.photoPoint(x: x, y: y)
                    guard (0..<Double(geometry.photoWidth)).contains(point.x),
                        (0..<Double(geometry.photoHeight)).contains(point.y)
                    else { continue }
                    elements[row * width + column] = values[Int(point.y), Int(point.x)] == 1 ? 1 : 0
                }
            }
        }
        return try checked(result)
    }

    private func checked(_ places: Tensor<Float>) throws -> Tensor<Float> {
        guard places.elements.contains(1) else {
            throw GazeError.mask(path: name, reason: "it is 1 at no place that the model looks at")
        }
        return places
    }
}

extension PictureBox {
    /// 1 at the places of a map `[height, width]` over the model's input whose centres lie in the box of the photograph.
    func places(height: Int, width: Int, geometry: PictureGeometry) throws -> Tensor<Float> {
        var places = Tensor<Float>(repeating: 0, shape: [height, width])
        places.mutateElements { elements in
            for row in 0..<height {
                for column in 0..<width {
                    let point = geometry.photoPoint(
                        x: (Double(column) + 0.5) * Double(geometry.inputWidth) / Double(width),
                        y: (Double(row) + 0.5) * Double(geometry.inputHeight) / Double(height))
                    let isInside = left <= point.x && point.x < right && top <= point.y && point.y < bottom
                    elements[row * width + column] = isInside ? 1 : 0
                }
            }
        }
        guard places.elements.contains(1) else {
            throw GazeError.mask(
                path: "--box \(left),\(top),\(right),\(bottom)", reason: "no place that the model looks at lies in it")
        }
        return places
    }
}
