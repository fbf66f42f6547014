import Testing

/// Rules of operators that move, take, place, repeat and combine values, with random shapes, axes and attributes.
@Suite struct RandomMovementTests {
    static let draws = 30
    static let operations = [
        "CenterCropPad", "Compress", "Concat", "CumSum", "DepthToSpace", "Einsum", "Expand", "Flatten", "Gather",
        "GatherElements", "GatherND", "MatMul", "OneHot", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp",
        "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Reshape",
        "ReverseSequence", "ScatterElements", "ScatterND", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "TopK",
        "Trilu", "Unsqueeze",
    ]

    @Test(arguments: operations)
    func rulesEqualCentralDifferences(_ operation: String) throws {
        let differences = try CentralDifferences()
        for seed in 0..<UInt64(Self.draws) {
            var draws = MovementDraws(seed: seed)
            let drawn = draws.draw(operation)
            let example = try #require(drawn)
            do {
                try differences.check(example, seed: seed)
                try differences.checkSecondUse(example, seed: seed)
            } catch {
                Issue.record("\(example), seed \(seed): \(error)")
            }
        }
    }
}
