extension Target {
    /// One class of a list of classes.
    struct SingleClass {
        /// Which class, from 0.
        let index: Int
        /// The same number of another class.
        let target: @Sendable (Int) -> Target
    }

    /// The class of so many that a sample is explained for; nil where the target is not one of them.
    func singleClass(ofSample sample: Int, among count: Int) -> SingleClass? {
        func one(_ source: Source, _ index: Int) -> SingleClass? {
            guard (-count..<count).contains(index) else { return nil }
            return SingleClass(index: index < 0 ? index + count : index) { .elements(source, .element([$0])) }
        }
        func around(_ inner: Target, _ wrap: @escaping @Sendable (Target) -> Target) -> SingleClass? {
            inner.singleClass(ofSample: sample, among: count).map { found in
                SingleClass(index: found.index) { wrap(found.target($0)) }
            }
        }
        switch self {
        case .elements(let source, .element(let indices)):
            guard indices.count == 1, let index = indices[0] else { return nil }
            return one(source, index)
        case .elements(let source, .perSample(let indices)):
            return indices.indices.contains(sample) ? one(source, indices[sample]) : nil
        case .logit(let inner): return around(inner) { .logit($0) }
        case .probability(let inner): return around(inner) { .probability($0) }
        case .elements, .mean, .sum, .combination, .energy, .cosine, .dot, .error: return nil
        }
    }
}
