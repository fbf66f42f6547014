package struct GraphProto: Sendable, Hashable { package var node: [Int] = [] }
