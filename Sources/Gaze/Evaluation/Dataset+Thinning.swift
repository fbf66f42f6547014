public import Datasets

extension Dataset {
    /// So many entries, spread evenly over all: the first ones alone may be of one class.
    public func thinned(to count: Int) -> Dataset {
        guard count > 0, count < entries.count else { return self }
        return Dataset(entries: (0..<count).map { entries[$0 * entries.count / count] }, problems: problems)
    }
}
