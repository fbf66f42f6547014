import Tensors

/// A way from one input to another on which numbers with small slopes move first, within bounds around the straight line.
struct GuidedPath: Sendable {
    private let start: [Double]
    private let end: [Double]
    private let fraction: Double
    private let distance: Double
    /// The length of the whole way: the sum of all absolute differences.
    private let length: Double
    private var point: [Double]
    /// `Σ slope * movement` of every number.
    private(set) var attributions: [Double]

    init(from start: Tensor<Float>, to end: Tensor<Float>, fraction: Double, distance: Double) {
        self.start = start.elements.map(Double.init)
        self.end = end.elements.map(Double.init)
        self.fraction = fraction
        self.distance = distance
        point = self.start
        attributions = [Double](repeating: 0, count: point.count)
        length = zip(self.start, self.end).reduce(0) { $0 + abs($1.1 - $1.0) }
    }

    /// Where the way has come to.
    func position(like tensor: Tensor<Float>) -> Tensor<Float> {
        var position = tensor
        position.mutateElements { $0 = point.map { Float($0) } }
        return position
    }

    /// Moves on until a part of the whole length is covered.
    mutating func move(along slopes: [Float], to progress: Double) {
        let (least, most) = (max(progress - distance, 0), min(progress + distance, 1))
        let bounds = point.indices.map { start[$0] + (end[$0] - start[$0]) * most }
        for index in point.indices where end[index] != start[index] {
            // Numbers that are behind catch up first.
            if (point[index] - start[index]) / (end[index] - start[index]) < least {
                step(index, to: start[index] + (end[index] - start[index]) * least, slopes)
            }
        }
        var free = point.indices.filter { point[$0] != bounds[$0] && end[$0] != start[$0] }
        while !free.isEmpty {
            let missing = point.indices.reduce(0) { $0 + abs(end[$1] - point[$1]) } - length * (1 - progress)
            guard missing > 1e-9 * max(length, 1) else { return }
            let chosen = smallest(of: free, slopes)
            let reach = chosen.reduce(0) { $0 + abs(bounds[$1] - point[$1]) }
            guard reach > 0 else { return }
            let share = missing / reach
            for index in chosen {
                step(
                    index, to: share < 1 ? point[index] + share * (bounds[index] - point[index]) : bounds[index], slopes
                )
            }
            if share < 1 { return }
            free = free.filter { point[$0] != bounds[$0] }
        }
    }

    /// Goes the rest of the way at once.
    mutating func finish(along slopes: [Float]) {
        for index in point.indices { step(index, to: end[index], slopes) }
    }

    private mutating func step(_ index: Int, to place: Double, _ slopes: [Float]) {
        attributions[index] += Double(slopes[index]) * (place - point[index])
        point[index] = place
    }

    /// The free numbers whose slopes are among the smallest fraction of all numbers, where those that are not free count as
    /// infinitely steep; at least the flattest.
    private func smallest(of free: [Int], _ slopes: [Float]) -> [Int] {
        let rank = Int((fraction * Double(point.count - 1)).rounded(.down))
        var sizes = free.map { abs(slopes[$0]) }
        guard rank < sizes.count else { return free }
        let threshold = sizes.selected(rank)
        let chosen = free.filter { abs(slopes[$0]) <= threshold }
        // NaN is smaller than nothing.
        return chosen.isEmpty ? free : chosen
    }
}

extension [Float] {
    /// The element at a position of the sorted array, found without sorting all of it (Hoare 1961).
    fileprivate mutating func selected(_ rank: Int) -> Float {
        var (low, high) = (0, count - 1)
        while low < high {
            let pivot = self[low + (high - low) / 2]
            var (left, right) = (low, high)
            while left <= right {
                while self[left] < pivot { left += 1 }
                while self[right] > pivot { right -= 1 }
                if left <= right {
                    swapAt(left, right)
                    left += 1
                    right -= 1
                }
            }
            if rank <= right { high = right } else if rank >= left { low = left } else { break }
        }
        return self[rank]
    }
}
