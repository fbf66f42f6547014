import Dispatch
package import Explanations
import Synchronization
import Tensors

/// Compares views of maps by several similarities.
package struct MapComparison: Sendable {
    package let specifications: [MethodSpecification]
    private let similarities: [any MapSimilarity]

    /// - Parameter side: The shorter side of the maps.
    package init(side: Int) throws(EvaluationError) {
        specifications = SanityCheck.similarities(side: side)
        var similarities: [any MapSimilarity] = []
        for specification in specifications {
            similarities.append(try SimilarityCatalogue.similarity(specification))
        }
        self.similarities = similarities
    }

    /// The view that a similarity is about: the signed map for correlations of signed values, else where the map is strong.
    private static func view(_ views: MapViews, for name: String) -> Tensor<Float> {
        name == "spearman-diverging" ? views.diverging : views.absolute
    }

    /// For every similarity its value at every pair; nil where there is none. A pair is compared by each processor at once.
    package func values(_ pairs: [(MapViews, MapViews)]) -> [[Double?]] {
        let results = Mutex(
            [[Double?]](repeating: [Double?](repeating: nil, count: pairs.count), count: similarities.count))
        DispatchQueue.concurrentPerform(iterations: pairs.count * similarities.count) { item in
            let (index, pair) = (item % similarities.count, item / similarities.count)
            let name = specifications[index].name
            let (first, second) = (Self.view(pairs[pair].0, for: name), Self.view(pairs[pair].1, for: name))
            // Where one map shows nothing and the other does, nothing is alike.
            let value = second.isConstant != first.isConstant ? 0 : try? similarities[index].value(first, second)
            results.withLock { $0[index][pair] = value.flatMap { $0.isFinite ? $0 : nil } }
        }
        return results.withLock { $0 }
    }
}

extension MapComparison {
    /// The same of pairs of which one may be missing; then there is no value.
    func values(whereBoth pairs: [(MapViews?, MapViews?)]) -> [[Double?]] {
        let known = pairs.indices.compactMap { index in
            pairs[index].0.flatMap { first in pairs[index].1.map { (index, (first, $0)) } }
        }
        return values(known.map(\.1)).map { found in
            var all = [Double?](repeating: nil, count: pairs.count)
            for (place, value) in zip(known.map(\.0), found) { all[place] = value }
            return all
        }
    }
}

extension Tensor<Float> {
    /// Whether all values are equal.
    fileprivate var isConstant: Bool {
        guard let first = elements.first else { return true }
        return elements.allSatisfy { $0 == first }
    }
}
