package import Tensors

extension Graph {
    /// Heights and widths for which the model's constants may have been made: the likeliest first.
    ///
    /// A model that was exported for one size and declares any keeps that size in constants: positional embeddings `[1, T, D]` or
    /// `[1, D, h, w]`, shapes of a Reshape, rows of a classifier behind a flattened map. T places, perhaps with class tokens, times the
    /// steps of the convolutions and poolings before them are the sides of the picture.
    package func exportedSides(of input: ValueID) -> [[Int]] {
        let steps = pictureSteps(from: input)
        let grids = constantGrids()
        var votes: [[Int]: Int] = [:]
        func vote(_ rows: Int, _ columns: Int, _ count: Int) {
            for step in steps {
                let sides = [rows * step, columns * step]
                if sides.allSatisfy({ (Self.shortestSide...Self.longestSide).contains($0) }) {
                    votes[sides, default: 0] += count
                }
            }
        }
        for (grid, count) in grids.known { vote(grid[0], grid[1], 4 * count) }
        for (length, count) in grids.lengths {
            // None, a class token, one of distillation, or registers beside it.
            for places in [length, length - 1, length - 2, length - 5] where places >= 4 {
                let side = Int(Double(places).squareRoot().rounded())
                if side * side == places { vote(side, side, places == length ? 2 * count : count) }
                for rows in Swift.stride(from: side, to: side / 2, by: -1)
                where rows > 0 && places % rows == 0 && rows * rows != places {
                    // Oblong pictures are rarer.
                    vote(rows, places / rows, 0)
                    vote(places / rows, rows, 0)
                }
            }
        }
        return votes.sorted { one, other in
            let (square, otherSquare) = (one.key[0] == one.key[1], other.key[0] == other.key[1])
            if square != otherSquare { return square }
            if one.value != other.value { return one.value > other.value }
            let (near, otherNear) = (abs(one.key[0] - Self.usualSide), abs(other.key[0] - Self.usualSide))
            return (near, one.key[0], one.key[1]) < (otherNear, other.key[0], other.key[1])
        }.map(\.key)
    }

    private static let shortestSide = 8
    private static let longestSide = 2048
    private static let usualSide = 224

    /// How many pixels the cells of maps behind convolutions and poolings are apart, as far as nodes tell before shapes are known.
    package func pictureSteps(from input: ValueID) -> [Int] {
        var steps: [ValueID: Int] = [input: 1]
        var found: Set<Int> = [1]
        for node in nodes {
            guard let before = node.operands.compactMap({ steps[$0] }).max() else { continue }
            var step = before
            if ["Conv", "MaxPool", "AveragePool", "LpPool", "ConvInteger", "QLinearConv"].contains(node.operation),
                let strides = node.integers("strides"), let first = strides.first, strides.allSatisfy({ $0 == first }),
                first > 0, before * first <= 256
            {
                step = before * first
                found.insert(step)
            }
            for result in node.results { steps[result] = step }
        }
        return found.count > 1 ? found.subtracting([1]).sorted(by: >) : [1]
    }

    /// Lengths and grids that constants speak of, with how often.
    private func constantGrids() -> (known: [[Int]: Int], lengths: [Int: Int]) {
        var known: [[Int]: Int] = [:]
        var lengths: [Int: Int] = [:]
        var channels: Set<Int> = []
        for node in nodes {
            switch node.operation {
            case "Reshape", "Expand", "ConstantOfShape":
                guard
                    let shape = node.input(node.operation == "ConstantOfShape" ? 0 : 1).flatMap({ self[$0].constant }),
                    shape.shape.rank == 1
                else { continue }
                let target = shape.integers
                for length in Set(target) where length >= 4 { lengths[length, default: 0] += 1 }
                for (rows, columns) in zip(target, target.dropFirst()) where rows > 1 && columns > 1 {
                    known[[rows, columns], default: 0] += rows == columns ? 1 : 0
                }
            case "Add", "Sub", "Mul", "Concat", "Sum", "Where":
                for operand in node.operands {
                    guard let shape = self[operand].constant?.shape, shape.rank >= 2 else { continue }
                    if shape.rank == 4, shape[2] > 1, shape[3] > 1 { known[[shape[2], shape[3]], default: 0] += 2 }
                    for axis in 0..<shape.rank - 1 where shape[axis] >= 4 { lengths[shape[axis], default: 0] += 1 }
                }
            case "Gather":
                guard let shape = node.input(0).flatMap({ self[$0].constant?.shape }), shape.rank == 2 else { continue }
                lengths[shape[0], default: 0] += 1
            case "Conv":
                if let weight = node.input(1).flatMap({ self[$0].constant?.shape }), weight.rank == 4 {
                    channels.insert(weight[0])
                }
            case "Gemm", "MatMul":
                // Rows of a classifier behind a flattened map are channels times places.
                guard let weight = node.input(1).flatMap({ self[$0].constant?.shape }), weight.rank == 2 else {
                    continue
                }
                for rows in Set(weight.dimensions) {
                    for count in channels where rows % count == 0 && rows / count >= 4 {
                        lengths[rows / count, default: 0] += 1
                    }
                }
            default: continue
            }
        }
        return (known, lengths)
    }

    /// The first node that cannot compute what the shapes say, though inference takes it: a Reshape to another number of elements.
    package var impossibleReshape: (node: String, from: Shape, to: Shape)? {
        for node in nodes where node.operation == "Reshape" && node.domain.isEmpty {
            guard let source = node.input(0), let target = node.output(0), let before = shape(of: source),
                let after = shape(of: target), before.count != after.count
            else { continue }
            return (label(node), before, after)
        }
        return nil
    }
}
