/// Near misses for error messages.
package enum Suggestion {
    /// Up to three names that are closest to `name` by edit distance, or contain it.
    package static func nearest(to name: String, among names: [String]) -> [String] {
        let wanted = name.lowercased()
        let scored = names.map { candidate -> (String, Int) in
            let lower = candidate.lowercased()
            return (candidate, lower.contains(wanted) ? 0 : distance(wanted, lower))
        }
        let close = scored.filter { $0.1 <= max(2, name.count / 3) }
        return close.sorted { $0.1 < $1.1 }.prefix(3).map(\.0)
    }

    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.unicodeScalars), Array(right.unicodeScalars))
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (a == b ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[right.count]
    }
}
